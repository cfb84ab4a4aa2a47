"""Limits of agreement with people's means and with one person, proportional bias and concordance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, p_value, points, stub
from vlmrate.report.tables.corrected import adjusted, p_of
from vlmrate.report.tables.naming import counted, heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.limits import ItemLimits, RaterLimits
    from vlmrate.report.table import Cell


def limit_tables(analysis: Analysis) -> Iterator[Table]:
    """A table an item with a scale that people rated."""
    if isinstance(analysis.limits, Skipped):
        return
    for item in analysis.limits:
        if not isinstance(item.raters, Skipped):
            yield _table(item, item.raters)


def _table(item: ItemLimits, raters: Sequence[RaterLimits]) -> Table:
    return Table(
        id=slug("limits", item.item),
        title=f"{heading(item.item)}: limits of agreement (Bland-Altman), in scale points",
        part=Part.AGREEMENT,
        columns=(
            stub("rater", "Rater"),
            count("n", "n"),
            points("bias", "Bias"),
            points("lower", "Lower"),
            points("upper", "Upper"),
            points("slope", "Slope"),
            p_value("slope_p", "p"),
            p_value("slope_p_holm", "p Holm"),
            points("person_lower", "Lower"),
            points("person_upper", "Upper"),
            bounded("ccc", "CCC"),
        ),
        rows=tuple(_row(entry) for entry in raters),
        notes=(
            "95 % of the differences, rater − people, lie between the limits: bias ± 1.96 SD. Against people's means, "
            "and against a single rating by one person, whose own scatter the means hide.",
            "Slope = points by which the difference grows when the mean of rater and people grows by one: proportional "
            "bias. It is above 0 for whoever spreads ratings more widely than people's means are spread. p: t test "
            f"over clusters, two-sided; Holm corrects over {counted(item.family_size, 'slope')} here. "
            "CCC = Lin's concordance.",
        ),
        spanners=(
            Spanner("Against people's means", ("bias", "lower", "upper", "slope", "slope_p", "slope_p_holm")),
            Spanner("Against one person", ("person_lower", "person_upper")),
        ),
        main=False,
    )


def _row(entry: RaterLimits) -> tuple[Cell, ...]:
    return (entry.rater, *_means(entry), *_one_person(entry), entry.ccc)


def _means(entry: RaterLimits) -> tuple[Cell, ...]:
    told = entry.means
    if isinstance(told, Skipped):
        return (None, *[told] * 6)
    return (
        told.n,
        told.bias,
        told.lower,
        told.upper,
        told.slope,
        p_of(told.slope_test),
        adjusted(entry.slope_holm),
    )


def _one_person(entry: RaterLimits) -> tuple[Cell, ...]:
    told = entry.one_person
    return (told, told) if isinstance(told, Skipped) else (told.lower, told.upper)
