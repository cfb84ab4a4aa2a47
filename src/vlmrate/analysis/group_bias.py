"""Whether a rater's bias differs between groups of images (who is shown), with the raw group effects beside it.

Bias between groups is the difference of (rater - people) in one group and in the other. A rater that rates one group
lower is not biased by that alone, for people may do the same: its own effect is told, and not called bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate import stats
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.stats import Adjusted, GroupGap, Skipped
from vlmrate.stats.gaps import REST

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, ScaleRatings
    from vlmrate.study.records import Item

SAME_MIX = 0.02
"""Groups are compared as they are while no two of them have mixes of emotions further apart than this: the share of one
group's images that would have to show another emotion for both mixes to be the same (total variation distance)."""
ROUNDING = 1e-9
"""Shares such as 26/50 - 25/50 miss .02 by their last bit."""


@dataclass(frozen=True, slots=True)
class GroupBiasOf:
    """One rater, one pair of levels of a factor; `gap.bias` is the bias, the effects stand beside it.

    A level without an image rated by both, and a factor with one level, are rows whose every entry is Skipped.
    `over_emotions` says that the gap is the mean of the gaps within emotions, because the groups' mix differs.
    """

    rater: str
    factor: str
    gap: GroupGap
    over_emotions: bool
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class ItemGroupBias:
    """Bias between groups on one item; `family_size` tests are corrected together."""

    item: str
    family: str
    family_size: int
    raters: tuple[GroupBiasOf, ...] | Skipped


def group_biases(material: Material) -> tuple[ItemGroupBias, ...] | Skipped:
    """Bias between the levels of every factor of groups, for each item that is answered with a number."""
    if not material.study.factors.groups:
        return Skipped("the study names no factor of groups")
    if not material.scale_items:
        return Skipped("no item of the study is answered with a number")
    if material.study.ratings is None:
        return NO_PEOPLE
    return tuple(_item(material, item) for item in material.scale_items)


def _item(material: Material, item: Item) -> ItemGroupBias:
    name = f"bias between groups in {item.name}, all raters and factors"
    asked = material.asked(item)
    if not asked:
        return ItemGroupBias(item.name, name, 0, Skipped(f"no rater was asked for {item.name}"))
    if (without := material.without_people(item)) is not None:
        return ItemGroupBias(item.name, name, 0, without)
    found = [gap for rater in asked for gap in _rater(material, material.scale(rater, item))]
    family = stats.Family.of(name, {_test(gap): gap.gap.test for gap in found})
    holm = {adjusted.test: adjusted for adjusted in stats.holm(family)}
    return ItemGroupBias(item.name, name, family.size, tuple(_corrected(gap, holm) for gap in found))


def _rater(material: Material, given: ScaleRatings) -> list[GroupBiasOf]:
    levels = {factor: _levels(material, factor) for factor in material.study.factors.groups}
    return [gap for factor, of_image in levels.items() for gap in _factor(material, given, factor, of_image)]


def _levels(material: Material, factor: str) -> pd.Series[str]:
    return pd.Series({s.image_id: s.factors[factor] for s in material.study.stimuli}, dtype=object)


def _factor(material: Material, given: ScaleRatings, factor: str, levels: pd.Series[str]) -> list[GroupBiasOf]:
    """The gaps of all pairs of levels that the study has, whether or not the rater and people rated their images."""
    images, emotion = levels.index, material.images.emotion
    value, people = given.value.reindex(images), given.people.reindex(images)
    both = value.notna() & people.notna()
    differs = emotion is not None and _mix_differs(levels[both], emotion[both])
    gaps = stats.group_gaps(
        value,
        people,
        levels,
        strata=emotion if differs else None,
        clusters=material.images.clusters,
        level=material.bootstrap.level,
    )
    untested = Skipped("there is no test to correct")
    told = _alone(levels, int(both.sum()), gaps) if isinstance(gaps, Skipped) else gaps
    return [GroupBiasOf(given.rater, factor, gap, differs, untested) for gap in told]


def _alone(levels: pd.Series[str], n: int, why: Skipped) -> tuple[GroupGap, ...]:
    """The row of a factor whose levels do not differ."""
    return (GroupGap(levels.iloc[0], REST, n, 0, why, why, why, why),)


def _mix_differs(groups: pd.Series[str], emotion: pd.Series[str]) -> bool:
    """Whether two groups' mixes of emotions differ by more than `SAME_MIX`, so that an emotion's bias would pass for a
    group's."""
    shares = pd.crosstab(groups, emotion, normalize="index").to_numpy()
    apart = (abs(one - other).sum() / 2 for one, other in combinations(shares, 2))
    return bool(max(apart, default=0.0) > SAME_MIX + ROUNDING)


def _corrected(gap: GroupBiasOf, holm: dict[str, Adjusted]) -> GroupBiasOf:
    return GroupBiasOf(gap.rater, gap.factor, gap.gap, gap.over_emotions, holm.get(_test(gap), gap.holm))


def _test(gap: GroupBiasOf) -> str:
    return f"{gap.rater}, {gap.factor}: {gap.gap.group} against {gap.gap.reference}"
