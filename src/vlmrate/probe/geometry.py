"""The angles between directions of emotions and of demographic groups, over drawings and dealings of identities.

A group's direction is taken within emotion, so that which emotions a group shows more often makes no angle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.cells import Cells, narrow, unit_of
from vlmrate.probe.direction import SIGN
from vlmrate.probe.halves import too_little
from vlmrate.probe.labelled import CHOOSING, Labelled, strength
from vlmrate.probe.linear import is_of_identity, permuted
from vlmrate.stats import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.shown import Shown

LEAST_RELIABILITY = 0.2
"""Split-half cosine below which a direction is too much noise for its cosines to be told without it."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A factor of groups whose levels belong to identities: every identity's level as a number, -1 where it has none.

    `told` are the numbers of the levels that are told: of two the first alone, for the other is its mirror.
    """

    factor: str
    levels: tuple[str, ...]
    level_of: dict[str, int]

    @property
    def told(self) -> tuple[int, ...]:
        """Numbers of the levels that are told."""
        return (0,) if len(self.levels) == 2 else tuple(range(len(self.levels)))

    def name(self, level: int) -> str:
        """FACTOR=LEVEL."""
        return f"{self.factor}{SIGN}{self.levels[level]}"

    def of(self, identities: Sequence[str]) -> np.ndarray:
        """Levels of identities by name."""
        return np.array([self.level_of.get(name, -1) for name in identities])


def group_of(shown: Shown, factor: str) -> Group | Skipped:
    """A factor's levels by identity; Skipped where they differ within one, or too few identities show a level."""
    labels, people = shown.labels(factor), shown.labels(shown.identity or "")
    kept = (labels != "") & (people != "")
    levels, codes = np.unique(labels[kept].astype(str), return_inverse=True)
    if (reason := too_little(levels, codes, people[kept])) is not None:
        return Skipped(reason)
    if not is_of_identity(codes, people[kept]):
        return Skipped(f"{factor} differs between pictures of one identity, so it cannot be dealt between identities")
    return Group(factor, tuple(map(str, levels)), dict(zip(map(str, people[kept]), map(int, codes), strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Cosines of emotions and groups in one layer, from pictures of some identities."""

    cells: Cells
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, labelled: Labelled, values: np.ndarray, groups: tuple[Group, ...]) -> Geometry:
        """From what was measured of pictures (rows, width)."""
        (narrowed,) = narrow(values - values.mean(axis=0))
        return cls(Cells.of(narrowed, labelled.units, labelled.labels), groups)

    @property
    def names(self) -> tuple[str, ...]:
        """The levels that are told, FACTOR=LEVEL."""
        return tuple(group.name(level) for group in self.groups for level in group.told)

    def emotions(self, drawn: np.ndarray) -> np.ndarray:
        """Effects of emotions (drawings, emotions, width)."""
        return self.cells.emotions_of(drawn)

    def levels(self, drawn: np.ndarray | None, order: np.ndarray | None = None) -> np.ndarray:
        """Effects of the levels that are told (drawings, levels, width).

        `order` (dealings, identities) says whose level each identity bears.
        """
        found = []
        for group in self.groups:
            level = group.of(self.cells.identities)
            dealt = level if order is None else level[order]
            found.append(self.cells.groups_of(dealt, len(group.levels), drawn)[:, list(group.told)])
        return np.concatenate(found, axis=1)

    def cosines(self, drawn: np.ndarray) -> np.ndarray:
        """Cosines (drawings, emotions, levels), the lengths of both directions held as they are without drawing.

        Drawing makes directions noisier than they are, and would pull every cosine towards 0 once more.
        """
        lengths = [np.linalg.norm(made(self.cells.once)[0], axis=1) for made in (self.emotions, self.levels)]
        products = self.emotions(drawn) @ self.levels(drawn).transpose(0, 2, 1)
        return np.asarray(np.clip(products / np.outer(*lengths), -1.0, 1.0))

    def by_chance(self, order: np.ndarray) -> np.ndarray:
        """What cosines would be (dealings, emotions, levels) where groups are dealt anew between whole identities.

        The lengths of both directions are held as they are here too, so that a size may be above 1: what is dealt lies
        along the same few axes as what is real, and only its length tells them apart.
        """
        units = unit_of(self.emotions(self.cells.once)[0])
        lengths = np.linalg.norm(self.levels(self.cells.once)[0], axis=1)
        return np.asarray(units @ self.levels(None, order).transpose(0, 2, 1) / lengths)

    def split_half(self, masks: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Mean cosines of the directions of two halves of the identities: of emotions, of levels."""
        told = []
        for made in (self.emotions, self.levels):
            halves = [(unit_of(made(mask[None])[0]), unit_of(made(1 - mask[None])[0])) for mask in masks]
            told.append(np.mean([(one * other).sum(axis=1) for one, other in halves], axis=0))
        return told[0], told[1]


def joint_strength(labelled: Labelled, values: np.ndarray, groups: tuple[Group, ...], seed: int) -> float:
    """How far emotions and groups lie apart: the product of the strength of emotions and of every group."""
    geometry = Geometry.of(labelled, values, groups)
    order = permuted(np.arange(len(geometry.cells.identities)), np.zeros(len(geometry.cells.identities)), CHOOSING,
                     seed).T  # fmt: skip
    product = strength(labelled, values, labelled.weights(), seed)
    for group in groups:
        one = Geometry(geometry.cells, (group,))
        real = float((one.levels(None) ** 2).sum())
        chance = float((one.levels(None, order) ** 2).sum(axis=(1, 2)).mean())
        product *= real / chance if chance > 0 else 0.0
    return product


def unattenuated(cosine: Outcome, *halves: float) -> Outcome:
    """A cosine over the root of its directions' reliabilities, 2s/(1 + s) of their split-half cosines s; 1 at most.

    `halves` are those of both directions, or of the one that is not fixed. Spearman 1904, American Journal of
    Psychology 15, 72-101.
    """
    if isinstance(cosine, Skipped):
        return cosine
    if not min(halves) >= LEAST_RELIABILITY:
        return Skipped("a direction is mostly noise: halves of the identities do not agree on it")
    by = float(np.sqrt(np.prod([2 * s / (1 + s) for s in halves])))
    of = "both directions' reliabilities" if len(halves) > 1 else "the other direction's reliability"
    method = f"{cosine.method}; over the root of {of}, {by:.3f}"
    value, low, high = (max(-1.0, min(1.0, end / by)) for end in (cosine.value, cosine.ci_low, cosine.ci_high))
    return Estimate(value, low, high, cosine.level, cosine.n, method)
