"""Bias per emotion by mixed models: simple effects beside the bootstrap's, and the models' coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import decimal
from vlmrate.apa import p_value as shown_p
from vlmrate.report.table import Part, Table, p_value, points, section, stub
from vlmrate.report.tables.naming import counted, heading, slug
from vlmrate.stats import Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.mixed_bias import ItemMixedBias, MixedBias, RaterMixedBias, SimpleEffect
    from vlmrate.report.table import Cell
    from vlmrate.stats import Outcome


def mixed_bias_tables(analysis: Analysis) -> Iterator[Table]:
    """Two tables an item with a scale: simple effects, and coefficients."""
    if isinstance(analysis.mixed_bias, Skipped):
        return
    for item in analysis.mixed_bias:
        if not isinstance(item.raters, Skipped):
            yield _effects(item, item.raters, _bootstrapped(analysis, item.item))
            if any(not isinstance(entry.model, Skipped) for entry in item.raters):
                yield _coefficients(item, item.raters)


def _bootstrapped(analysis: Analysis, item: str) -> Mapping[tuple[str, str], Outcome]:
    """The bias by rater and emotion with its bootstrap interval."""
    found = [] if isinstance(analysis.bias, Skipped) else [entry for entry in analysis.bias if entry.item == item]
    return {
        (rater.rater, emotion.emotion): emotion.bias.mean_bootstrap
        for entry in found
        for rater in (() if isinstance(entry.raters, Skipped) else entry.raters)
        for emotion in (() if isinstance(rater.emotions, Skipped) else rater.emotions)
    }


def _effects(
    item: ItemMixedBias, raters: Sequence[RaterMixedBias], bootstrapped: Mapping[tuple[str, str], Outcome]
) -> Table:
    return Table(
        id=slug("bias-mixed", item.item),
        title=f"{heading(item.item)}: bias per emotion by a mixed model, in scale points",
        part=Part.BIAS,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            points("bias", "Bias, model"),
            points("bias_bootstrap", "Bias, bootstrap"),
            points("t", "t"),
            points("df", "df"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
        ),
        rows=tuple(row for rater in raters for row in _rows(rater, bootstrapped)),
        notes=(
            f"{item.formula}, fitted to people's means and the rater, REML; intervals and df by Satterthwaite. Bias = "
            "simple effect, rater − people within the emotion, tested against 0; Holm corrects over "
            f"{counted(item.family_size, 'test')} here. The bootstrap resamples who is shown, and takes no "
            "variance for equal.",
            *(note for rater in raters if not isinstance(rater.model, Skipped) for note in _notes(rater, rater.model)),
        ),
        main=False,
    )


def _rows(rater: RaterMixedBias, bootstrapped: Mapping[tuple[str, str], Outcome]) -> Iterator[tuple[Cell, ...]]:
    if isinstance(rater.model, Skipped):
        yield (rater.rater, "all", rater.model, *[None] * 5)
        return
    for effect in rater.model.effects:
        beside = bootstrapped.get((rater.rater, effect.emotion))
        yield (rater.rater, effect.emotion, effect.bias, beside, *_tested(effect))


def _tested(effect: SimpleEffect) -> tuple[Cell, ...]:
    test, holm = effect.test, effect.holm
    corrected = holm if isinstance(holm, Skipped) else holm.p_adjusted
    return (test.statistic, test.df, test.p_value, corrected) if isinstance(test, TestResult) else (test, *[None] * 3)


def _notes(rater: RaterMixedBias, model: MixedBias) -> Iterator[str]:
    f = model.interaction
    p = shown_p(f.p_value)
    yield (
        f"{rater.rater}: does the bias differ between emotions? F({decimal(model.interaction_df, 0)}, "
        f"{decimal(f.df or 0, 1)}) = {decimal(f.statistic, 2)}, p {p if p.startswith('<') else '= ' + p}; SD of images "
        f"{decimal(model.image_sd, 2)}, residual {decimal(model.residual_sd, 2)}."
    )
    for message in model.messages:
        yield f"{rater.rater}: {message}"


def _coefficients(item: ItemMixedBias, raters: Sequence[RaterMixedBias]) -> Table:
    references = {entry.model.reference for entry in raters if not isinstance(entry.model, Skipped)}
    return Table(
        id=slug("coefficients", item.item),
        title=f"{heading(item.item)}: coefficients of the mixed models",
        part=Part.BIAS,
        columns=(
            section("rater", "Rater"),
            stub("term", "Term"),
            points("estimate", "Estimate"),
            points("std_error", "SE"),
            points("df", "df"),
            points("t", "t"),
            p_value("p", "p"),
        ),
        rows=tuple(
            (entry.rater, c.term, c.estimate, c.std_error, c.df, c.t, c.p_value)
            for entry in raters
            if not isinstance(entry.model, Skipped)
            for c in entry.model.coefficients
        ),
        notes=(
            f"Reference: people, {' or '.join(sorted(references))}. rater_typerater = the bias in the reference "
            "emotion; an interaction = by how much the bias in its emotion differs from that, not the bias itself.",
        ),
        main=False,
    )
