"""Directions of emotions: how far each sets its pictures apart, how alike they are, and what people rate along them.

Told of pictures and of texts. The layer is chosen on one half of the identities (of texts: of the texts), and all else
is said of the other half, unless the layer is named or there is one only: then of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.errors import ProbeError
from vlmrate.probe.across import SharedWith, shared_with
from vlmrate.probe.cells import narrow, unit_of
from vlmrate.probe.directed import (
    Asked,
    CosineOf,
    DirectionsOutcome,
    EmotionDirection,
    EmotionDirections,
    LayerStrength,
)
from vlmrate.probe.direction import principal, without
from vlmrate.probe.intervals import intervals, p_of, random_cosine
from vlmrate.probe.labelled import pictured, squared_gaps, strength, written
from vlmrate.probe.plane import Held, People, along, components, people_of
from vlmrate.probe.shown import shown_in
from vlmrate.probe.split_halves import split_halves
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.labelled import Drawings, Labelled
    from vlmrate.probe.separability import Way
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study

NEUTRAL = "neutral"
"""The emotion, and the concept, whose components may be projected out."""


def captures_directions(captures: Sequence[Capture], study: Study, asked: Asked) -> tuple[DirectionsOutcome, ...]:
    """Emotions' directions in every array of every capture of pictures or texts, in the captures' order.

    Raises:
        ProbeError: A capture of pictures has one that the study lacks, there is no such array or layer, or neutral is
            to be taken out and nothing is neutral.
    """
    texts = [capture for capture in captures if capture.about.source == "texts"]
    return tuple(directions(capture, name, study, asked, texts) for capture in captures for name in
                 arrays_of(capture, asked))  # fmt: skip


def arrays_of(capture: Capture, asked: Asked) -> tuple[str, ...]:
    """The arrays of a capture that count: of texts all."""
    if capture.about.source == "images" and asked.array is not None:
        return (asked.array,)
    return tuple(array.name for array in capture.about.arrays)


def directions(
    capture: Capture, array: str, study: Study, asked: Asked, texts: Sequence[Capture] = ()
) -> DirectionsOutcome:
    """Emotions' directions in one array; of pictures also beside those from captures of texts.

    Skipped where the study names no emotion or identity, fewer than four identities (texts) show an emotion, or
    emotions cannot be told from identities.

    Raises:
        ProbeError: As `captures_directions`.
    """
    about = capture.about
    task = _task(capture, array, study, asked)
    if isinstance(task, Skipped):
        return DirectionsOutcome(capture.file.stem, about.model, array, about.source, task, ())
    judged = task.judged()
    shared = tuple(judged.beside(text) for text in texts) if about.source == "images" else ()
    found = judged.found(people_of(capture, study, task.labelled))
    return DirectionsOutcome(capture.file.stem, about.model, array, about.source, found, shared)


def _task(capture: Capture, array: str, study: Study, asked: Asked) -> _Task | Skipped:
    labelled = labelled_in(capture, study)
    if isinstance(labelled, Skipped):
        return labelled
    if (reason := labelled.lacking) is not None:
        return Skipped(reason)
    if asked.neutral_out and NEUTRAL not in labelled.classes:
        raise ProbeError(f"--neutral-out: nothing in {capture.file.name} is {NEUTRAL}; leave it out")
    first = labelled.halves(asked.way.seed)
    if (reason := labelled.at(first).untold or labelled.at(~first).untold) is not None:
        return Skipped(reason)
    return _Task(capture, array, labelled, first, asked)


def labelled_in(capture: Capture, study: Study) -> Labelled | Skipped:
    """A capture's rows by emotion.

    Raises:
        ProbeError: It has a picture that the study lacks.
    """
    if capture.about.source == "texts":
        if not (texts := written(capture.about)).classes:
            return Skipped("the capture has no text of an emotion")
        return texts
    shown = shown_in(capture, study)
    if shown.emotion is None:
        return Skipped("the study names no emotion under factors")
    if shown.identity is None:
        return Skipped("halves keep identities whole, and the study names no identity factor")
    return pictured(shown)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """The rows of one array, `first` a mask of the half that chooses."""

    capture: Capture
    array: str
    labelled: Labelled
    first: np.ndarray
    asked: Asked

    def judged(self) -> _Judged:
        """The layer, chosen or named, and what was measured there."""
        chosen = self.asked.layer is None and self.capture.layers(self.array) > 1
        layers = self._strengths(self.labelled.at(self.first) if chosen else self.labelled)
        best = int(np.argmax([layer.strength for layer in layers]))
        layer = best if self.asked.layer is None else self.asked.layer
        values = self.capture.layer(self.array, layer)[self.labelled.rows].astype(np.float64)
        values, taken = self._without_neutral(values - values.mean(axis=0), chosen)
        told = ~self.first if chosen else np.ones_like(self.first)
        return _Judged(self, layers, layer, chosen, taken, values, told)

    def _strengths(self, labelled: Labelled) -> tuple[LayerStrength, ...]:
        weights, rows = labelled.weights(), labelled.rows
        seed = self.asked.way.seed
        return tuple(
            LayerStrength(layer, strength(labelled, self.capture.layer(self.array, layer)[rows], weights, seed))
            for layer in range(self.capture.layers(self.array))
        )

    def _without_neutral(self, values: np.ndarray, chosen: bool) -> tuple[np.ndarray, int | None]:
        """The neutral rows that give the components are those of the half that chose the layer, or all."""
        if not self.asked.neutral_out:
            return values, None
        neutral = (self.labelled.labels == NEUTRAL) & (self.first if chosen else True)
        found = principal(values[neutral])
        return without(values, found), len(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One layer: what was measured of all rows, and `told`, a mask of those that it is told of."""

    task: _Task
    layers: tuple[LayerStrength, ...]
    layer: int
    chosen: bool
    taken: int | None
    values: np.ndarray
    told: np.ndarray

    @property
    def way(self) -> Way:
        return self.task.asked.way

    def found(self, people: People | Skipped) -> EmotionDirections:
        """Everything that is told of the one array."""
        judged = self.task.labelled.at(self.told)
        (narrowed,) = narrow(self.values[self.told])
        drawings = judged.over(narrowed)
        cosines, shares = self._alike(judged, drawings)
        made, axes = components(judged.weights() @ self.values[self.told], judged.classes, shares)
        width = self.values.shape[1]
        return EmotionDirections(
            layer=self.layer,
            chosen=self.chosen,
            units=len(drawings.cells.identities),
            rows=len(judged.rows),
            width=width,
            random=random_cosine(width),
            neutral_out=self.taken,
            layers=self.layers,
            emotions=self._emotions(judged, narrowed, drawings),
            cosines=cosines,
            components=made,
            along=people if isinstance(people, Skipped) else along(people, made, self._held(axes), self.way),
        )

    def beside(self, text: Capture) -> SharedWith:
        """The same directions from texts."""
        task = self.task
        return shared_with(
            task.labelled.at(self.told),
            self.values[self.told],
            text,
            (task.array, self.layer),
            task.capture.about.model_digest,
            self.way,
        )

    def _emotions(self, judged: Labelled, values: np.ndarray, drawings: Drawings) -> tuple[EmotionDirection, ...]:
        way, names = self.way, judged.classes
        weights, gram = judged.weights(), values @ values.T
        real = np.sqrt(squared_gaps(weights, gram, np.arange(len(values))[:, None])[0])
        p = p_of(np.sqrt(squared_gaps(weights, gram, judged.dealt(way.permutations, way.seed))), real)
        holm = stats.holm(stats.Family.of("gaps of emotions", dict(zip(names, map(float, p), strict=True))))
        units = unit_of(drawings.effects(drawings.cells.once)[0])

        def lengths(drawn: np.ndarray) -> np.ndarray:
            return np.asarray(np.einsum("bkw,kw->bk", drawings.effects(drawn), units))

        gaps = intervals(lengths, len(drawings.cells.identities), [f"gap of {n}" for n in names], len(values),
                         way.bootstrap)  # fmt: skip
        halves = split_halves(judged, drawings, way)
        return tuple(
            EmotionDirection(name, gaps[i], float(p[i]), holm[i].p_adjusted, halves[i]) for i, name in enumerate(names)
        )

    def _alike(self, judged: Labelled, drawings: Drawings) -> tuple[tuple[CosineOf, ...], tuple[Outcome, ...]]:
        """Cosines of all pairs of emotions, and the shares of variance of the components of their effects."""
        pairs = list(combinations(range(len(judged.classes)), 2))
        first, second = np.array(pairs).T

        def numbers(drawn: np.ndarray) -> np.ndarray:
            made = drawings.effects(drawn)
            products = made @ made.transpose(0, 2, 1)
            lengths = np.sqrt(np.einsum("bkk->bk", products))
            cosines = products[:, first, second] / (lengths[:, first] * lengths[:, second])
            spread = np.full(lengths.shape, np.nan)
            defined = np.isfinite(products).all(axis=(1, 2))
            spread[defined] = np.linalg.eigvalsh(products[defined])[:, ::-1]
            return np.hstack([cosines, (spread / spread.sum(axis=1, keepdims=True))[:, :-1]])

        names = [f"cosine of {judged.classes[i]} and {judged.classes[j]}" for i, j in pairs]
        names += [f"share of component {number + 1}" for number in range(len(judged.classes) - 1)]
        found = intervals(numbers, len(drawings.cells.identities), names, len(judged.rows), self.way.bootstrap)
        cosines = (CosineOf(judged.classes[i], judged.classes[j], found[n]) for n, (i, j) in enumerate(pairs))
        return tuple(cosines), found[len(pairs) :]

    def _held(self, axes: np.ndarray) -> Held | None:
        """Of pictures: the directions of the first half, to be laid on the pictures of the other."""
        labelled, first = self.task.labelled, self.task.first
        if labelled.texts:
            return None
        known = labelled.at(first)
        return Held(axes, known.weights() @ self.values[first], known.classes, self.values[~first], ~first)
