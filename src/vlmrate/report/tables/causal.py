"""What a model's answers lose when directions are projected out of it: labels, answers, and rivals that take over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.probe.causal import Causal, effects_of
from vlmrate.report.table import Part, Table, bounded, count, p_value, points, section, stub, text
from vlmrate.report.tables.carriers import carrier_tables
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.causal import CausalOutcome, DirectionEffect, LayerEffect
    from vlmrate.report.table import Cell

WHAT = (
    "Change = log-probability of a label (natural logarithm, of the model's whole vocabulary) with the direction "
    "projected out from the answer position on, less that without; intervals from drawing identities."
)
SUMS_TO_ONE = (
    "Every other label rises where one falls, since probabilities sum to 1; “in logits” leaves that out: rise and fall "
    "are taken against the mean of the labels that are neither."
)
HALVES = (
    "Directions are made from one half of the identities, and the layer is chosen there (where the label falls "
    "furthest beyond random directions); everything is told of the other half. Layers are counted from 0."
)
P = (
    "p = how likely a random direction lowers the label as far, by the change over Random (F test); p (Holm) is "
    "corrected for all directions and layers, so that the choice of the layer is paid for."
)


def causal_tables(outcomes: Sequence[CausalOutcome]) -> Iterator[Table]:
    """At the chosen layer: the label, its rivals and the answers; then what carries labels, and every layer."""
    yield _chosen(outcomes)
    yield _labels(outcomes)
    yield _rivals(outcomes)
    yield _pairs(outcomes)
    yield _answers(outcomes)
    yield from carrier_tables(outcomes)
    yield _layers(outcomes)


def found_of(outcomes: Sequence[CausalOutcome]) -> Iterator[tuple[str, Causal]]:
    """The models of which something was found."""
    for outcome in outcomes:
        if isinstance(outcome.found, Causal):
            yield outcome.model, outcome.found


def _chosen(outcomes: Sequence[CausalOutcome]) -> Table:
    return Table(
        id="causal",
        title="A direction projected out: what its label loses",
        part=Part.INSIDE,
        columns=(
            section("model", "Model"),
            stub("direction", "Projected out"),
            text("label", "Its label", terminal=False),
            text("layer", "Layer"),
            count("pictures", "Images"),
            points("change", "Change"),
            points("random", "Random"),
            points("difference", "Beyond random", terminal=False),
            count("as_low", "As low"),
            p_value("p", "p"),
            p_value("p_holm", "p (Holm)"),
        ),
        rows=tuple(row for outcome in outcomes for row in _chosen_rows(outcome)),
        notes=(
            WHAT,
            HALVES,
            f"Over images that truly show the label. Random = mean size of the changes by {_drawn(outcomes)} of the "
            "same length after the same block; Beyond random = the change less the mean of theirs; As low = how many "
            "of them lower the label as far.",
            P,
            "A direction without a label's name is told of the label that it lowered most on the half that chooses, "
            "and its p is multiplied by the number of labels.",
        ),
    )


def _drawn(outcomes: Sequence[CausalOutcome]) -> str:
    """How many random directions there are, where it is as many for all models."""
    drawn = {effect.chosen.random.drawn for _, found in found_of(outcomes) for _, effect in effects_of(found)}
    return f"{drawn.pop():,} random directions" if len(drawn) == 1 else "random directions"


def _chosen_rows(outcome: CausalOutcome) -> Iterator[tuple[Cell, ...]]:
    if not isinstance(outcome.found, Causal):
        yield (outcome.model, "–", None, None, None, outcome.found, None, None, None, None, None)
        return
    for told in outcome.found.directions:
        if isinstance(told.found, Skipped):
            yield (outcome.model, told.direction, None, None, None, told.found, None, None, None, None, None)
            continue
        effect, random = told.found, told.found.chosen.random
        yield (
            outcome.model,
            told.direction,
            effect.own,
            str(effect.layer),
            effect.pictures,
            own_change(effect, effect.chosen),
            random.size,
            random.difference,
            random.as_low,
            random.p,
            random.p_holm,
        )


def own_change(effect: DirectionEffect, layer: LayerEffect) -> Estimate | Skipped:
    """The change of the direction's own label in the pictures that show it."""
    return next(change.true for change in layer.labels if change.label == effect.own)


