"""Where a rater rates above or below people: per emotion, tested, and corrected over a family that is counted.

Each emotion is tested for itself against no difference (a simple effect), not against another emotion. The bias over
all images is another question and a family of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST, asked_beside_people, rated_scales
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.stats import Adjusted, GroupBias, Outcome, Skipped, TestOutcome

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
    """One rater's bias: over all images, and in each emotion.

    `overall_test` is the t test of the mean difference, images of one identity taken for related; `overall_holm`
    corrects it over all raters of the item.
    """

    rater: str
    overall: Outcome
    overall_test: TestOutcome
    overall_holm: Adjusted | Skipped
    emotions: tuple[EmotionBias, ...] | Skipped


@dataclass(frozen=True, slots=True)
class ItemBias:
    """All raters' biases on one item; `family_size` tests per emotion are corrected together, the overall ones too."""

    item: str
    family: str
    family_size: int
    overall_family: str
    overall_family_size: int
    raters: tuple[RaterBias, ...] | Skipped


def biases(material: Material) -> tuple[ItemBias, ...] | Skipped:
    """The bias for each item that is answered with a number."""
    if isinstance(items := rated_scales(material), Skipped):
        return items
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemBias:
    names = f"bias per emotion in {item.name}, all raters", f"bias over all images in {item.name}, all raters"
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemBias(item.name, names[0], 0, names[1], 0, raters)
    given = [material.scale(rater, item) for rater in raters]
    groups = {ratings.rater: _by_emotion(material, ratings) for ratings in given}
    corrected = _corrected(names[0], groups)
    found = [_rater(material, ratings, groups[ratings.rater], corrected) for ratings in given]
    overall = stats.Family.of(names[1], {entry.rater: entry.overall_test for entry in found})
    holm = {adjusted.test: adjusted for adjusted in stats.holm(overall)}
    told = tuple(replace(entry, overall_holm=holm.get(entry.rater, NO_TEST)) for entry in found)
    return ItemBias(item.name, names[0], corrected.size, names[1], overall.size, told)


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
    tested = stats.t_test(given.value, given.people, clusters=given.clusters)
    return RaterBias(given.rater, _overall(material, given), tested, NO_TEST, emotions)


def _emotion(rater: str, group: GroupBias, corrected: _Corrected) -> EmotionBias:
    test = _test(rater, group)
    return EmotionBias(
        emotion=str(group.group),
        bias=group,
        bonferroni=corrected.bonferroni.get(test, NO_TEST),
        holm=corrected.holm.get(test, NO_TEST),
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
