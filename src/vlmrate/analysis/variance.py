"""How widely a rater spreads its numbers, within each emotion and over all, beside three readings of people.

People's spread has three readings, and each answers another question: single ratings (people and images differ), image
means (people averaged away), and one random person an image, which is what a model's one rating an image compares to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate import stats
from vlmrate.analysis.asked import ALL, asked, scale_items
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.analysis.singles import NOT_ON_RECORD, numbered_singles, singles_beside
from vlmrate.stats import GroupSpread, PeopleSpread, SdRatios, Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.analysis.data import Material, RaterRun, ScaleRatings
    from vlmrate.analysis.singles import NumberedSingles
    from vlmrate.study.records import Item


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
    if isinstance(items := scale_items(material), Skipped):
        return items
    return tuple(_item(material, item) for item in items)


@dataclass(frozen=True, slots=True, eq=False)
class _CutRatings:
    """People's ratings of an item by the image's number, cut by emotion once: every rater is compared to them."""

    item: Item
    numbered: NumberedSingles | Skipped
    by_emotion: Mapping[str, pd.Series[float]]
    """Their index the image's number; `ALL` too."""

    def of(self, images: pd.Index, emotion: str) -> tuple[pd.Series[float], NumberedSingles] | Skipped:
        """Single ratings of some images, all of the emotion named (or `ALL`), and whom their numbers name."""
        if isinstance(self.numbered, Skipped):
            return self.numbered
        among = self.by_emotion[emotion]
        inside = among[among.index.isin(self.numbered.images.get_indexer(images))]
        return (inside, self.numbered) if len(inside) else Skipped("people rated none of these images")


def _item(material: Material, item: Item) -> ItemSpread:
    raters, singles = asked(material, item), numbered_singles(material, item)
    people = _cut(material, item, singles)

    def beside(rater: RaterRun) -> _CutRatings:
        others = singles_beside(material, rater, item, singles)
        return people if others is singles else _cut(material, item, others)

    return ItemSpread(
        item=item.name,
        people=_people(material, people),
        raters=raters
        if isinstance(raters, Skipped)
        else tuple(_rater(material, beside(rater), material.scale(rater, item)) for rater in raters),
    )


def _cut(material: Material, item: Item, numbered: NumberedSingles | Skipped) -> _CutRatings:
    emotion = material.images.emotion
    if isinstance(numbered, Skipped):
        return _CutRatings(item, numbered, {})
    singles = numbered.by_image
    if emotion is None:
        return _CutRatings(item, numbered, {ALL: singles})
    posed = numbered.of(emotion).to_numpy()[numbered.image]
    return _CutRatings(
        item, numbered, {ALL: singles, **{name: singles[posed == name] for name in material.images.emotions}}
    )


def _people(material: Material, people: _CutRatings) -> tuple[PeopleSpreadIn, ...]:
    rated = material.people(people.item).index
    overall = PeopleSpreadIn(ALL, len(rated), _people_spread(material, people, rated, ALL))
    return (overall, *(_people_in(material, people, emotion, rated) for emotion in material.images.emotions))


def _people_in(material: Material, people: _CutRatings, emotion: str, rated: pd.Index) -> PeopleSpreadIn:
    posed = material.images.emotion
    inside = rated if posed is None else rated[posed.reindex(rated) == emotion]
    return PeopleSpreadIn(emotion, len(inside), _people_spread(material, people, inside, emotion))


def _people_spread(material: Material, people: _CutRatings, images: pd.Index, emotion: str) -> PeopleSpread:
    told = people.of(images, emotion)
    if not isinstance(told, Skipped):
        return stats.people_spread(told[0], clusters=told[1].clusters, bootstrap=material.bootstrap)
    if (without := material.without_people(people.item)) is not None:
        return PeopleSpread(without, without, without, without)
    means = material.people(people.item).reindex(images)
    clusters = material.images.clusters.reindex(images)
    of_means = stats.mean_sd(means, clusters=clusters, bootstrap=material.bootstrap).sd
    return PeopleSpread(told, of_means, told, told)


def _rater(material: Material, people: _CutRatings, given: ScaleRatings) -> RaterSpread:
    everything = pd.Series(ALL, index=given.spoken.index)
    (overall,) = _spreads_in(material, people, given, everything, (ALL,))
    if given.emotion is None:
        return RaterSpread(given.rater, overall, NO_EMOTION)
    within = _spreads_in(material, people, given, given.emotion, material.images.emotions)
    return RaterSpread(given.rater, overall, within)


def _spreads_in(
    material: Material, people: _CutRatings, given: ScaleRatings, groups: pd.Series[str], order: tuple[str, ...]
) -> tuple[RaterSpreadIn, ...]:
    spreads_in = stats.spread_by_group(
        given.spoken, groups, clusters=given.clusters, bootstrap=material.bootstrap, order=order
    )
    return tuple(
        RaterSpreadIn(
            str(spread.group),
            spread,
            _ratios(material, people, given.spoken[groups == spread.group], str(spread.group)),
        )
        for spread in spreads_in
    )


def _ratios(material: Material, people: _CutRatings, model: pd.Series[float], emotion: str) -> SdRatios:
    told, clusters = people.of(model.index, emotion), material.images.clusters
    if not isinstance(told, Skipped):
        singles, numbered = told
        return stats.sd_ratios(numbered.of(model), singles, clusters=numbered.clusters, bootstrap=material.bootstrap)
    means = material.people(people.item)
    if means.empty or told == NOT_ON_RECORD:
        return SdRatios(told, told, told)
    of_means = stats.sd_ratios(model, means, clusters=clusters, bootstrap=material.bootstrap).image_means
    return SdRatios(told, of_means, told)
