"""A bias split by right and wrong label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, count, points, section, stub
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.split import ItemSplit, RaterSplit
    from vlmrate.report.table import Cell
    from vlmrate.stats import BiasSplit


def split_tables(analysis: Analysis) -> Iterator[Table]:
    """A table an item with a scale that people rated."""
    if isinstance(analysis.split, Skipped):
        return
    for item in analysis.split:
        if not isinstance(item.raters, Skipped):
            yield _table(item, item.raters)


def _table(item: ItemSplit, raters: Sequence[RaterSplit]) -> Table:
    return Table(
        id=slug("split", item.item),
        title=f"{heading(item.item)}: bias under the right label and from a wrong one",
        part=Part.BIAS,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            count("n_right", "Right"),
            count("n_wrong", "Wrong"),
            points("total", "Bias"),
            points("right", "Right"),
            points("wrong", "Wrong"),
            points("from_right", "Right"),
            points("from_wrong", "Wrong"),
            points("moved", "Moved"),
        ),
        rows=tuple(row for rater in raters for row in _rows(rater)),
        notes=(
            f"Bias = rater − mean of people, by whether the rater's answer to {item.labels} was the intended one; an "
            "invalid answer is wrong. The bias is what right ones add + what wrong ones add, and the bias among right "
            "ones + moved.",
            "Moved = how far wrong labels shift the bias from what it is under the right one. It describes and does "
            "not explain: images that are mislabelled may differ in other ways.",
        ),
        spanners=(
            Spanner("Images", ("n_right", "n_wrong")),
            Spanner("Bias among", ("right", "wrong")),
            Spanner("Added by", ("from_right", "from_wrong")),
        ),
        main=False,
    )


def _rows(rater: RaterSplit) -> Iterator[tuple[Cell, ...]]:
    if not isinstance(rater.emotions, Skipped):
        for emotion in rater.emotions:
            yield _row(rater.rater, emotion)
    if isinstance(rater.overall, Skipped):
        yield (rater.rater, "all images", None, None, rater.overall, *[None] * 5)
    else:
        yield _row(rater.rater, rater.overall)


def _row(rater: str, split: BiasSplit) -> tuple[Cell, ...]:
    return (
        rater,
        str(split.group),
        split.n_right,
        split.n_wrong,
        split.total,
        split.right,
        split.wrong,
        split.from_right,
        split.from_wrong,
        split.moved,
    )
