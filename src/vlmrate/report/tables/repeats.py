"""Test-retest agreement: what a rater says when it is asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, points, stub
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.repeats import RaterRepeats
    from vlmrate.report.table import Cell


def repeat_tables(analysis: Analysis) -> Iterator[Table]:
    """One table of all items and raters with repeats."""
    if isinstance(analysis.repeats, Skipped):
        return
    yield Table(
        id="repeats",
        title="Raters: the same answer when asked again",
        part=Part.COMPARISON,
        columns=(
            stub("rater", "Rater"),
            stub("item", "Item"),
            count("repeats", "Repeats"),
            count("images", "Images"),
            bounded("same", "Same answer"),
            bounded("alpha", "alpha"),
            points("change", "Change"),
            points("sd_within", "SD of repeats"),
        ),
        rows=tuple(_row(item.item, rater) for item in analysis.repeats for rater in item.raters),
        notes=(
            "Same answer = share of images with one and the same answer in all their repeats. alpha = Krippendorff's, "
            "repeats taken for raters (nominal for labels, interval for numbers).",
            "A model at temperature 0 repeats itself by construction, which is no sign of reliability.",
            "Change = mean absolute difference between two repeats of an image; SD of repeats = SD of an image's "
            "repeats, both in scale points.",
        ),
        main=False,
    )


def _row(item: str, rater: RaterRepeats) -> tuple[Cell, ...]:
    return (
        rater.rater,
        item,
        rater.repeats,
        rater.images,
        rater.same,
        rater.alpha,
        rater.change,
        rater.sd_within,
    )
