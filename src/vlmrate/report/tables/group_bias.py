"""Bias between groups of images: the difference of differences, and the raw effects it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Column, Part, Spanner, Style, Table, p_value, points, section, stub, text
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.group_bias import GroupBiasOf, ItemGroupBias
    from vlmrate.report.table import Cell


def group_bias_tables(analysis: Analysis) -> Iterator[Table]:
    """A table an item with a scale that people rated."""
    if isinstance(analysis.group_bias, Skipped):
        return
    for item in analysis.group_bias:
        if not isinstance(item.raters, Skipped):
            yield _table(item, item.raters)


def _table(item: ItemGroupBias, gaps: Sequence[GroupBiasOf]) -> Table:
    return Table(
        id=slug("bias-groups", item.item),
        title=f"{heading(item.item)}: bias between groups, in scale points",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("groups", "Groups"),
            text("factor", "Factor", terminal=False),
            points("bias", "Bias"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            points("rater_effect", "rater"),
            points("people_effect", "people"),
            Column("n", "first", Style.COUNT, terminal=False),
            Column("n_reference", "second", Style.COUNT, terminal=False),
        ),
        rows=tuple(_row(gap) for gap in gaps),
        spanners=(
            Spanner("First − second", ("rater_effect", "people_effect")),
            Spanner("n", ("n", "n_reference")),
        ),
        notes=tuple(_notes(item, gaps)),
    )


def _row(gap: GroupBiasOf) -> tuple[Cell, ...]:
    told = gap.gap
    return (
        gap.rater,
        f"{told.group} − {told.reference}",
        gap.factor,
        told.bias,
        told.test.p_value if isinstance(told.test, TestResult) else told.test,
        gap.holm if isinstance(gap.holm, Skipped) else gap.holm.p_adjusted,
        told.model_effect,
        told.people_effect,
        told.n,
        told.n_reference,
    )


def _notes(item: ItemGroupBias, gaps: Sequence[GroupBiasOf]) -> Iterator[str]:
    yield (
        "Bias = (rater − people) in the first group minus the same in the second. First − second = by how much the "
        "rater, and people, rate the first group higher. The rater's difference alone is no bias: people may see "
        "the same."
    )
    methods = {gap.gap.test.method.split(" ")[0] for gap in gaps if isinstance(gap.gap.test, TestResult)}
    if methods:
        kinds = " or ".join(sorted(methods))
        yield (
            f"p: {kinds} t test over the means of what intervals resample; Holm corrects over {item.family_size} "
            "tests here."
        )
    if any(gap.over_emotions for gap in gaps):
        yield "Where the groups' images differ in their mix of emotions, all are means of the gaps within emotions."
