"""How widely a rater spreads its numbers, within each emotion and over all, beside three readings of people.

People's spread has three readings, and each answers another question: single ratings (people and images differ), image
means (people averaged away), and one random person an image, which is what a model's one rating an image compares to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate import stats
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.stats import GroupSpread, PeopleSpread, SdRatios, Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, ScaleRatings
    from vlmrate.study.records import Item

ALL = "all images"


@dataclass(frozen=True, slots=True)
class PeopleSpreadIn:
    """People's spread within one emotion, or over all images."""

    emotion: str
    images: int
    spread: PeopleSpread


@dataclass(frozen=True, slots=True)
class RaterSpreadIn:
    """A rater's spread within one emotion or over all images, and its ratio to people's."""

    emotion: str
    spread: GroupSpread
    ratios: SdRatios


@dataclass(frozen=True, slots=True)
class RaterSpread:
    """One rater's spread: over all images, and within each emotion."""

    rater: str
    overall: RaterSpreadIn
    emotions: tuple[RaterSpreadIn, ...] | Skipped


@dataclass(frozen=True, slots=True)
class ItemSpread:
    """Spread of all raters and of people on one item with a scale; the first entry of `people` is all images."""

    item: str
    people: tuple[PeopleSpreadIn, ...]
    raters: tuple[RaterSpread, ...] | Skipped


def spreads(material: Material) -> tuple[ItemSpread, ...] | Skipped:
    """The spread for each item that is answered with a number."""
    if not material.scale_items:
        return Skipped("no item of the study is answered with a number")
    return tuple(_item(material, item) for item in material.scale_items)


def _item(material: Material, item: Item) -> ItemSpread:
    asked = material.asked(item)
    raters = tuple(_rater(material, item, material.scale(rater, item)) for rater in asked)
    return ItemSpread(
        item=item.name,
        people=_people(material, item),
        raters=raters if raters else Skipped(f"no rater was asked for {item.name}"),
    )


def _people(material: Material, item: Item) -> tuple[PeopleSpreadIn, ...]:
    rated = material.people(item).index
    overall = PeopleSpreadIn(ALL, len(rated), _people_spread(material, item, rated))
    return (overall, *(_people_in(material, item, emotion, rated) for emotion in material.images.emotions))


def _people_in(material: Material, item: Item, emotion: str, rated: pd.Index) -> PeopleSpreadIn:
    posed = material.images.emotion
    inside = rated if posed is None else rated[posed.reindex(rated) == emotion]
    return PeopleSpreadIn(emotion, len(inside), _people_spread(material, item, inside))


def _people_spread(material: Material, item: Item, images: pd.Index) -> PeopleSpread:
    singles = _singles(material, item, images)
    if not isinstance(singles, Skipped):
        return stats.people_spread(singles, clusters=material.images.clusters, bootstrap=material.bootstrap)
    if (without := material.without_people(item)) is not None:
        return PeopleSpread(without, without, without, without)
    means = material.people(item).reindex(images)
    clusters = material.images.clusters.reindex(images)
    of_means = stats.mean_sd(means, clusters=clusters, bootstrap=material.bootstrap).sd
    return PeopleSpread(singles, of_means, singles, singles)


def _singles(material: Material, item: Item, images: pd.Index) -> pd.Series[float] | Skipped:
    """People's single ratings of some images, with the image_id as index."""
    singles = material.singles(item)
    if isinstance(singles, Skipped):
        return singles
    inside = singles[singles["image_id"].isin(images)]
    if inside.empty:
        return Skipped("people rated none of these images")
    return inside.set_index("image_id")["value"]


def _rater(material: Material, item: Item, given: ScaleRatings) -> RaterSpread:
    everything = pd.Series(ALL, index=given.spoken.index)
    (overall,) = _spreads_in(material, item, given, everything, (ALL,))
    if given.emotion is None:
        return RaterSpread(given.rater, overall, NO_EMOTION)
    within = _spreads_in(material, item, given, given.emotion, material.images.emotions)
    return RaterSpread(given.rater, overall, within)


def _spreads_in(
    material: Material, item: Item, given: ScaleRatings, groups: pd.Series[str], order: tuple[str, ...]
) -> tuple[RaterSpreadIn, ...]:
    spreads_in = stats.spread_by_group(
        given.spoken, groups, clusters=given.clusters, bootstrap=material.bootstrap, order=order
    )
    return tuple(
        RaterSpreadIn(str(spread.group), spread, _ratios(material, item, given.spoken[groups == spread.group]))
        for spread in spreads_in
    )


def _ratios(material: Material, item: Item, model: pd.Series[float]) -> SdRatios:
    clusters = material.images.clusters
    singles = _singles(material, item, model.index)
    if not isinstance(singles, Skipped):
        return stats.sd_ratios(model, singles, clusters=clusters, bootstrap=material.bootstrap)
    means = material.people(item)
    if means.empty:
        return SdRatios(singles, singles, singles)
    of_means = stats.sd_ratios(model, means, clusters=clusters, bootstrap=material.bootstrap).image_means
    return SdRatios(singles, of_means, singles)
