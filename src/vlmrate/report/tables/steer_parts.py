"""What tables and figures of steering share: the layer that was chosen, and what readings and doses are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.steered import DirectionSteering, LayerSteering, Reading, Steering, SteerOutcome


def reading_name(reading: Reading) -> str:
    """What is read, in words: valence (expected), P(happy)."""
    return f"P({reading.label})" if reading.kind == "probability" else f"{reading.item} ({reading.kind})"


def chosen_layer(direction: DirectionSteering) -> LayerSteering:
    """The layer that was chosen on the other half of the identities."""
    return next(layer for layer in direction.layers if layer.layer == direction.chosen)


def found_in(outcomes: Sequence[SteerOutcome]) -> Iterator[tuple[str, Steering, DirectionSteering]]:
    """Every direction with what it is called: with its model's name before it where there are several models."""
    for outcome in outcomes:
        if isinstance(outcome.found, Skipped):
            continue
        for direction in outcome.found.directions:
            name = direction.direction if len(outcomes) == 1 else f"{outcome.model}: {direction.direction}"
            yield name, outcome.found, direction


def titled(name: str, direction: DirectionSteering) -> str:
    """A direction and the layer that was chosen for it."""
    return f"{name}, layer {direction.chosen}"


def dose_words(dose: float) -> str:
    """A dose with a true minus."""
    return f"{dose:g}".replace("-", "−")
