"""Bias between groups by mixed models, the bootstrap beside it, and the interactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, count, p_value, points, section, stub, text
from vlmrate.report.tables.corrected import adjusted
from vlmrate.report.tables.naming import counted, heading, slug
from vlmrate.stats import Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.group_models import (
        GroupContrast,
        GroupModel,
        InteractionTest,
        ItemGroupModels,
        RaterGroupModel,
    )
    from vlmrate.report.table import Cell


def group_model_tables(analysis: Analysis) -> Iterator[Table]:
    """Two tables an item with a scale that people rated: contrasts between groups, and interactions."""
    if isinstance(analysis.group_models, Skipped):
        return
    for item in analysis.group_models:
        if isinstance(item.raters, Skipped):
            continue
        yield _contrasts(item, item.raters)
        if _fitted(item.raters):
            yield _interactions(item, item.raters)


def _fitted(raters: Sequence[RaterGroupModel]) -> list[tuple[RaterGroupModel, GroupModel]]:
    return [(entry, entry.model) for entry in raters if not isinstance(entry.model, Skipped)]


def _contrasts(item: ItemGroupModels, raters: Sequence[RaterGroupModel]) -> Table:
    return Table(
        id=slug("bias-groups-mixed", item.item),
        title=f"{heading(item.item)}: bias between groups by mixed models, in scale points",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("groups", "Groups"),
            text("factor", "Factor", terminal=False),
            points("bias", "Bias, model"),
            points("bias_bootstrap", "Bias, bootstrap"),
            points("t", "t"),
            points("df", "df"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            points("rater_effect", "Rater's effect"),
            points("people_effect", "People's effect"),
        ),
        rows=tuple(row for entry in raters for row in _rows(entry)),
        notes=tuple(_contrast_notes(item, raters)),
        main=False,
    )


def _rows(entry: RaterGroupModel) -> Iterator[tuple[Cell, ...]]:
    if isinstance(entry.model, Skipped):
        yield (entry.rater, "all", entry.factor, entry.model, *[None] * 7)
        return
    for contrast in entry.model.contrasts:
        yield (entry.rater, f"{contrast.group} − {contrast.reference}", entry.factor, *_cells(contrast))


def _cells(contrast: GroupContrast) -> tuple[Cell, ...]:
    test = contrast.test
    tested = (test.statistic, test.df, test.p_value) if isinstance(test, TestResult) else (test, None, None)
    effects = (contrast.rater_effect, contrast.people_effect)
    return (contrast.bias, contrast.bootstrap, *tested, adjusted(contrast.holm), *effects)


def _contrast_notes(item: ItemGroupModels, raters: Sequence[RaterGroupModel]) -> Iterator[str]:
    yield (
        "Bias = (rater − people) in the first group minus the same in the second, emotions weighing alike = the "
        "rater's effect of the group minus people's. The rater's effect alone is no bias: people may see the same. "
        f"REML, intervals and df by Satterthwaite; Holm corrects over {counted(item.family_size, 'test')} here. "
        "The bootstrap resamples who is shown, and takes no variance for equal."
    )
    formulas = dict.fromkeys(model.formula for _, model in _fitted(raters))
    if formulas:
        yield f"Fitted to people's means and each rater: {'; '.join(formulas)}."
    if any("rater_type:identity" in formula for formula in formulas):
        yield (
            "(1 | identity) lets both rate a person shown higher or lower, (1 | rater_type:identity) each for itself: "
            "several images of a person are no independent evidence about the group."
        )
    yield (
        "Either side's effect rests on one variance for rater and people; intervals that take none for equal are in "
        f"{slug('bias-groups', item.item)}.csv."
    )
    messages: dict[str, list[str]] = {}
    for entry, model in _fitted(raters):
        for message in model.messages:
            messages.setdefault(message, []).append(f"{entry.rater}, {entry.factor}")
    for message, where in messages.items():
        yield f"{'; '.join(where)}: {message}"


def _interactions(item: ItemGroupModels, raters: Sequence[RaterGroupModel]) -> Table:
    return Table(
        id=slug("interactions-groups", item.item),
        title=f"{heading(item.item)}: interactions of groups with rater and emotion",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("term", "Term"),
            points("f", "F"),
            count("df_numerator", "df of the term"),
            points("df_denominator", "df of the error"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
        ),
        rows=tuple(
            (entry.rater, interaction.term, *_interaction(interaction))
            for entry, model in _fitted(raters)
            for interaction in model.interactions
        ),
        notes=(
            "Type III F tests by Satterthwaite. rater_type with a factor: does the bias differ between its groups? "
            "A factor with emotion: do the groups differ more in some emotions, for rater and people alike? All "
            "three: does the bias between groups differ between emotions? Holm corrects over "
            f"{counted(item.interaction_family_size, 'test')} here.",
        ),
        main=False,
    )


def _interaction(interaction: InteractionTest) -> tuple[Cell, ...]:
    test, df = interaction.test, interaction.numerator_df
    if isinstance(test, Skipped):
        return (test, df, None, None, None)
    return (test.statistic, df, test.df, test.p_value, adjusted(interaction.holm))
