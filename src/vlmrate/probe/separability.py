"""Can a linear probe tell emotions and demographic groups from what is inside a model, and in which layer?

Groups are told within emotion. Folds never share an identity. Layers are searched over, so each one's p is that of the
best layer of every permutation; the layer that is told as the best is chosen on one half of the identities, and how
well it does is said of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.crossfit import turns
from vlmrate.probe.halves import too_little
from vlmrate.probe.intervals import p_among
from vlmrate.probe.linear import guesses
from vlmrate.probe.scatter import scaled, share_between, silhouette
from vlmrate.probe.shown import shown_in
from vlmrate.probe.told import Told
from vlmrate.stats import Bootstrap, Outcome, Skipped, bootstrap_sums
from vlmrate.stats.bootstrap import DEFAULT
from vlmrate.stats.folds import cluster_folds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.probe.crossfit import Turn
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Way:
    """How chance is told from more: number of permutations, seed, and the bootstrap over identities."""

    permutations: int = 999
    seed: int = 0
    bootstrap: Bootstrap = DEFAULT


@dataclass(frozen=True, slots=True)
class LayerSeparability:
    """One layer over all identities.

    `accuracy` is balanced over classes and cross-validated; `p` that of the largest accuracy over layers. `between` is
    the share of variance between classes. A group's are told within emotion.
    """

    layer: int
    accuracy: float
    p: float
    between: float
    silhouette: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """The layer that was best on one half of the identities, and a probe trained there, judged on the other half.

    `p` is that of permuted classes of the other half.
    """

    layer: int
    accuracy: Outcome
    p: float
    identities: int


@dataclass(frozen=True, slots=True)
class Separability:
    """One factor in one array of a capture. `chance` is the balanced accuracy of guessing, 1 over the classes."""

    factor: str
    classes: tuple[str, ...]
    images: int
    identities: int
    chance: float
    layers: tuple[LayerSeparability, ...]
    chosen: Chosen


@dataclass(frozen=True, slots=True)
class FactorOutcome:
    """A factor, and what was found of it or why nothing could be."""

    factor: str
    found: Separability | Skipped


@dataclass(frozen=True, slots=True)
class ArrayOutcome:
    """One array of one capture, and what was found of every factor in it."""

    capture: str
    model: str
    array: str
    factors: tuple[FactorOutcome, ...]


def factors_of(study: Study, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """The factors asked for; the study's emotion and groups where none is.

    Raises:
        ProbeError: The study has none, or lacks one of those asked for.
    """
    own = tuple(filter(None, (study.factors.emotion, *study.factors.groups)))
    columns = tuple(study.stimuli[0].factors)
    for name in asked:
        if name not in columns:
            known = f"they have {', '.join(columns)}" if columns else "they have none"
            raise ProbeError(f"--factor {name}: the stimuli of study {study.name} have no such column; {known}")
    if not asked and not own:
        raise ProbeError(f"study {study.name} names no emotion and no groups under factors; say which with --factor")
    return tuple(dict.fromkeys(asked)) or own


def captures_separability(
    captures: Sequence[Capture], study: Study, factors: Sequence[str], way: Way, array: str | None = None
) -> tuple[ArrayOutcome, ...]:
    """Every array of every capture, or the one of that name, in the captures' order.

    Raises:
        ProbeError: As `separability`.
    """
    return tuple(
        ArrayOutcome(capture.file.stem, capture.about.model, name, separability(capture, name, study, factors, way))
        for capture in captures
        for name in ([array] if array is not None else [entry.name for entry in capture.about.arrays])
    )


def separability(
    capture: Capture, array: str, study: Study, factors: Sequence[str], way: Way | None = None
) -> tuple[FactorOutcome, ...]:
    """How well every factor of a study can be told from one array of a capture of its pictures.

    Raises:
        ProbeError: The capture is of texts or of other pictures, or the study has no such factor.
    """
    shown = shown_in(capture, study)
    if shown.identity is None:
        reason = "folds keep identities whole, and the study names no identity factor"
        return tuple(FactorOutcome(factor, Skipped(reason)) for factor in factors)
    identities = shown.labels(shown.identity).astype(str)
    emotions = None if shown.emotion is None else shown.labels(shown.emotion).astype(str)
    layers = capture.layers(array)
    return tuple(
        FactorOutcome(
            factor,
            separate(
                lambda layer: capture.layer(array, layer),
                layers,
                factor=factor,
                labels=shown.labels(factor).astype(str),
                identities=identities,
                emotions=None if factor == shown.emotion else emotions,
                way=way or Way(),
            ),
        )
        for factor in factors
    )


def separate(
    layer: Callable[[int], np.ndarray],
    layers: int,
    *,
    factor: str,
    labels: np.ndarray,
    identities: np.ndarray,
    emotions: np.ndarray | None = None,
    way: Way,
) -> Separability | Skipped:
    """As `separability`, of activations (rows, width) that `layer` gives for every number below `layers`.

    Classes are told within `emotions` (rows,), unless they are emotions by other names: each emotion in one class, and
    several classes of one identity. Rows with a blank label, identity or emotion are left out. Skipped where a class is
    shown by fewer than four identities, or where a half of the identities has no emotion that shows all classes.
    """
    kept = (labels != "") & (identities != "")
    if emotions is not None:
        kept &= emotions != ""
        emotions = emotions[kept]
    labels, identities = labels[kept], identities[kept]
    classes, codes = np.unique(labels, return_inverse=True)
    if (reason := too_little(classes, codes, identities)) is not None:
        return Skipped(reason)
    turn, _ = turns(identities, labels, way.seed)
    told = Told.of(labels, emotions, identities)
    if (reason := told.unshown(factor, turn.learnt, turn.judged)) is not None:
        return Skipped(reason)
    task = _Task(layer, layers, kept, told, identities, turn, way)
    return Separability(
        factor=factor,
        classes=tuple(map(str, classes)),
        images=len(codes),
        identities=len(np.unique(identities)),
        chance=1 / len(classes),
        layers=task.over_layers(),
        chosen=task.chosen(),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """One factor to be told from the layers of one array; `turn` says on which half the layer is chosen."""

    layer: Callable[[int], np.ndarray]
    layers: int
    kept: np.ndarray
    told: Told
    identities: np.ndarray
    turn: Turn
    way: Way

    def over_layers(self) -> tuple[LayerSeparability, ...]:
        folds = cluster_folds(self.identities, FOLDS, seed=self.way.seed)
        labellings = self._labellings(self.told, self.identities)
        made = np.stack([self.told.across_folds(self._of(i), folds, labellings) for i in self._all])
        best_by_chance = made[:, 1:].max(axis=0)
        return tuple(self._layer(i, float(made[i, 0]), best_by_chance) for i in self._all)

    def chosen(self) -> Chosen:
        train, test = self.turn.learnt, self.turn.judged
        folds = cluster_folds(self.identities[train], FOLDS, seed=self.way.seed)
        learnt = self.told.at(train)
        tried = [learnt.across_folds(self._of(i)[train], folds, learnt.cells[:, None]) for i in self._all]
        best = int(np.argmax([float(found[0]) for found in tried]))
        made = guesses(self.told.probe(self._of(best), train, test), self.told.codes[:, None], self.told.classes)
        return Chosen(best, self._judged(test, made), self._p(test, made), len(np.unique(self.identities[test])))

    @property
    def _all(self) -> range:
        return range(self.layers)

    def _of(self, layer: int) -> np.ndarray:
        return np.asarray(self.layer(layer)[self.kept])

    def _layer(self, layer: int, accuracy: float, best_by_chance: np.ndarray) -> LayerSeparability:
        activations = scaled(self.told.within(self._of(layer), np.arange(len(self.identities))))
        return LayerSeparability(
            layer=layer,
            accuracy=accuracy,
            p=float(p_among(best_by_chance, accuracy)),
            between=share_between(activations, self.told.codes),
            silhouette=silhouette(activations, self.told.codes),
        )

    def _judged(self, test: np.ndarray, made: np.ndarray) -> Outcome:
        """Balanced accuracy on the other half, its interval from drawing identities."""
        told = self.told.at(test)
        return bootstrap_sums(
            told.sums(made[:, 0] == told.codes),
            told.accuracy,
            name="balanced accuracy",
            clusters=self.identities[test],
            bootstrap=self.way.bootstrap,
        )

    def _p(self, test: np.ndarray, made: np.ndarray) -> float:
        told = self.told.at(test)
        found = told.accuracies(made, self._labellings(told, self.identities[test]))
        return float(p_among(found[1:], found[0]))

    def _labellings(self, told: Told, identities: np.ndarray) -> np.ndarray:
        """The real cells and those dealt by chance (rows, 1 + permutations)."""
        return np.column_stack([told.cells, told.dealt(identities, self.way.permutations, self.way.seed)])