def _labels(outcomes: Sequence[CausalOutcome]) -> Table:
    return Table(
        id="causal-labels",
        title="A direction projected out: the change of every label",
        part=Part.INSIDE,
        columns=(
            section("direction", "Projected out"),
            stub("label", "Label"),
            points("true", "Images of its label"),
            points("all", "All images"),
        ),
        rows=tuple(
            (heading(model, outcomes, f"{name}, layer {effect.layer}"), change.label, change.true, change.all)
            for model, found in found_of(outcomes)
            for name, effect in effects_of(found)
            for change in effect.chosen.labels
        ),
        notes=(WHAT,),
        main=False,
    )


def _rivals(outcomes: Sequence[CausalOutcome]) -> Table:
    return Table(
        id="causal-rivals",
        title="Overshadowing: what rises when a label falls",
        part=Part.INSIDE,
        columns=(
            section("model", "Model"),
            stub("label", "Label"),
            text("rival", "Largest rival"),
            points("fall", "Fall"),
            points("index", "Rise over fall"),
            points("beyond", "In logits"),
        ),
        rows=tuple(
            (model, effect.own if effect.named else name, *_rival_cells(effect))
            for model, found in found_of(outcomes)
            for name, effect in effects_of(found)
        ),
        notes=(
            "Over images that truly show the label, its direction projected out. The largest rival is the label that "
            "rose most on the half of the identities that chooses, and is told of the other.",
            SUMS_TO_ONE,
        ),
    )


def _pairs(outcomes: Sequence[CausalOutcome]) -> Table:
    return Table(
        id="causal-pairs",
        title="Overshadowing: every pair of labels",
        part=Part.INSIDE,
        columns=(
            section("label", "Label"),
            stub("rival", "Rival"),
            points("rise", "Rise"),
            points("index", "Rise over fall"),
            points("beyond", "In logits"),
        ),
        rows=tuple(
            (heading(model, outcomes, name), rival.label, rival.rise, rival.index, rival.beyond)
            for model, found in found_of(outcomes)
            for name, effect in effects_of(found)
            if not isinstance(effect.overshadowing, Skipped)
            for rival in effect.overshadowing.rivals
        ),
        notes=(SUMS_TO_ONE,),
        main=False,
    )


def _rival_cells(effect: DirectionEffect) -> tuple[Cell, ...]:
    found = effect.overshadowing
    if isinstance(found, Skipped):
        return (None, None, found, None)
    largest = next(rival for rival in found.rivals if rival.label == found.largest)
    return (found.largest, found.fall, largest.index, largest.beyond)


def _answers(outcomes: Sequence[CausalOutcome]) -> Table:
    return Table(
        id="causal-answers",
        title="A direction projected out: what becomes of the answers",
        part=Part.INSIDE,
        columns=(
            section("model", "Model"),
            stub("direction", "Projected out"),
            bounded("changed_true", "Changed, images of its label"),
            bounded("changed", "Changed, all"),
            bounded("random", "Changed by random directions"),
            bounded("before", "Invalid before"),
            bounded("after", "Invalid after"),
        ),
        rows=tuple(
            (
                model,
                name,
                effect.replies.changed_true,
                effect.replies.changed,
                effect.replies.changed_random,
                effect.replies.invalid_before,
                effect.replies.invalid_after,
            )
            for model, found in found_of(outcomes)
            for name, effect in effects_of(found)
        ),
        notes=("Shares of images on which the label said is another one, or none that can be read.",),
        main=False,
    )


def _layers(outcomes: Sequence[CausalOutcome]) -> Table:
    return Table(
        id="causal-layers",
        title="A direction projected out, layer by layer",
        part=Part.INSIDE,
        columns=(
            section("direction", "Projected out"),
            stub("layer", "Layer"),
            points("change", "Change of its label"),
            points("others", "Mean change of the others"),
            points("random", "Random"),
            points("difference", "Beyond random"),
            p_value("p", "p"),
            p_value("p_holm", "p (Holm)"),
        ),
        rows=tuple(
            (
                heading(model, outcomes, name),
                str(layer.layer),
                own_change(effect, layer),
                layer.others.true,
                layer.random.size,
                layer.random.difference,
                layer.random.p,
                layer.random.p_holm,
            )
            for model, found in found_of(outcomes)
            for name, effect in effects_of(found)
            for layer in effect.layers
        ),
        notes=(
            "Over images of the other half that truly show the label. Random = mean size of the changes by random "
            "directions; Beyond random = the change less the mean of theirs.",
            P,
        ),
        main=False,
    )


def heading(model: str, outcomes: Sequence[CausalOutcome], name: str) -> str:
    """A name with its model before it where there are several."""
    return f"{model}: {name}" if len(outcomes) > 1 else name
