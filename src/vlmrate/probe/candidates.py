"""Candidates: the units, features or directions after one block among which those that carry a label are sought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.ablation import held
from vlmrate.probe.direction import FEATURE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.causal import Over
    from vlmrate.probe.direction import Direction, Directions


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What is projected out alone after a block: vectors (width,) by name, of so many that `there` are."""

    kind: Over
    layer: int
    vectors: dict[str, tuple[int, np.ndarray]]
    there: int


def candidates(
    directions: Directions,
    labels: Sequence[str],
    over: Over,
    *,
    layer: int,
    layers: Sequence[int],
    step: str,
    width: int,
    top: int,
) -> Candidates:
    """At most `top` candidates: those that labels' own effects on the stream lie along most, labels taking turns.

    `layer` is where units and directions are taken; features are taken after the first of `layers` that has any.

    Raises:
        ProbeError: As `refuse_without`, or a direction is not there.
    """
    refuse_without(directions, labels, over)
    if over == "units":
        scores = _effects(directions, labels, layer, step, width)
        return _kept(over, layer, [f"unit {i}" for i in range(width)], np.eye(width), scores, top)
    names = [name for name in directions.names if name.startswith(FEATURE) == (over == "features")]
    if over == "features":
        layer = min(held(directions, names[0], layers, step))
    found = list(_made(directions, names, layer, step))
    vectors = np.array([one.unit for one in found])
    effects = _effects(directions, labels, layer, step, width)
    scores = vectors @ effects if effects.size else np.array([[one.gap] for one in found])
    return _kept(over, layer, [one.name for one in found], vectors, scores, top)


def refuse_without(directions: Directions, labels: Sequence[str], over: Over) -> None:
    """Refuse to seek carriers among what there is none of.

    Raises:
        ProbeError: There are no features, or no direction of a label to choose units by.
    """
    if over == "units" and not set(directions.names) & set(labels):
        raise ProbeError("units are chosen by directions of labels, and there are none; use --over directions")
    if over == "features" and not any(name.startswith(FEATURE) for name in directions.names):
        raise ProbeError("--over features: there is no dictionary of features; name one, or use --over units")


def shortlist(scores: np.ndarray, top: int) -> np.ndarray:
    """Numbers of the candidates with the largest scores (candidates, labels) by size, labels taking turns."""
    if len(scores) <= top:
        return np.arange(len(scores))
    turns = np.argsort(-np.abs(scores), axis=0, kind="stable").ravel()
    _, first = np.unique(turns, return_index=True)
    return np.sort(turns[np.sort(first)[:top]])


def _made(directions: Directions, names: Sequence[str], layer: int, step: str) -> Iterator[Direction]:
    """Those that can be made from these identities: of a group that they show at one level only there is none."""
    for name in names:
        try:
            yield directions.direction(name, layer, step)
        except ProbeError:
            continue


def _effects(directions: Directions, labels: Sequence[str], layer: int, step: str, width: int) -> np.ndarray:
    """What each label that has a direction adds to the stream after a block (width, labels that have one)."""
    there = set(directions.names)
    found = [directions.direction(label, layer, step) for label in labels if label in there]
    return np.column_stack([np.zeros((width, 0)), *(one.gap * one.unit for one in found)])


def _kept(
    kind: Over, layer: int, names: Sequence[str], vectors: np.ndarray, scores: np.ndarray, top: int
) -> Candidates:
    kept = shortlist(scores, top)
    return Candidates(kind, layer, {names[i]: (layer, vectors[i]) for i in kept}, len(names))
