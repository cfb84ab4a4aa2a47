"""Directions in a residual stream: what sets a class apart from the others, the design held fixed.

A class's direction is its effect in the additive model class + block, by least squares with both summing to zero, at
unit length. Blocks are identities for emotions and emotions for demographic groups, so that who is shown does not get
into an emotion's direction, nor the emotions that a group happens to show into the group's. In a balanced design the
effects are differences of means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.shown import shown_in

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from vlmrate.probe.shown import Shown
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study

SIGN = "="
"""Between a factor and its level in a direction's name: skin=dark. An emotion's direction bears the emotion's name."""
FEATURE = "feature:"
"""Before the number of a dictionary's feature in its direction's name."""
NEUTRAL_SHARE = 0.5
"""Share of the variance of neutral pictures or texts whose components may be projected out of directions."""


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """A direction after a block: `unit` (width,) of length 1, and `gap`, the length of the effect it was made from."""

    name: str
    layer: int
    unit: np.ndarray
    gap: float


class Directions(Protocol):
    """Where directions come from: a capture of pictures or texts, or the features of a dictionary."""

    @property
    def names(self) -> tuple[str, ...]:
        """The directions that there are."""

    def direction(self, name: str, layer: int, step: str) -> Direction:
        """A direction after a block, at the answer of a step.

        Raises:
            ProbeError: There is none of that name, or none there.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """What each class adds to the mean, given linearly: effects are `weights` (classes, rows) times what was measured.

    Each row of weights sums to 0 over rows; effects of all classes sum to 0.
    """

    classes: tuple[str, ...]
    weights: np.ndarray

    def of(self, activations: np.ndarray) -> np.ndarray:
        """Effects (classes, width) of activations (rows, width)."""
        return np.asarray(self.weights @ activations.astype(np.float64))


def effects(labels: np.ndarray, blocks: np.ndarray | None = None) -> Effects:
    """Effects of classes beside those of blocks, both summing to zero, by least squares; rows with "" have no weight.

    Raises:
        ProbeError: There are fewer than two classes, or a class stands in blocks that hold nothing else and so cannot
            be told from them.
    """
    kept = labels != "" if blocks is None else (labels != "") & (blocks != "")
    classes, codes = np.unique(labels[kept].astype(str), return_inverse=True)
    if len(classes) < 2:
        raise ProbeError(f"a direction sets two classes apart, and there is {len(classes)}")
    design = np.hstack([np.ones((len(codes), 1)), _summing_to_zero(codes, len(classes))])
    if blocks is not None:
        names, numbers = np.unique(blocks[kept].astype(str), return_inverse=True)
        design = np.hstack([design, _summing_to_zero(numbers, len(names))])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ProbeError(
            "classes cannot be told from identities or emotions: some are shown by others only; leave such a factor out"
        )
    solved = np.linalg.pinv(design)[1 : len(classes)]
    weights = np.zeros((len(classes), len(labels)))
    weights[:, kept] = np.vstack([solved, -solved.sum(axis=0)])
    return Effects(tuple(map(str, classes)), weights)


def directions_of(found: Effects, activations: np.ndarray, layer: int, prefix: str = "") -> tuple[Direction, ...]:
    """Every class's direction in activations (rows, width); `prefix` is put before its name.

    A class without any effect at all has no direction and is left out.
    """
    made = found.of(activations)
    lengths = np.linalg.norm(made, axis=1)
    return tuple(
        Direction(prefix + name, layer, effect / length, float(length))
        for name, effect, length in zip(found.classes, made, lengths, strict=True)
        if length > 0
    )


def random_units(number: int, width: int, seed: Sequence[int]) -> np.ndarray:
    """Random directions (number, width) of length 1, each as likely as any other; the same for a seed."""
    drawn = np.random.default_rng(list(seed)).normal(size=(number, width))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def random_basis(rank: int, width: int, seed: Sequence[int]) -> np.ndarray:
    """So many random directions (rank, width) at right angles to one another, each of length 1."""
    drawn = np.random.default_rng(list(seed)).normal(size=(width, rank))
    return np.asarray(np.linalg.qr(drawn)[0].T)


def principal(activations: np.ndarray, share: float = NEUTRAL_SHARE) -> np.ndarray:
    """The first principal components (components, width) that hold this share of the variance of rows (rows, width)."""
    centred = activations.astype(np.float64) - activations.mean(axis=0)
    _, spread, components = np.linalg.svd(centred, full_matrices=False)
    variance = spread**2
    if not variance.sum() > 0:
        return np.empty((0, activations.shape[1]))
    held = np.cumsum(variance) / variance.sum()
    return np.asarray(components[: int(np.searchsorted(held, share - 1e-12)) + 1])


def without(vectors: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Vectors (n, width) without what lies along orthonormal components (k, width)."""
    return np.asarray(vectors - (vectors @ components.T) @ components)


@dataclass(frozen=True, slots=True, eq=False)
class CapturedDirections:
    """Directions of a study's emotions and groups from a capture of its pictures.

    They are taken from the array of each step's own answer. `identities` limits the pictures to those of some people,
    so that what is tuned on them can be judged on the others.
    """

    capture: Capture
    study: Study
    identities: Collection[str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every emotion, then every level of every group as FACTOR=LEVEL."""
        shown = shown_in(self.capture, self.study)
        emotions = [] if shown.emotion is None else _levels(shown.labels(shown.emotion))
        levels = [f"{group}{SIGN}{level}" for group in shown.groups for level in _levels(shown.labels(group))]
        return (*emotions, *levels)

    def direction(self, name: str, layer: int, step: str) -> Direction:
        """A direction after a block, at the answer of a step.

        Raises:
            ProbeError: There is none of that name, the capture did not read that step, or classes cannot be told apart.
        """
        shown, rows = self._shown()
        factor, sign, _ = name.rpartition(SIGN)
        labels, blocks = _group(shown, factor) if sign else _emotion(shown, name)
        activations = self.capture.layer(f"answer/{step}", layer)[rows]
        made = directions_of(effects(labels, blocks), activations, layer, f"{factor}{sign}")
        found = {direction.name: direction for direction in made}
        if name not in found:
            raise ProbeError(f"there is no direction {name}; there are {', '.join(self.names)}")
        return found[name]

    def _shown(self) -> tuple[Shown, np.ndarray]:
        """The pictures that count, and which of the capture's rows they are."""
        shown = shown_in(self.capture, self.study)
        rows = np.ones(len(shown.ids), dtype=bool)
        if self.identities is not None and shown.identity is not None:
            rows = np.isin(shown.labels(shown.identity), list(self.identities))
        return shown.at(rows), rows


def _emotion(shown: Shown, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    if shown.emotion is None:
        raise ProbeError(f"the study names no emotion under factors, so {name} has no direction")
    return shown.labels(shown.emotion), None if shown.identity is None else shown.labels(shown.identity)


def _group(shown: Shown, factor: str) -> tuple[np.ndarray, np.ndarray | None]:
    return shown.labels(factor), None if shown.emotion is None else shown.labels(shown.emotion)


def _levels(labels: np.ndarray) -> list[str]:
    return [str(level) for level in np.unique(labels[labels != ""].astype(str))]


def _summing_to_zero(codes: np.ndarray, levels: int) -> np.ndarray:
    """Columns (rows, levels - 1) for a factor whose effects sum to zero: the last level is minus all others."""
    columns = np.eye(levels)[:, :-1]
    columns[-1] = -1.0
    return np.asarray(columns[codes])
