"""Where a bias comes from: how much of it stands under the right label, and how much comes with a wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate import stats
from vlmrate.analysis.asked import ALL, asked_beside_people, rated_scales
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.stats import BiasSplit, Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class RaterSplit:
    """One rater's bias split over all images, and within each emotion."""

    rater: str
    overall: BiasSplit | Skipped
    emotions: tuple[BiasSplit, ...] | Skipped


@dataclass(frozen=True, slots=True)
class ItemSplit:
    """All raters' split biases on one item with a scale; `labels` is the item whose answers are right or wrong."""

    item: str
    labels: str
    raters: tuple[RaterSplit, ...] | Skipped


def bias_splits(material: Material) -> tuple[ItemSplit, ...] | Skipped:
    """The split for each item that is answered with a number."""
    if isinstance(items := rated_scales(material), Skipped):
        return items
    labels = intended_item(material)
    if labels is None:
        return Skipped("no item of the study has labels of which one is intended")
    return tuple(_item(material, item, labels) for item in items)


def intended_item(material: Material) -> Item | None:
    """The item that asks for the posed emotion, else the first one with an intended answer."""
    asked = [item for item in material.label_items if item.intended is not None]
    return min(asked, key=lambda item: item.intended != material.study.factors.emotion, default=None)


def _item(material: Material, item: Item, labels: Item) -> ItemSplit:
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemSplit(item.name, labels.name, raters)
    labelled = material.asked(labels)
    none = Skipped(f"the rater gave no answers to {labels.name}")
    told = (
        _rater(material, rater, item, labels) if rater in labelled else RaterSplit(rater.name, none, none)
        for rater in raters
    )
    return ItemSplit(item.name, labels.name, tuple(told))


def _rater(material: Material, rater: RaterRun, item: Item, labels: Item) -> RaterSplit:
    given, answers = material.scale(rater, item), material.labels(rater, labels)
    shared = given.value.index[given.value.index.isin(answers.answer.index)]
    rated = shared[given.people[shared].notna()]
    columns = (given.value[rated], given.people[rated], answers.intended[rated], answers.answer[rated])
    clusters, bootstrap = given.clusters[rated], material.bootstrap
    everything = pd.Series(ALL, index=rated)
    overall = stats.bias_split(*columns, groups=everything, clusters=clusters, bootstrap=bootstrap)
    whole = overall[0] if overall else Skipped("no image was rated by both")
    if given.emotion is None:
        return RaterSplit(rater.name, whole, NO_EMOTION)
    emotions = stats.bias_split(
        *columns,
        groups=given.emotion[rated],
        clusters=clusters,
        bootstrap=bootstrap,
        order=material.images.emotions,
    )
    return RaterSplit(rater.name, whole, emotions)
