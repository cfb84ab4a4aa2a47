"""How well a group can still be told from the residual stream when it was taken out.

A new linear probe is trained on what is left, within the half that is judged, and judged by identities of that half
that it never saw. What was taken out was learnt from the other half alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.beside import Beside, beside
from vlmrate.probe.crossfit import FOLDS
from vlmrate.probe.linear import guessed
from vlmrate.stats import Outcome  # noqa: TC001  readers resolve annotations
from vlmrate.stats.folds import cluster_folds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.linear import Smoother
    from vlmrate.probe.told import Told
    from vlmrate.stats import Bootstrap

ROUNDING = 1e-9
DEAD = 1e-9
"""Share of the largest spread over pictures below which a unit's own is rounding."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a probe tells of the group after one block: balanced accuracy, `chance` being that of guessing.

    `before` is of the unchanged stream, `after` and `random` of the changed one and of that changed at random, `change`
    is after − before. p is that of permuted levels.
    """

    layer: str
    chance: float
    before: Outcome
    p_before: float
    after: Outcome
    p_after: float
    random: Outcome
    change: Outcome


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The pictures of both halves in one order: what is told of them, identities, and the rows of each half.

    `dealt` are cells (pictures, times) dealt anew within each half.
    """

    told: Told
    identities: np.ndarray
    halves: tuple[np.ndarray, np.ndarray]
    dealt: np.ndarray
    seed: int

    @classmethod
    def of(
        cls, told: Told, identities: np.ndarray, halves: tuple[np.ndarray, np.ndarray], times: int, seed: int
    ) -> Judged:
        """With levels dealt anew within each half, `times` times: between identities where they belong to them."""
        dealt = np.empty((len(identities), times), told.cells.dtype)
        for number, rows in enumerate(halves):
            dealt[rows] = told.at(rows).dealt(identities[rows], times, seed + number)
        return cls(told, identities, halves, dealt, seed)

    @property
    def levels(self) -> np.ndarray:
        """Levels dealt anew (pictures, times), as numbers."""
        return self.dealt % self.told.classes

    def judge(self, activations: np.ndarray) -> tuple[np.ndarray, float]:
        """Whether each picture's level is told (rows,), and p of the balanced accuracy by levels dealt anew."""
        probes = tuple(self._probes(_alive(activations)))
        labellings = np.column_stack([self.told.cells, self.dealt])
        made = guessed(probes, labellings % self.told.classes, self.told.classes)
        found = self.told.accuracies(made, labellings)
        # What is not defined is never significant.
        return made[:, 0] == self.told.codes, float((~(found < found[0] - ROUNDING)).mean())

    def _probes(self, activations: np.ndarray) -> Iterator[Smoother]:
        for half in self.halves:
            folds = cluster_folds(self.identities[half], FOLDS, seed=self.seed)
            for fold in np.unique(folds):
                yield self.told.probe(activations, half[folds != fold], half[folds == fold])


def left(layer: str, streams: tuple[np.ndarray, np.ndarray, np.ndarray], judged: Judged, bootstrap: Bootstrap) -> Left:
    """What is left in three streams (rows, width): unchanged, changed, changed at random."""
    told = [judged.judge(stream) for stream in streams]
    made = _accuracy([found for found, _ in told], judged, bootstrap)
    return Left(
        layer=layer,
        chance=1 / judged.told.classes,
        before=made.of(0),
        p_before=told[0][1],
        after=made.of(1),
        p_after=told[1][1],
        random=made.of(2),
        change=made.change(1),
    )


def _accuracy(found: Sequence[np.ndarray], judged: Judged, bootstrap: Bootstrap) -> Beside:
    sums = [judged.told.sums(one) for one in found]
    return beside("balanced accuracy", sums, judged.told.accuracy, judged.identities, bootstrap)


def _alive(activations: np.ndarray) -> np.ndarray:
    """Activations whose dead units are exactly so: the rounding that a projection leaves would be scaled up."""
    spread = activations.std(axis=0)
    return np.where(spread > DEAD * spread.max(initial=0.0), activations, 0.0)
