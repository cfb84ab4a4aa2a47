"""Features of a dictionary in the place of an emotion's or a group's direction: their angles, and what is answered.

In the place of an emotion a feature is held against groups, in the place of a group against emotions: what the rater
answers is then told between pictures in which the feature is active and all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.along import along_pictures, along_texts
from vlmrate.probe.behaviour import ActiveGaps, Shift, are_labels, label_gap, share_gap, shifts
from vlmrate.probe.correspondence import Correspondence, Sides, correspondences, identities_of, places_of, same_cells
from vlmrate.probe.geometry import unattenuated
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from vlmrate.probe.along import Along
    from vlmrate.probe.answered import Answered
    from vlmrate.probe.geometry import Geometry
    from vlmrate.probe.labelled import Labelled
    from vlmrate.probe.prior import Concepts
    from vlmrate.probe.separability import Way
    from vlmrate.probe.shown import Shown
    from vlmrate.probe.sparse.active import Pointed

ACTIVE, SILENT = "active", "not active"
LEAST_PEOPLE = 2
"""People on both sides that a standard error needs."""
TOO_FEW = Skipped("the feature is not both active and not active in pictures of two people")


@dataclass(frozen=True, slots=True)
class FeatureCell:
    """A feature and `other`, an emotion or a level of a group (FACTOR=LEVEL): the angle inside, and what is answered.

    `unattenuated` is the cosine over the root of the reliability of the other direction, the feature's being fixed. `p`
    is that of what emotions leave over dealt anew within identities, or of groups dealt between them, of either sign,
    `text_p` that of what concepts leave over dealt anew to texts; each is corrected over all cells of features.
    `active` is how much more often the feature is active in pictures of the other than in all others, of a group within
    each emotion shown. `label` is how much more often an emotion's label is given where the feature is active, within
    each emotion whose rated pictures show two people or more on both sides, `shifts` how ratings of the emotion's
    pictures are shifted there: neither is told of a group. What else is None has its reason in the `texts` and `rated`
    of the array.
    """

    other: str
    cosine: Outcome
    unattenuated: Outcome
    p: float
    p_holm: float
    text: Outcome | None
    text_p: float | None
    text_p_holm: float | None
    active: Outcome
    label: Outcome | None
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class FeatureAngles:
    """One feature, feature:NUMBER: in how many pictures it is active, and its cells, emotions first."""

    feature: str
    images: int
    cells: tuple[FeatureCell, ...]


@dataclass(frozen=True, slots=True)
class FeaturesFound:
    """Features of a dictionary; correspondences are over the cells of emotions and features that answers tell of."""

    dictionary: str
    features: tuple[FeatureAngles, ...]
    correspondences: tuple[Correspondence, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What features are told of: all pictures of a capture (`shown`), and those whose emotion and identity are known.

    `values` (judged, width) is what was measured of the latter in one layer, `halves` are split-half cosines of
    emotions, then levels, `order` (dealings, identities) says by whose level each identity's is replaced.
    """

    shown: Shown
    judged: Labelled
    values: np.ndarray
    geometry: Geometry
    halves: np.ndarray
    order: np.ndarray
    concepts: Concepts | Skipped
    answered: Answered | Skipped

    @property
    def emotions(self) -> tuple[str, ...]:
        """The emotions that are told."""
        return self.judged.classes

    @property
    def others(self) -> tuple[str, ...]:
        """Emotions, then levels of groups, as features are held against them."""
        return (*self.emotions, *self.geometry.names)

    def more_active(self, number: int, active: np.ndarray) -> Outcome:
        """How much more often a feature is active (pictures,) where one of the others is shown."""
        shares = active.astype(np.float64)
        if number < len(self.emotions):
            levels = self.shown.labels(self.shown.emotion or "")
            return share_gap(self.shown, shares, levels, self.emotions[number], within=False)
        told = [(group, level) for group in self.geometry.groups for level in group.told]
        group, code = told[number - len(self.emotions)]
        return share_gap(self.shown, shares, self.shown.labels(group.factor), group.levels[code])

    def apart(self, active: np.ndarray) -> np.ndarray:
        """Rated pictures in which a feature is active, and those in which it is not (2, pictures).

        Of an emotion that does not show two people on both sides, the answers to its pictures tell nothing: left out.
        """
        posed, people = (self.shown.labels(name or "") for name in (self.shown.emotion, self.shown.identity))
        sides = np.array([active, ~active]) & (posed != "") & (people != "")
        if not isinstance(self.answered, Skipped):
            sides &= np.isfinite(self.answered.given).all(axis=1)
        for emotion in np.unique(posed.astype(str)):
            if min(len(np.unique(people[side & (posed == emotion)].astype(str))) for side in sides) < LEAST_PEOPLE:
                sides &= posed != emotion
        return np.asarray(sides)

    def answers(self, number: int, sides: np.ndarray) -> tuple[Outcome | None, tuple[Shift, ...]]:
        """How much more often an emotion's label is given where a feature is active, and ratings shifted there.

        `sides` (2, pictures) are those in which it is active, and in which it is not.
        """
        if isinstance(self.answered, Skipped) or number >= len(self.emotions):
            return None, ()
        emotion = self.emotions[number]
        levels = np.where(sides[0], ACTIVE, np.where(sides[1], SILENT, "")).astype(object)
        label = label_gap(self.answered, self.shown, emotion, levels, ACTIVE) if sides.any() else TOO_FEW
        shifted = shifts(self.answered, self.shown, emotion, levels, ACTIVE)
        if not sides[:, self.shown.labels(self.shown.emotion or "") == emotion].any():
            shifted = tuple(replace(shift, bias=TOO_FEW) for shift in shifted)
        return label, shifted


