"""Where a rater rates above or below people: per emotion, tested, and corrected over a family that is counted.

Each emotion is tested for itself against no difference (a simple effect), not against another emotion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.data import NO_EMOTION, NO_PEOPLE
from vlmrate.stats import Adjusted, GroupBias, Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.analysis.data import Material, ScaleRatings
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class EmotionBias:
    """The bias in one emotion; corrections are of the signed-rank test's p over the item's family.

    Where an identity has several images of the emotion, the tests take them for related: see `stats.wilcoxon`.
    """

    emotion: str
    bias: GroupBias
    bonferroni: Adjusted | Skipped
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class RaterBias:
    """One rater's bias: over all images, and in each emotion."""

    rater: str
    overall: Outcome
    emotions: tuple[EmotionBias, ...] | Skipped


@dataclass(frozen=True, slots=True)
class ItemBias:
    """All raters' biases on one item; `family_size` tests were made and are corrected together."""

    item: str
    family: str
    family_size: int
    raters: tuple[RaterBias, ...] | Skipped


def biases(material: Material) -> tuple[ItemBias, ...] | Skipped:
    """The bias for each item that is answered with a number."""
    if not material.scale_items:
        return Skipped("no item of the study is answered with a number")
    if material.study.ratings is None:
        return NO_PEOPLE
    return tuple(_item(material, item) for item in material.scale_items)


def _item(material: Material, item: Item) -> ItemBias:
    name = f"bias per emotion in {item.name}, all raters"
    asked = material.asked(item)
    if not asked:
        return ItemBias(item.name, name, 0, Skipped(f"no rater was asked for {item.name}"))
    if (without := material.without_people(item)) is not None:
        return ItemBias(item.name, name, 0, without)
    given = [material.scale(rater, item) for rater in asked]
    groups = {ratings.rater: _by_emotion(material, ratings) for ratings in given}
    corrected = _corrected(name, groups)
    raters = tuple(_rater(material, ratings, groups[ratings.rater], corrected) for ratings in given)
    return ItemBias(item.name, name, corrected.size, raters)


@dataclass(frozen=True, slots=True)
class _Corrected:
    """The tests of a family after correction, by name; a test that was skipped is in neither."""

    size: int
    bonferroni: Mapping[str, Adjusted]
    holm: Mapping[str, Adjusted]


def _corrected(name: str, groups: Mapping[str, Sequence[GroupBias]]) -> _Corrected:
    tests = {_test(rater, group): group.wilcoxon for rater, of_rater in groups.items() for group in of_rater}
    family = stats.Family.of(name, tests)
    return _Corrected(
        size=family.size,
        bonferroni={adjusted.test: adjusted for adjusted in stats.bonferroni(family)},
        holm={adjusted.test: adjusted for adjusted in stats.holm(family)},
    )


def _rater(material: Material, given: ScaleRatings, groups: Sequence[GroupBias], corrected: _Corrected) -> RaterBias:
    emotions = NO_EMOTION if given.emotion is None else tuple(_emotion(given.rater, g, corrected) for g in groups)
    return RaterBias(given.rater, _overall(material, given), emotions)


def _emotion(rater: str, group: GroupBias, corrected: _Corrected) -> EmotionBias:
    untested = Skipped("there is no test to correct")
    test = _test(rater, group)
    return EmotionBias(
        emotion=str(group.group),
        bias=group,
        bonferroni=corrected.bonferroni.get(test, untested),
        holm=corrected.holm.get(test, untested),
    )


def _test(rater: str, group: GroupBias) -> str:
    return f"{rater}, {group.group}"


def _overall(material: Material, given: ScaleRatings) -> Outcome:
    return stats.mean_difference_bootstrap(
        given.value, given.people, clusters=given.clusters, bootstrap=material.bootstrap
    )


def _by_emotion(material: Material, given: ScaleRatings) -> tuple[GroupBias, ...]:
    if given.emotion is None:
        return ()
    # An emotion that people rated no image of (smiles in a study of neutral faces) has no bias to speak of.
    rated = given.people.notna()
    return stats.bias_by_group(
        given.value[rated],
        given.people[rated],
        given.emotion[rated],
        clusters=given.clusters[rated],
        bootstrap=material.bootstrap,
        order=material.images.emotions,
    )
