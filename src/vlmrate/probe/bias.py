"""Do directions of emotions and of demographic groups lie together inside a model, and does it answer accordingly?

The layer is chosen on one half of the identities and cosines are told of the other, unless the layer is named or there
is one only. What the rater answers is told of all pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.probe.behaviour import LabelGaps, Shift, label_gap, shifts
from vlmrate.probe.correspondence import Correspondence, Joint, correspondences
from vlmrate.probe.directed import LayerStrength
from vlmrate.probe.geometry import Geometry, Group, group_of, joint_strength, unattenuated
from vlmrate.probe.halves import first_half
from vlmrate.probe.intervals import intervals, p_of, random_cosine
from vlmrate.probe.labelled import pictured
from vlmrate.probe.linear import permuted
from vlmrate.probe.prior import Prior, language_prior
from vlmrate.probe.shown import shown_in
from vlmrate.probe.split_halves import SPLITS
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.answered import Answered
    from vlmrate.probe.labelled import Labelled
    from vlmrate.probe.separability import Way
    from vlmrate.probe.shown import Shown
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class BiasCell:
    """An emotion and a level of a group, FACTOR=LEVEL: the angle inside, the same from texts, and what is answered.

    `unattenuated` is the cosine over the root of both directions' reliabilities. `p` is that of groups dealt anew
    between identities, of either sign, `p_holm` corrected over cells; `text_p` and `text_p_holm` those of levels dealt
    anew to texts.
    `label` is how much more often the group's pictures are given the emotion's label, `shifts` how ratings of its
    pictures of the emotion are shifted. What is None has its reason in the `texts` and `rated` of all cells.
    """

    emotion: str
    group: str
    cosine: Outcome
    unattenuated: Outcome
    p: float
    p_holm: float
    text: Outcome | None
    text_p: float | None
    text_p_holm: float | None
    label: Outcome | None
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class GroupSkipped:
    """A factor of groups of which nothing can be said, and why."""

    factor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rated:
    """Whose answers stand beside the angles; `by_probability` says that labels count by their probability."""

    rater: str
    protocol: str
    by_probability: bool


@dataclass(frozen=True, slots=True)
class BiasFound:
    """All that is said of one array; `identities` are those that cosines are told of.

    `random` is what the cosine with a random direction does not exceed 95 % of the time, `dealt` the same of all cells
    where groups are dealt anew, lengths held. `layers` tell, on the half that chooses (or on all), the product of the
    strengths of emotions and of every group.
    """

    layer: int
    chosen: bool
    identities: int
    images: int
    width: int
    random: float
    dealt: float
    layers: tuple[LayerStrength, ...]
    cells: tuple[BiasCell, ...]
    without: tuple[GroupSkipped, ...]
    texts: int | Skipped
    rated: Rated | Skipped
    correspondences: tuple[Correspondence, ...]


@dataclass(frozen=True, slots=True)
class BiasOutcome:
    """One array of one capture of pictures, and what was found of emotions and groups in it."""

    capture: str
    model: str
    array: str
    found: BiasFound | Skipped


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What stands beside a capture: captures of texts, and the rater's answers in the order of the capture's rows."""

    texts: Sequence[Capture]
    answered: Answered | Skipped


def capture_bias(
    capture: Capture, study: Study, beside: Beside, way: Way, *, array: str | None = None, layer: int | None = None
) -> tuple[BiasOutcome, ...]:
    """Every array of a capture of pictures, or the one of that name.

    Raises:
        ProbeError: The capture is of texts or of other pictures, or there is no such array or layer.
    """
    shown = shown_in(capture, study)
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
        prior = language_prior(
            beside.texts, self.capture.about.model_digest, judged.classes, self.groups, (layer, width), self.way
        )
        answered = beside.answered
        rated = (
            answered
            if isinstance(answered, Skipped)
            else Rated(answered.rater, answered.protocol, answered.by_probability)
        )
        return BiasFound(
            layer=layer,
            chosen=chosen,
            identities=identities,
            images=len(judged.rows),
            width=width,
            random=random_cosine(width),
            dealt=min(1.0, float(np.nanquantile(chance, 0.95))),
            layers=layers,
            cells=self._cells(geometry, judged, chance, prior, answered),
            without=without,
            texts=prior if isinstance(prior, Skipped) else prior.texts,
            rated=rated,
            correspondences=self._joint(geometry, judged, prior, answered),
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
        kept = self._reliable(geometry, judged)
        told = [(group, level) for group in self.groups for level in group.told]
        found = []
        for number, (emotion, level) in enumerate(names):
            i, j = divmod(number, len(levels))
            group, code = told[j]
            found.append(
                BiasCell(
                    emotion=emotion,
                    group=level,
                    cosine=cosines[number],
                    unattenuated=unattenuated(cosines[number], kept[0][i], kept[1][j]),
                    p=float(p[number]),
                    p_holm=holm[number].p_adjusted,
                    text=None if isinstance(prior, Skipped) else prior.cosines[i][j],
                    text_p=None if isinstance(prior, Skipped) else float(prior.p[i, j]),
                    text_p_holm=None if isinstance(prior, Skipped) else float(prior.p_holm[i, j]),
                    label=None
                    if isinstance(answered, Skipped)
                    else label_gap(answered, self.shown, emotion, group, group.levels[code]),
                    shifts=()
                    if isinstance(answered, Skipped)
                    else shifts(answered, self.shown, emotion, group, group.levels[code]),
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
        gaps: LabelGaps | Skipped = answered if isinstance(answered, Skipped) else Skipped("no emotion is an answer")
        emotions = judged.classes
        if not isinstance(answered, Skipped):
            emotions = tuple(name for name in judged.classes if name in answered.labels)
            gaps = LabelGaps.of(answered, self.shown, emotions) if emotions else gaps
        kept = np.array([name in emotions for name in judged.classes])
        texts = prior if isinstance(prior, Skipped) else prior.values
        return correspondences(Joint(geometry, gaps, texts, kept), self.way)
