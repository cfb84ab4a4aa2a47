"""Do directions of emotions and of demographic groups lie together inside a model, and does it answer accordingly?

The layer is chosen on one half of the identities and cosines are told of the other, unless the layer is named or there
is one only. What the rater answers is told of all pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.errors import ProbeError
from vlmrate.probe.angles import BiasCell, BiasFound, BiasOutcome, GroupSkipped, Rated
from vlmrate.probe.behaviour import LabelGaps, are_labels, label_gap, shifts
from vlmrate.probe.correspondence import Joint, correspondences
from vlmrate.probe.directed import LayerStrength
from vlmrate.probe.featured import Seen, features_found
from vlmrate.probe.geometry import Geometry, Group, group_of, joint_strength, unattenuated
from vlmrate.probe.halves import first_half
from vlmrate.probe.intervals import intervals, p_of, random_cosine
from vlmrate.probe.labelled import pictured
from vlmrate.probe.linear import permuted
from vlmrate.probe.prior import Prior, concepts_in, language_prior
from vlmrate.probe.shown import shown_in
from vlmrate.probe.split_halves import SPLITS
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.answered import Answered
    from vlmrate.probe.correspondence import Correspondence
    from vlmrate.probe.labelled import Labelled
    from vlmrate.probe.separability import Way
    from vlmrate.probe.shown import Shown
    from vlmrate.probe.sparse.active import Pointed
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What stands beside a capture: captures of texts, the rater's answers in the order of its rows, some features."""

    texts: Sequence[Capture]
    answered: Answered | Skipped
    features: Pointed | None = None


def capture_bias(
    capture: Capture, study: Study, beside: Beside, way: Way, *, array: str | None = None, layer: int | None = None
) -> tuple[BiasOutcome, ...]:
    """Every array of a capture of pictures, or the one of that name; with features, the one that they are for.

    Raises:
        ProbeError: The capture is of texts or of other pictures, there is no such array or layer, or features are for
            others.
    """
    shown = shown_in(capture, study)
    if (features := beside.features) is not None:
        if array not in (None, features.array) or layer not in (None, features.layer):
            raise ProbeError(
                f"dictionary {features.dictionary} is for layer {features.layer} of {features.array}, and its features "
                "are told there; leave --array and --layer out"
            )
        array, layer = features.array, features.layer
    names = [array] if array is not None else [entry.name for entry in capture.about.arrays]
    return tuple(
        BiasOutcome(capture.file.stem, capture.about.model, name, bias(capture, name, shown, beside, way, layer))
        for name in names
    )


