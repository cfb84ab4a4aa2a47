"""How a rater's numbers follow people's: correlation, error, mean and spread, per item with a scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.asked import asked, rated_scales
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.stats import Estimate, MeanSd, Outcome, Skipped
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.analysis.data import Material, ScaleRatings
    from vlmrate.study.records import Item


ONE_EMOTION = Skipped("the images that people rated show one emotion: r over all of them is r within it")


@dataclass(frozen=True, slots=True)
class RaterDimension:
    """One rater beside the means of people; `rater_values` and `people_values` are over the same n images."""

    rater: str
    n: int
    r: Outcome
    r_within: Outcome
    spearman: Outcome
    mae: Outcome
    rmse: Outcome
    rater_values: MeanSd
    people_values: MeanSd


@dataclass(frozen=True, slots=True)
class ItemDimension:
    """All raters on one item with a scale, highest r first.

    `people_values` are the image means of people, over all `people_images` they rated; `between_emotions` the share of
    the variance of those means that lies between emotions.
    """

    item: str
    low: int
    high: int
    people_images: int
    people_values: MeanSd
    between_emotions: Outcome
    raters: tuple[RaterDimension, ...] | Skipped


def dimensions(material: Material) -> tuple[ItemDimension, ...] | Skipped:
    """Agreement with people for each item that is answered with a number."""
    if isinstance(items := rated_scales(material), Skipped):
        return items
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemDimension:
    people = material.people(item)
    low, high = (item.scale.low, item.scale.high) if isinstance(item.scale, Likert) else (0, 0)
    without = material.without_people(item)
    clusters = material.images.clusters.reindex(people.index)
    return ItemDimension(
        item=item.name,
        low=low,
        high=high,
        people_images=len(people),
        people_values=MeanSd(without, without)
        if without
        else stats.mean_sd(people, clusters=clusters, bootstrap=material.bootstrap),
        between_emotions=without or _between(material, people, clusters),
        raters=without or _raters(material, item),
    )


def _between(material: Material, people: pd.Series[float], clusters: pd.Series[str]) -> Outcome:
    if material.images.emotion is None:
        return NO_EMOTION
    emotion = material.images.emotion.reindex(people.index)
    if emotion.nunique() < 2:
        return ONE_EMOTION
    return stats.share_between(people, emotion, clusters=clusters, bootstrap=material.bootstrap)


def _raters(material: Material, item: Item) -> tuple[RaterDimension, ...] | Skipped:
    raters = asked(material, item)
    if isinstance(raters, Skipped):
        return raters
    return tuple(sorted((agreement(material, material.scale(rater, item)) for rater in raters), key=by_r))


def agreement(material: Material, given: ScaleRatings) -> RaterDimension:
    """One rater's agreement with the means of people, over the images that have both."""
    both = given.value.notna() & given.people.notna()
    value, people, clusters = given.value[both], given.people[both], given.clusters[both]
    bootstrap = material.bootstrap
    return RaterDimension(
        rater=given.rater,
        n=given.n,
        r=stats.pearson_bootstrap(value, people, clusters=clusters, bootstrap=bootstrap),
        r_within=_within(given, both, material),
        spearman=stats.spearman(value, people, level=bootstrap.level),
        mae=stats.mae(value, people, clusters=clusters, bootstrap=bootstrap),
        rmse=stats.rmse(value, people, clusters=clusters, bootstrap=bootstrap),
        rater_values=stats.mean_sd(value, clusters=clusters, bootstrap=bootstrap),
        people_values=stats.mean_sd(people, clusters=clusters, bootstrap=bootstrap),
    )


def by_r(entry: RaterDimension) -> tuple[float, str]:
    """Sort key: highest r first, what has none last, equal ones by name."""
    return (-entry.r.value if isinstance(entry.r, Estimate) else math.inf, entry.rater)


def _within(given: ScaleRatings, both: pd.Series[bool], material: Material) -> Outcome:
    if given.emotion is None:
        return NO_EMOTION
    if given.without_within is not None:
        return given.without_within
    if given.emotion[both].nunique() < 2:
        return ONE_EMOTION
    return stats.pearson_within_bootstrap(
        given.value[both],
        given.people[both],
        given.emotion[both],
        clusters=given.clusters[both],
        bootstrap=material.bootstrap,
    )
