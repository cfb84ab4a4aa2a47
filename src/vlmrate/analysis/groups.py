"""The factors of groups that a study names (race, gender …): each image's level, and what their lack is called."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, ScaleRatings

NO_GROUPS = Skipped("the study names no factor of groups")
SAME_MIX = 0.02
"""Groups are compared as they are while no two of them have mixes of emotions further apart than this: the share of one
group's images that would have to show another emotion for both mixes to be the same (total variation distance)."""
ROUNDING = 1e-9
"""Shares such as 26/50 - 25/50 miss .02 by their last bit."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupFactor:
    """A factor of groups, or an intersection of two: each image's level by image_id."""

    name: str
    of_image: pd.Series[str]

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels, in the order in which the study's images have them."""
        return tuple(dict.fromkeys(self.of_image))

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every two levels."""
        return tuple(combinations(self.levels, 2))

    def alone(self) -> Skipped | None:
        """Why no two levels can be compared, None where they can."""
        if len(self.levels) > 1:
            return None
        return Skipped(f"all images are of {self.levels[0]}: the levels of {self.name} must differ to be compared")


def group_factors(material: Material) -> tuple[GroupFactor, ...]:
    """Every factor of groups that the study names."""
    return tuple(group_factor(material, name) for name in material.study.factors.groups)


def group_factor(material: Material, name: str) -> GroupFactor:
    """One of the factors, by its name."""
    levels = {stimulus.image_id: stimulus.factors[name] for stimulus in material.study.stimuli}
    return GroupFactor(name, pd.Series(levels, dtype=object))


@dataclass(frozen=True, slots=True, eq=False)
class RatedByBoth:
    """The images that a rater and people rated; all Series share their index, the image_id.

    `stratum` is the emotion, "all" where the study names none; `strata` are those among the images.
    """

    rater: str
    value: pd.Series[float]
    people: pd.Series[float]
    stratum: pd.Series[str]
    strata: tuple[str, ...]
    clusters: pd.Series[str]

    @classmethod
    def of(cls, material: Material, given: ScaleRatings) -> RatedByBoth:
        """Leave out what either did not rate."""
        both = given.value.notna() & given.people.notna()
        ids = given.value.index[both]
        stratum = pd.Series("all", index=ids, dtype=object) if given.emotion is None else given.emotion[both]
        named = material.images.emotions if given.emotion is not None else ("all",)
        shown = set(stratum)
        strata = tuple(name for name in named if name in shown)
        return cls(given.rater, given.value[both], given.people[both], stratum, strata, given.clusters[both])

    @property
    def difference(self) -> pd.Series[float]:
        """Rater minus people, in scale points."""
        return self.value - self.people

    @property
    def repeats_identities(self) -> bool:
        """Whether images share a cluster."""
        return bool(self.clusters.duplicated().any())

    def levels(self, factor: GroupFactor) -> pd.Series[str]:
        """The level of each image."""
        return factor.of_image.reindex(self.value.index)

    def mix_differs(self, factor: GroupFactor) -> bool:
        """Whether two levels' mixes of emotions lie further apart than `SAME_MIX`: an emotion's bias may be theirs."""
        shares = pd.crosstab(self.levels(factor), self.stratum, normalize="index").to_numpy()
        apart = (np.abs(one - other).sum() / 2 for one, other in combinations(shares, 2))
        return bool(max(apart, default=0.0) > SAME_MIX + ROUNDING)
