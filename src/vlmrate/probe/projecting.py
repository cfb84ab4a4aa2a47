"""From a model and directions to what projecting them out does: arms rated once, layers chosen, effects told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.ablation import held, task
from vlmrate.probe.candidates import candidates, refuse_without
from vlmrate.probe.carrying import carriers
from vlmrate.probe.causal import Causal, CausalOutcome, CausalWay
from vlmrate.probe.effects import Told, arms, corrected
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.inference.job import Progress
    from vlmrate.probe.ablation import DirectionsOf
    from vlmrate.probe.arms import Editable
    from vlmrate.probe.carrying import Carriers
    from vlmrate.probe.direction import Directions
    from vlmrate.study.records import Stimulus, Study


def causal(
    model: Editable,
    study: Study,
    stimuli: Sequence[Stimulus],
    directions_of: DirectionsOf,
    way: CausalWay,
    report: Callable[[Progress], None] | None = None,
) -> CausalOutcome:
    """Project directions out of a model after every block asked for, and tell what becomes of the labels.

    `directions_of` makes directions from the pictures of some identities: those of the first half.

    Raises:
        ProbeError: A direction or block is not there, or no direction bears a label's name and none is asked for.
        ImageError: A picture cannot be read.
    """
    asked = task(model, study, stimuli, way.seed)
    if isinstance(asked, Skipped):
        return CausalOutcome(model.name, asked)
    pictures = asked.pictures
    directions = directions_of(frozenset(pictures.identities[pictures.first]))
    refuse_without(directions, pictures.labels, way.over)
    layers = _layers(model, way.layers)
    found = {name: held(directions, name, layers, asked.step) for name in _names(directions, pictures.labels, way)}
    used = sorted({layer for by_layer in found.values() for layer in by_layer})
    made = asked.without(arms(found, used, model.width, way), report)
    if not made.known.any():
        return CausalOutcome(
            model.name, Skipped(f"{model.name} gives no probabilities of its own for {asked.item.name}")
        )
    asked = asked.of(made.known)
    if (reason := asked.pictures.unlabelled(asked.item)) is not None:
        return CausalOutcome(model.name, reason)
    told = Told(asked, made, way)
    outcomes = corrected([told.outcome(name, by_layer) for name, by_layer in found.items()])
    second = ~pictures.first & made.known
    return CausalOutcome(
        model.name,
        Causal(
            item=asked.item.name,
            identities=len(np.unique(pictures.identities[second])),
            pictures=int(second.sum()),
            directions=outcomes,
            carriers=_carriers(told, directions, told.common_layer(found), used, report),
        ),
    )


def _layers(model: Editable, asked: Sequence[int]) -> tuple[int, ...]:
    for layer in asked:
        if not 0 <= layer < model.layers:
            raise ProbeError(f"--layer {layer}: {model.name} has blocks 0 to {model.layers - 1}; name one of them")
    return tuple(sorted(set(asked))) or tuple(range(model.layers))


def _names(directions: Directions, labels: Sequence[str], way: CausalWay) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(way.names)) or tuple(label for label in labels if label in directions.names)
    if not names:
        raise ProbeError("no direction bears the name of a label; say with --direction which to project out")
    return names


def _carriers(
    told: Told, directions: Directions, layer: int, layers: Sequence[int], report: Callable[[Progress], None] | None
) -> Carriers:
    """What carries each label after a block, every candidate projected out alone."""
    asked, way = told.task, told.way
    tried = candidates(
        directions,
        asked.pictures.labels,
        way.over,
        layer=layer,
        layers=layers,
        step=asked.step,
        width=asked.model.width,
        top=way.top,
    )
    by_random = told.randoms(tried.layer).mean(axis=0)
    return carriers(tried, asked.without(tried.vectors, report), by_random, asked.pictures, way.bootstrap)