def bias(
    capture: Capture, array: str, shown: Shown, beside: Beside, way: Way, layer: int | None = None
) -> BiasFound | Skipped:
    """Angles and answers of one array.

    Skipped where the study names no emotion, identity or group, or no group has levels that can be told.

    Raises:
        ProbeError: There is no such array or layer.
    """
    for name, there in (("emotion", shown.emotion), ("identity", shown.identity), ("group", shown.groups)):
        if not there:
            return Skipped(f"the study names no {name} factor")
    labelled = pictured(shown)
    if (reason := labelled.lacking) is not None:
        return Skipped(reason)
    made = {factor: group_of(shown.at(labelled.rows), factor) for factor in shown.groups}
    groups = tuple(group for group in made.values() if isinstance(group, Group))
    without = tuple(GroupSkipped(name, group.reason) for name, group in made.items() if isinstance(group, Skipped))
    if not groups:
        return Skipped("; ".join(entry.reason for entry in without))
    kinds = np.column_stack([shown.labels(group.factor)[labelled.rows] for group in groups])
    first = first_half(labelled.units, kinds, way.seed)
    if (reason := labelled.at(first).untold or labelled.at(~first).untold) is not None:
        return Skipped(reason)
    return _Task(capture, array, shown, labelled, first, groups, way).found(layer, beside, without)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """The rows of one array, `first` a mask of the half that chooses."""

    capture: Capture
    array: str
    shown: Shown
    labelled: Labelled
    first: np.ndarray
    groups: tuple[Group, ...]
    way: Way

    def found(self, named: int | None, beside: Beside, without: tuple[GroupSkipped, ...]) -> BiasFound:
        chosen = named is None and self.capture.layers(self.array) > 1
        layers = self._strengths(self.first if chosen else np.ones_like(self.first))
        layer = int(np.argmax([one.strength for one in layers])) if named is None else named
        told = ~self.first if chosen else np.ones_like(self.first)
        judged, values = self.labelled.at(told), self._values(layer)[told]
        geometry = Geometry.of(judged, values, self.groups)
        width = values.shape[1]
        identities = len(geometry.cells.identities)
        order = permuted(np.arange(identities), np.zeros(identities), self.way.permutations, self.way.seed).T
        chance = np.abs(geometry.by_chance(order))
        digest = self.capture.about.model_digest
        concepts = concepts_in(beside.texts, digest, judged.classes, self.groups, (self.array, layer, width))
        prior = concepts if isinstance(concepts, Skipped) else language_prior(concepts, self.way)
        answered, halves = beside.answered, self._reliable(geometry, judged)
        rated = (
            answered
            if isinstance(answered, Skipped)
            else Rated(answered.rater, answered.protocol, answered.by_probability)
        )
        features = None
        if (pointed := beside.features) is not None:
            seen = Seen(self.shown, judged, values, geometry, np.concatenate(halves), order, concepts, answered)
            features = features_found(pointed, seen, self.way)
        return BiasFound(
            layer=layer,
            chosen=chosen,
            identities=identities,
            images=len(judged.rows),
            width=width,
            random=random_cosine(width),
            dealt=min(1.0, float(np.nanquantile(chance, 0.95))),
            layers=layers,
            cells=self._cells(geometry, judged, chance, halves, prior, answered),
            without=without,
            texts=prior if isinstance(prior, Skipped) else prior.texts,
            rated=rated,
            correspondences=self._joint(geometry, judged, prior, answered),
            features=features,
        )

    def _values(self, layer: int) -> np.ndarray:
        return np.asarray(self.capture.layer(self.array, layer)[self.labelled.rows], dtype=np.float64)

    def _strengths(self, rows: np.ndarray) -> tuple[LayerStrength, ...]:
        some = self.labelled.at(rows)
        return tuple(
            LayerStrength(layer, joint_strength(some, self._values(layer)[rows], self.groups, self.way.seed))
            for layer in range(self.capture.layers(self.array))
        )

    def _cells(
        self,
        geometry: Geometry,
        judged: Labelled,
        chance: np.ndarray,
        halves: tuple[np.ndarray, np.ndarray],
        prior: Prior | Skipped,
        answered: Answered | Skipped,
    ) -> tuple[BiasCell, ...]:
        """Every cell; `chance` are what sizes are where groups are dealt anew (dealings, emotions, levels)."""
        emotions, levels = judged.classes, geometry.names
        names = [(emotion, level) for emotion in emotions for level in levels]
        identities = len(geometry.cells.identities)

        def numbers(drawn: np.ndarray) -> np.ndarray:
            return geometry.cosines(drawn).reshape(len(drawn), -1)

        titles = [f"cosine of {emotion} and {level}" for emotion, level in names]
        cosines = intervals(numbers, identities, titles, len(judged.rows), self.way.bootstrap)
        real = geometry.cosines(geometry.cells.once)[0]
        p = p_of(chance, np.abs(real)).ravel()
        holm = stats.holm(stats.Family.of("emotions and groups", dict(zip(titles, map(float, p), strict=True))))
        told = [(group, level) for group in self.groups for level in group.told]
        found = []
        for number, (emotion, level) in enumerate(names):
            i, j = divmod(number, len(levels))
            group, code = told[j]
            shown, own = self.shown.labels(group.factor), group.levels[code]
            found.append(
                BiasCell(
                    emotion=emotion,
                    group=level,
                    cosine=cosines[number],
                    unattenuated=unattenuated(cosines[number], halves[0][i], halves[1][j]),
                    p=float(p[number]),
                    p_holm=holm[number].p_adjusted,
                    text=None if isinstance(prior, Skipped) else prior.cosines[i][j],
                    text_p=None if isinstance(prior, Skipped) else float(prior.p[i, j]),
                    text_p_holm=None if isinstance(prior, Skipped) else float(prior.p_holm[i, j]),
                    label=None
                    if isinstance(answered, Skipped)
                    else label_gap(answered, self.shown, emotion, shown, own),
                    shifts=() if isinstance(answered, Skipped) else shifts(answered, self.shown, emotion, shown, own),
                )
            )
        return tuple(found)

    def _reliable(self, geometry: Geometry, judged: Labelled) -> tuple[np.ndarray, np.ndarray]:
        """Split-half cosines of emotions and of levels; halves keep identities whole and groups even."""
        kinds = np.column_stack([group.of([*judged.units]) for group in self.groups])
        masks = []
        for split in range(SPLITS):
            rows = first_half(judged.units, kinds, self.way.seed + 1 + split)
            own = np.unique(judged.units[rows].astype(str))
            masks.append(np.isin(geometry.cells.identities, own).astype(np.float64))
        return geometry.split_half(masks)

    def _joint(
        self, geometry: Geometry, judged: Labelled, prior: Prior | Skipped, answered: Answered | Skipped
    ) -> tuple[Correspondence, ...]:
        kept = are_labels(answered, judged.classes)
        named = [name for name, there in zip(judged.classes, kept, strict=True) if there]
        texts = prior if isinstance(prior, Skipped) else prior.values
        joint = Joint(geometry, LabelGaps.of(answered, self.shown, named), texts, kept)
        return correspondences(joint.sides(self.way), self.way)
