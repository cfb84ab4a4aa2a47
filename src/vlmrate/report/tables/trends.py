"""How scores change with a model's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, points, stub, text
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.trends import FamilyTrend
    from vlmrate.report.table import Cell


def trend_tables(analysis: Analysis) -> Iterator[Table]:
    """One table of all families with two sizes or more."""
    if isinstance(analysis.trends, Skipped):
        return
    yield Table(
        id="trends",
        title="Families of models: change with each doubling of size",
        part=Part.COMPARISON,
        columns=(
            stub("family", "Family"),
            stub("item", "Item"),
            stub("protocol", "Protocol"),
            text("raters", "Sizes"),
            bounded("accuracy", "Accuracy"),
            bounded("kappa", "kappa"),
            bounded("r", "r"),
            points("mae", "MAE"),
        ),
        rows=tuple(_row(trend) for trend in analysis.trends),
        notes=(
            "Slopes of the score on log2(number of parameters), over the images that all sizes rated. The intervals "
            "speak of other images, not of other models: the sizes are all there are.",
        ),
        main=False,
    )


def _row(trend: FamilyTrend) -> tuple[Cell, ...]:
    sizes = ", ".join(f"{rater.parameters} ({rater.rater})" for rater in trend.raters)
    return (
        trend.family,
        trend.item,
        trend.protocol,
        sizes,
        trend.accuracy,
        trend.kappa,
        trend.r,
        trend.mae,
    )
