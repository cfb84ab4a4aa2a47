"""What raters that know the category alone would reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, points, stub
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.baselines import ItemBaselines
    from vlmrate.analysis.dimensions import RaterDimension
    from vlmrate.report.table import Cell


def baseline_tables(analysis: Analysis) -> Iterator[Table]:
    """A table an item with a scale that people rated."""
    if isinstance(analysis.baselines, Skipped) or isinstance(analysis.dimensions, Skipped):
        return
    whole = {item.item: item.raters for item in analysis.dimensions}
    for item in analysis.baselines:
        raters = whole[item.item]
        if not isinstance(raters, Skipped):
            yield _table(item, raters)


def _table(item: ItemBaselines, raters: Sequence[RaterDimension]) -> Table:
    label_only = {entry.rater: entry.agreement for entry in item.raters}
    rows = [_row("Category mean", None, item.category_mean)]
    for entry in raters:
        rows += [_row(entry.rater, "ratings", entry), _row(entry.rater, "label only", label_only[entry.rater])]
    return Table(
        id=slug("baselines", item.item),
        title=f"{heading(item.item)}: what the category alone explains",
        part=Part.AGREEMENT,
        columns=(
            stub("rater", "Rater"),
            stub("kept", "Kept"),
            count("n", "n"),
            bounded("r", "r"),
            points("mae", "MAE"),
            bounded("r_within", "r within emotion", terminal=False),
            points("rmse", "RMSE", terminal=False),
        ),
        rows=tuple(rows),
        notes=(
            "Category mean = people's mean over the images of the emotion posed, from these same images: what can be "
            "reached by knowing the emotion alone.",
            "Label only = every rating replaced by the rater's own mean under the label it gave.",
        ),
        main=False,
    )


def _row(name: str, kept: str | None, entry: RaterDimension | Skipped) -> tuple[Cell, ...]:
    if isinstance(entry, Skipped):
        return (name, kept, None, *[entry] * 4)
    return (name, kept, entry.n, entry.r, entry.mae, entry.r_within, entry.rmse)
