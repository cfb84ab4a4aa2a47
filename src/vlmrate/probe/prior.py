"""The language's prior: angles between emotions and groups in the same layer when the model reads words alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.probe.cells import narrow, unit_of
from vlmrate.probe.intervals import intervals, p_of
from vlmrate.probe.labelled import Labelled, dealt_effects, texts_pass, written
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.probe.geometry import Group
    from vlmrate.probe.separability import Way
    from vlmrate.probe.store import Capture


Written = tuple[Labelled, np.ndarray]
"""Texts with a label each, and what was measured of them (texts, width)."""
NO_TEXTS = Skipped("no capture of texts was given (--text)")


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Cosines from texts (emotions, levels) as estimates, with their p, corrected over all, and as numbers."""

    texts: int
    cosines: tuple[tuple[Outcome, ...], ...]
    p: np.ndarray
    p_holm: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Concepts:
    """Texts of the pictures' emotions, then of each group's levels, read in one layer.

    `told` are the numbers of the classes that are told of each.
    """

    parts: tuple[Written, ...]
    told: tuple[np.ndarray, ...]

    @property
    def texts(self) -> int:
        """How many there are."""
        return sum(len(values) for _, values in self.parts)

    def over(self, values: Sequence[np.ndarray]) -> Callable[[np.ndarray], tuple[np.ndarray, ...]]:
        """What makes each part's effects (drawings, classes, columns) of how often each text is there.

        `values` are what stands for what was measured of each part's texts (texts, columns).
        """
        drawings = [labelled.over(own) for (labelled, _), own in zip(self.parts, values, strict=True)]
        ends = np.cumsum([len(own) for own in values])[:-1]

        def effects(drawn: np.ndarray) -> tuple[np.ndarray, ...]:
            own = np.split(drawn, ends, axis=1)
            return tuple(part.effects(one)[:, kept] for part, one, kept in zip(drawings, own, self.told, strict=True))

        return effects


def concepts_in(
    texts: Sequence[Capture], digest: str, emotions: Sequence[str], groups: Sequence[Group], place: tuple[str, int, int]
) -> Concepts | Skipped:
    """Texts of emotions and of every group's levels from captures of a model; `place` is pictures' array, layer, width.

    Concepts of groups are named FACTOR=LEVEL. Emotions and groups may stand in different captures.
    """
    if not texts:
        return NO_TEXTS
    if (strange := next((text for text in texts if text.about.model_digest != digest), None)) is not None:
        return Skipped(f"{strange.file.name} was captured from another model ({strange.about.model})")
    array, layer, width = place
    if not all(texts_pass(text.about, array, layer, width) for text in texts):
        return Skipped("the pictures were read where texts do not pass")
    of_emotions = _texts(texts, None, layer)
    of_groups = [_texts(texts, group.factor, layer) for group in groups]
    lacking = [name for name in emotions if name not in of_emotions[0].classes]
    for group, (labelled, _) in zip(groups, of_groups, strict=True):
        lacking += [f"{group.factor}={level}" for level in group.levels if level not in labelled.classes]
    if lacking:
        return Skipped(f"the captures of texts lack the concepts {', '.join(lacking)}")
    parts = [_only(of_emotions, emotions), *map(_only, of_groups, (group.levels for group in groups))]
    told = [np.arange(len(parts[0][0].classes)), *(np.array(group.told) for group in groups)]
    return Concepts(tuple(parts), tuple(told))


def _texts(captures: Sequence[Capture], factor: str | None, layer: int) -> Written:
    """All texts of emotions, or of a factor's levels, of all captures."""
    labels, units, values = [], [], []
    for number, capture in enumerate(captures):
        own = written(capture.about, factor)
        labels.append(own.labels)
        units.append(np.array([f"{number}-{unit}" for unit in own.units], dtype=object))
        values.append(capture.layer(capture.about.arrays[0].name, layer)[own.rows].astype(np.float64))
    joined = np.concatenate(labels)
    rows = np.arange(len(joined))
    return Labelled(joined, np.concatenate(units), rows, texts=True), np.concatenate(values)


def _only(texts: Written, names: Sequence[str]) -> Written:
    kept = np.isin(texts[0].labels.astype(str), list(names))
    return texts[0].at(kept), texts[1][kept]


def language_prior(concepts: Concepts, way: Way) -> Prior:
    """Angles of emotions and levels from texts; a level's direction is its texts' mean less that of all its factor's.

    p: levels dealt anew to the texts of their factor, of either sign.
    """
    values = narrow(*(own - own.mean(axis=0) for _, own in concepts.parts))
    over, n = concepts.over(values), concepts.texts

    def effects(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        emotions, *levels = over(drawn)
        return emotions, np.concatenate(levels, axis=1)

    emotions, levels = (one[0] for one in effects(np.ones((1, n))))
    lengths = np.outer(np.linalg.norm(emotions, axis=1), np.linalg.norm(levels, axis=1))

    def numbers(drawn: np.ndarray) -> np.ndarray:
        one, other = effects(drawn)
        return np.asarray(np.clip(one @ other.transpose(0, 2, 1) / lengths, -1.0, 1.0).reshape(len(drawn), -1))

    real = unit_of(emotions) @ unit_of(levels).T
    found = intervals(numbers, n, ["cosine from texts"] * real.size, n, way.bootstrap)
    rows = tuple(tuple(found[i * real.shape[1] : (i + 1) * real.shape[1]]) for i in range(len(real)))
    # Of dealt levels it is the length along an emotion that counts: their angles are those of the real ones.
    of_groups = list(zip(concepts.parts, values, concepts.told, strict=True))[1:]
    dealt = [dealt_effects(part[0], own, way.permutations, way.seed)[:, kept] for part, own, kept in of_groups]
    chance = np.concatenate(dealt, axis=1) @ unit_of(emotions).T
    p = p_of(np.abs(chance).transpose(0, 2, 1), np.abs(real * np.linalg.norm(levels, axis=1)))
    family = stats.Family.of("cosines from texts", {str(i): float(one) for i, one in enumerate(p.ravel())})
    p_holm = np.array([one.p_adjusted for one in stats.holm(family)]).reshape(p.shape)
    return Prior(n, rows, p, p_holm, real)