def features_found(pointed: Pointed, seen: Seen, way: Way) -> FeaturesFound:
    """Angles of features with every emotion and every level, and what is answered where they are active."""
    names = [f"cosine of {feature} and {other}" for other in seen.others for feature in pointed.names]
    along = along_pictures(pointed.units, seen.judged, seen.values, seen.geometry, seen.order, way)
    told = along.told(names, len(seen.judged.rows), way)
    texts = seen.concepts if isinstance(seen.concepts, Skipped) else along_texts(pointed.units, seen.concepts, way)
    prior = None if isinstance(texts, Skipped) else texts.told(names, texts.drawn_from, way)

    sides = np.stack([seen.apart(active) for active in pointed.active.T], axis=-1)

    def cell(feature: int, number: int) -> FeatureCell:
        place = number * len(pointed.names) + feature
        label, shifted = seen.answers(number, sides[..., feature])
        return FeatureCell(
            other=seen.others[number],
            cosine=told.cosines[place],
            unattenuated=unattenuated(told.cosines[place], seen.halves[number]),
            p=told.p[place],
            p_holm=told.p_holm[place],
            text=None if prior is None else prior.cosines[place],
            text_p=None if prior is None else prior.p[place],
            text_p_holm=None if prior is None else prior.p_holm[place],
            active=seen.more_active(number, pointed.active[:, feature]),
            label=label,
            shifts=shifted,
        )

    return FeaturesFound(
        pointed.dictionary,
        tuple(
            FeatureAngles(name, int(images), tuple(cell(feature, number) for number in range(len(seen.others))))
            for feature, (name, images) in enumerate(zip(pointed.names, pointed.active.sum(axis=0), strict=True))
        ),
        correspondences(_sides(sides, seen, along, texts), way),
    )


def _sides(apart: np.ndarray, seen: Seen, along: Along, texts: Along | Skipped) -> Sides:
    """Of all pictures that were read, and those that were rated; `apart` (2, pictures, features) as `Seen.apart`.

    Features that have no two sides are left out, but where none has, or nothing was answered. In which pictures a
    feature is active does not belong to identities, so that nothing is dealt between them.
    """
    kept = are_labels(seen.answered, seen.emotions)
    named = [name for name, there in zip(seen.emotions, kept, strict=True) if there]
    answered, two_sided = seen.answered, apart.any(axis=(0, 1))
    if not isinstance(answered, Skipped) and not two_sided.any():
        answered = TOO_FEW
    told = np.flatnonzero(two_sided | isinstance(answered, Skipped))
    gaps = ActiveGaps.of(answered, seen.shown, named, apart[..., told])
    judged = seen.geometry.cells.identities
    identities = identities_of(judged, gaps)

    def pictures(drawn: np.ndarray, order: np.ndarray | None) -> np.ndarray:  # noqa: ARG001  as of groups
        found = along.of(drawn[:, places_of(judged, identities)])[:, : len(kept)]
        return np.asarray(found[:, kept][..., told].reshape(len(drawn), -1))

    def labels(gaps: ActiveGaps, drawn: np.ndarray, order: np.ndarray | None) -> np.ndarray:  # noqa: ARG001  as of groups
        found = gaps.over(drawn[:, places_of(gaps.identities, identities)])
        return np.asarray(found.transpose(0, 2, 1).reshape(len(drawn), -1))

    return Sides(
        pictures,
        gaps if isinstance(gaps, Skipped) else partial(labels, gaps),
        same_cells(texts if isinstance(texts, Skipped) else texts.real[: len(kept), told], kept),
        int(kept.sum()),
        len(told),
        identities,
        None,
    )
