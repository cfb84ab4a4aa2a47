"""Whether a rater's bias differs between groups of images (who is shown), with the raw group effects beside it.

Bias between groups is the difference of (rater - people) in one group and in the other. A rater that rates one group
lower is not biased by that alone, for people may do the same: its own effect is told, and not called bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST, asked_beside_people, rated_scales
from vlmrate.analysis.groups import NO_GROUPS, RatedByBoth, group_factors
from vlmrate.stats import Adjusted, GroupGap, Skipped
from vlmrate.stats.gaps import REST

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, ScaleRatings
    from vlmrate.analysis.groups import GroupFactor
    from vlmrate.study.records import Item


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
        return NO_GROUPS
    if isinstance(items := rated_scales(material), Skipped):
        return items
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemGroupBias:
    name = f"bias between groups in {item.name}, all raters and factors"
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemGroupBias(item.name, name, 0, raters)
    found = [gap for rater in raters for gap in _rater(material, material.scale(rater, item))]
    family = stats.Family.of(name, {_test(gap): gap.gap.test for gap in found})
    holm = {adjusted.test: adjusted for adjusted in stats.holm(family)}
    return ItemGroupBias(item.name, name, family.size, tuple(_corrected(gap, holm) for gap in found))


def _rater(material: Material, given: ScaleRatings) -> list[GroupBiasOf]:
    rated = RatedByBoth.of(material, given)
    return [gap for factor in group_factors(material) for gap in _factor(material, rated, factor)]


def _factor(material: Material, rated: RatedByBoth, factor: GroupFactor) -> list[GroupBiasOf]:
    """The gaps of all pairs of levels that the study has, whether or not the rater and people rated their images."""
    images, differs = factor.of_image.index, rated.mix_differs(factor)
    gaps = stats.group_gaps(
        rated.value.reindex(images),
        rated.people.reindex(images),
        factor.of_image,
        strata=material.images.emotion if differs else None,
        clusters=material.images.clusters,
        level=material.bootstrap.level,
    )
    if isinstance(gaps, Skipped):
        gaps = (GroupGap(factor.levels[0], REST, len(rated.value), 0, gaps, gaps, gaps, gaps),)
    return [GroupBiasOf(rated.rater, factor.name, gap, differs, NO_TEST) for gap in gaps]


def _corrected(gap: GroupBiasOf, holm: dict[str, Adjusted]) -> GroupBiasOf:
    return GroupBiasOf(gap.rater, gap.factor, gap.gap, gap.over_emotions, holm.get(_test(gap), gap.holm))


def _test(gap: GroupBiasOf) -> str:
    return f"{gap.rater}, {gap.factor}: {gap.gap.group} against {gap.gap.reference}"
