"""What raters that know the category alone would reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Table, bounded, count, points, stub
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.baselines import ItemBaselines
    from vlmrate.analysis.dimensions import RaterDimension
    from vlmrate.report.table import Cell


def baseline_tables(analysis: Analysis) -> Iterator[Table]:
    """A table an item with a scale that people rated."""
    if isinstance(analysis.baselines, Skipped):
        return
    for item in analysis.baselines:
        if item.raters:
            yield _table(item)


def _table(item: ItemBaselines) -> Table:
    rows = [_row("Category mean", item.category_mean)]
    for entry in item.raters:
        rows += [_row(entry.rater, entry.whole), _row(f"… {entry.rater}, label only", entry.label_only)]
    return Table(
        id=slug("baselines", item.item),
        title=f"{heading(item.item)}: what the category alone explains",
        columns=(
            stub("rater", "Rater"),
            count("n", "n"),
            bounded("r", "r"),
            points("mae", "MAE"),
            bounded("r_within", "r within emotion"),
            points("rmse", "RMSE"),
        ),
        rows=tuple(rows),
        notes=(
            "Category mean = people's mean over the images of the emotion posed, from these same images: what can be "
            "reached by knowing the emotion alone.",
            "Label only = every rating replaced by the rater's own mean under the label it gave.",
        ),
    )


def _row(name: str, entry: RaterDimension | Skipped) -> tuple[Cell, ...]:
    if isinstance(entry, Skipped):
        return (name, None, *[entry] * 4)
    return (name, entry.n, entry.r, entry.mae, entry.r_within, entry.rmse)
