"""What figures draw point by point: raters' numbers beside people's means, image by image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrate.analysis.asked import ALL
from vlmrate.stats import Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.dimensions import ItemDimension, RaterDimension

Numbers: TypeAlias = NDArray[np.float64]

MOST_RATERS = 8
"""Raters that one figure of small panels holds."""
MOST_EMOTIONS = 8
BEST = "the raters with the highest r"


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """A rater's ratings of one emotion (or all images) beside people's means, an entry an image with both."""

    emotion: str
    people: Numbers
    rater: Numbers


def scale_items(analysis: Analysis) -> Iterator[tuple[ItemDimension, tuple[RaterDimension, ...]]]:
    """Items with a scale that people and raters rated, and their raters with any image to compare; best r first."""
    if isinstance(analysis.dimensions, Skipped):
        return
    for item in analysis.dimensions:
        if not isinstance(item.raters, Skipped):
            raters = tuple(rater for rater in item.raters if rater.n > 0)
            if raters:
                yield item, raters


def emotions(analysis: Analysis) -> tuple[str, ...]:
    """The levels of the emotion factor in the order of the item that asks for them; none where there is no factor."""
    given = emotion_of_images(analysis)
    levels = tuple(dict.fromkeys(given or ()))
    for item in analysis.design.items:
        if isinstance(item.scale, Labels) and set(levels) <= set(item.scale.options):
            return tuple(option for option in item.scale.options if option in levels)
    return levels


def emotion_of_images(analysis: Analysis) -> tuple[str, ...] | None:
    """The emotion of each image; None where the study names no such factor."""
    return next((factor.levels for factor in analysis.images.factors if factor.part == "emotion"), None)


def pairs_by_emotion(analysis: Analysis, rater: str, item: str) -> tuple[Pairs, ...]:
    """The pairs of each emotion that has any, else of all images."""
    people, values = people_means(analysis, item), rater_values(analysis, rater, item)
    both = ~(np.isnan(people) | np.isnan(values))
    given = emotion_of_images(analysis)
    if given is None:
        return (Pairs(ALL, people[both], values[both]),)
    of_image = np.array(given, dtype=object)
    cut = [(emotion, both & (of_image == emotion)) for emotion in emotions(analysis)]
    return tuple(Pairs(emotion, people[inside], values[inside]) for emotion, inside in cut if inside.any())


def people_means(analysis: Analysis, item: str) -> Numbers:
    """People's mean of each image, NaN where there is none."""
    column = next((column for column in analysis.images.people if column.item == item), None)
    return _numbers((None,) * len(analysis.images.image_id) if column is None else column.mean)


def rater_values(analysis: Analysis, rater: str, item: str) -> Numbers:
    """A rater's number for each image, NaN where there is none."""
    found = (column.value for column in analysis.images.raters if (column.rater, column.item) == (rater, item))
    return _numbers(next(found, (None,) * len(analysis.images.image_id)))


def _numbers(values: tuple[float | None, ...]) -> Numbers:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
