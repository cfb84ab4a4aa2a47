"""What the subset's answers are held against: intended labels, people's means, and the groups of the images."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from vlmrate.check.records import RatedImage
    from vlmrate.study.records import Item, Stimulus, Study

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
DECIMALS = 9
"""Decimals of people's means in the digest."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The references of a subset, one an image in its order.

    `labels` are the right answers to each item with labels (the intended one, else the one that most people gave; None
    where there is none), `means` those of people to each item with a scale (NaN where nobody rated). `groups` say which
    images belong to which factor=level; `clusters` name who is shown.
    """

    items: tuple[Item, ...]
    labels: Mapping[str, tuple[str | None, ...]]
    means: Mapping[str, FloatArray]
    groups: Mapping[str, BoolArray]
    clusters: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the labels and means."""
        means = {
            item: [None if np.isnan(v) else round(float(v), DECIMALS) for v in m] for item, m in self.means.items()
        }
        return hashlib.sha256(json.dumps([dict(self.labels), means], sort_keys=True).encode()).hexdigest()


def truth_of(study: Study, stimuli: Sequence[Stimulus], items: Sequence[str]) -> Truth:
    """The references of some images for the items named."""
    asked = tuple(item for item in study.items if item.name in items)
    factors = [name for name in (study.factors.emotion, *study.factors.groups) if name is not None]
    identity = study.factors.identity
    return Truth(
        items=asked,
        labels={item.name: _labels(study, stimuli, item) for item in asked if isinstance(item.scale, Labels)},
        means={item.name: _means(study, stimuli, item) for item in asked if isinstance(item.scale, Likert)},
        groups={
            f"{factor}={level}": np.array([s.factors[factor] == level for s in stimuli])
            for factor in factors
            for level in dict.fromkeys(sorted(s.factors[factor] for s in stimuli))
        },
        clusters=tuple(s.image_id if identity is None else s.factors[identity] for s in stimuli),
    )


def _labels(study: Study, stimuli: Sequence[Stimulus], item: Item) -> tuple[str | None, ...]:
    if item.intended is not None:
        return tuple(stimulus.factors[item.intended] for stimulus in stimuli)
    if study.ratings is None or item.name not in study.ratings.items or not study.ratings.has_singles:
        return (None,) * len(stimuli)
    votes = study.ratings.votes(item.name)
    return tuple(_most_given(votes, stimulus.image_id) for stimulus in stimuli)


def _most_given(votes: pd.DataFrame, image_id: str) -> str | None:
    """The label that most people gave; None where nobody rated or two are given equally often."""
    if image_id not in votes.index:
        return None
    counts = {str(label): int(votes[label].get(image_id, 0)) for label in votes.columns}
    best = [label for label, count in counts.items() if count == max(counts.values())]
    return best[0] if len(best) == 1 else None


def _means(study: Study, stimuli: Sequence[Stimulus], item: Item) -> FloatArray:
    if study.ratings is None or item.name not in study.ratings.items:
        return np.full(len(stimuli), np.nan)
    means = study.ratings.means(item.name)["mean"]
    return np.array([float(means.get(stimulus.image_id, np.nan)) for stimulus in stimuli], dtype=np.float64)


def labels_given(images: Sequence[RatedImage], item: str) -> tuple[str | None, ...]:
    """The labels given to an item, None where they could not be read."""
    values = [answer.value if answer else None for answer in (image.answer(item) for image in images)]
    return tuple(None if value is None else str(value) for value in values)


def numbers_given(images: Sequence[RatedImage], item: str) -> FloatArray:
    """The numbers given to an item, NaN where they could not be read."""
    values = [answer.value if answer else None for answer in (image.answer(item) for image in images)]
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
