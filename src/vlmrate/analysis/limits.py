"""Limits of agreement: within which distance of people a rater's single answers lie, and where the distance grows.

Two readings. Against people's *means* the limits say how far a rating lies from what people say on average. Against
*one person* they say how far it lies from a single rating by a single person, whose own scatter the means hide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST, asked_beside_people, rated_scales
from vlmrate.analysis.others import is_person
from vlmrate.analysis.singles import ONE_OF_THEM, numbered_singles
from vlmrate.stats import Adjusted, BlandAltman, Outcome, RepeatedBlandAltman, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.analysis.data import Material, ScaleRatings
    from vlmrate.analysis.singles import NumberedSingles
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class RaterLimits:
    """One rater's limits of agreement with people's means and with one person, and Lin's concordance with the means.

    `slope_holm` corrects the test of proportional bias in `means` over the item's family.
    """

    rater: str
    means: BlandAltman | Skipped
    one_person: RepeatedBlandAltman | Skipped
    ccc: Outcome
    slope_holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class ItemLimits:
    """All raters' limits of agreement on one item with a scale; `family_size` slopes are corrected together."""

    item: str
    family: str
    family_size: int
    raters: tuple[RaterLimits, ...] | Skipped


def limits_of_agreement(material: Material) -> tuple[ItemLimits, ...] | Skipped:
    """The limits of agreement for each item that is answered with a number."""
    if isinstance(items := rated_scales(material), Skipped):
        return items
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemLimits:
    name = f"proportional bias in {item.name}, all raters"
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemLimits(item.name, name, 0, raters)
    singles = numbered_singles(material, item)
    told = [
        _rater(material, material.scale(rater, item), ONE_OF_THEM if is_person(rater.run) else singles)
        for rater in raters
    ]
    return _corrected(item, name, told)


def _corrected(item: Item, name: str, raters: Sequence[RaterLimits]) -> ItemLimits:
    tests = {entry.rater: entry.means.slope_test for entry in raters if not isinstance(entry.means, Skipped)}
    family = stats.Family.of(name, tests)
    holm = {adjusted.test: adjusted for adjusted in stats.holm(family)}
    corrected = tuple(replace(entry, slope_holm=holm.get(entry.rater, entry.slope_holm)) for entry in raters)
    return ItemLimits(item.name, name, family.size, corrected)


def _rater(material: Material, given: ScaleRatings, singles: NumberedSingles | Skipped) -> RaterLimits:
    clusters, bootstrap = given.clusters, material.bootstrap
    return RaterLimits(
        rater=given.rater,
        means=stats.bland_altman_bootstrap(given.value, given.people, clusters=clusters, bootstrap=bootstrap),
        one_person=singles
        if isinstance(singles, Skipped)
        else stats.bland_altman_repeated(
            singles.of(given.spoken), singles.by_image, clusters=singles.clusters, bootstrap=bootstrap
        ),
        ccc=stats.ccc_bootstrap(given.value, given.people, clusters=clusters, bootstrap=bootstrap),
        slope_holm=NO_TEST,
    )
