"""Raters ranked by each figure, and the differences between every two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, p_value, points, section, stub, text
from vlmrate.report.tables.corrected import adjusted, p_of
from vlmrate.report.tables.naming import counted, heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.comparison import MetricComparison, PairDifference, RankedRater
    from vlmrate.report.table import Cell, Column

UNITS = {"kappa": "Cohen's kappa", "r": "r with people's means", "MAE": "MAE to people's means, in scale points"}


def comparison_tables(analysis: Analysis) -> Iterator[Table]:
    """Of every item and figure the ranking, and where there are two raters their differences."""
    if isinstance(analysis.comparison, Skipped):
        return
    for of_metric in analysis.comparison:
        if not isinstance(of_metric.raters, Skipped) and len(of_metric.raters) > 1:
            yield _ranking(of_metric, of_metric.raters)
            if not isinstance(of_metric.pairs, Skipped):
                yield _differences(of_metric, of_metric.pairs)


def _value(of_metric: MetricComparison, name: str, title: str) -> Column:
    return points(name, title) if of_metric.metric == "MAE" else bounded(name, title)


def _ranking(of_metric: MetricComparison, raters: Sequence[RankedRater]) -> Table:
    return Table(
        id=slug("ranking", of_metric.metric.lower(), of_metric.item),
        title=f"{heading(of_metric.item)}: raters ranked by {UNITS[of_metric.metric]}",
        part=Part.COMPARISON,
        columns=(
            stub("rater", "Rater"),
            count("rank", "Rank"),
            text("places", "Possible ranks"),
            _value(of_metric, "value", heading(of_metric.metric) if of_metric.metric == "kappa" else of_metric.metric),
        ),
        rows=tuple(
            (entry.rater, entry.rank if entry.rank is not None else "–", _places(entry), entry.value)
            for entry in raters
        ),
        notes=(
            "Possible ranks: a rater stands above or below another for certain where the test of their difference, "
            f"corrected by Holm over the {counted(of_metric.family_size, 'test')} of all pairs, is at most .05. "
            "Figures are over all images of a rater, tests over those of both; a rank is always possible.",
        ),
        main=False,
    )


def _places(entry: RankedRater) -> Cell:
    if entry.best is None or entry.worst is None:
        return None
    return f"{entry.best}" if entry.best == entry.worst else f"{entry.best}–{entry.worst}"


def _differences(of_metric: MetricComparison, pairs: Sequence[PairDifference]) -> Table:
    return Table(
        id=slug("differences", of_metric.metric.lower(), of_metric.item),
        title=f"{heading(of_metric.item)}: difference in {of_metric.metric} between every two raters",
        part=Part.COMPARISON,
        columns=(
            section("first", "First"),
            stub("second", "Second"),
            count("n", "n"),
            _value(of_metric, "difference", "Difference"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
        ),
        rows=tuple((f"{p.first} −", p.second, p.n, p.difference, p_of(p.test), adjusted(p.holm)) for p in pairs),
        notes=(
            f"Difference = first − second on the images of both, {_better(of_metric)}; interval from resamples that "
            "both share. p: t test of the difference over its jackknife standard error, clusters left out in turn"
            f"{', of Fisher z' if of_metric.metric == 'r' else ''}. Holm corrects over "
            f"{counted(of_metric.family_size, 'test')} here.",
        ),
        main=False,
    )


def _better(of_metric: MetricComparison) -> str:
    return "above 0 the first is better" if of_metric.higher_is_better else "below 0 the first is better"
