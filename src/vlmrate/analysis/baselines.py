"""What a correlation with people is worth: two raters that know an image's category and nothing else.

- *category mean*: answers with the mean of people's ratings over all images of the emotion posed. It knows the people
  it is scored against, so its r is a bound for whoever sees nothing but the emotion.
- *label only*: a rater whose every number is replaced by its own mean under the label it gave. What the rater's r has
  beyond this comes from the face and not from the word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.analysis.data import NO_EMOTION, NO_PEOPLE, Material, RaterRun, ScaleRatings
from vlmrate.analysis.dimensions import RaterDimension, agreement
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.study.records import Item

CATEGORY_MEAN = "category mean"


@dataclass(frozen=True, slots=True)
class LabelOnly:
    """What is left of a rater's agreement when only its labels are kept; Skipped where it gave no labels."""

    rater: str
    agreement: RaterDimension | Skipped


@dataclass(frozen=True, slots=True)
class ItemBaselines:
    """The baselines of one item with a scale; raters by name."""

    item: str
    category_mean: RaterDimension | Skipped
    raters: tuple[LabelOnly, ...]


def baselines(material: Material) -> tuple[ItemBaselines, ...] | Skipped:
    """The baselines for each item with a scale that people rated."""
    if material.study.ratings is None:
        return NO_PEOPLE
    rated = [item for item in material.scale_items if material.without_people(item) is None]
    if not rated:
        return Skipped("people rated no item that is answered with a number")
    return tuple(_item(material, item) for item in rated)


def _item(material: Material, item: Item) -> ItemBaselines:
    raters = tuple(_rater(material, rater, item) for rater in material.asked(item))
    return ItemBaselines(item.name, _category_mean(material, item), raters)


def _category_mean(material: Material, item: Item) -> RaterDimension | Skipped:
    people, emotion = material.people(item), material.images.emotion
    if emotion is None:
        return NO_EMOTION
    posed = emotion.reindex(people.index)
    means = people.groupby(posed).transform("mean")
    clusters = material.images.clusters.reindex(people.index)
    told = agreement(material, ScaleRatings(CATEGORY_MEAN, means, means, means, people, posed, clusters))
    if means.nunique() > 1:
        return told
    one = Skipped(f"the {told.n:,} images share one mean of their emotion, so that nothing varies with it")
    return replace(told, r=one, r_within=one, spearman=one)


def _rater(material: Material, rater: RaterRun, item: Item) -> LabelOnly:
    answers = emotion_answers(material, rater)
    if answers is None:
        return LabelOnly(rater.name, Skipped("the rater gave no labels"))
    given = material.scale(rater, item)
    labels = answers.reindex(given.value.index)
    means = given.value.groupby(labels).transform("mean").reindex(given.value.index)
    return LabelOnly(rater.name, agreement(material, replace(given, value=means)))


def emotion_answers(material: Material, rater: RaterRun) -> pd.Series[str] | None:
    """The rater's answers to the item that asks for the posed emotion, else to the first item with labels."""
    posed = material.study.factors.emotion
    items = sorted(material.label_items, key=lambda item: item.intended != posed)
    for item in items:
        answers = material.answers(rater, item)
        if len(answers):
            return answers
    return None
