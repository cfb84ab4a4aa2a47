"""What was shown and who answered: read from the stimuli and the ratings, never assumed."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a factor and the number of its images."""

    name: str
    images: int


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of the stimuli with its levels, as they first appear."""

    name: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """The design's cells: every combination of the factors' levels, those without an image among them."""

    factors: tuple[str, ...]
    cells: int
    smallest: int
    largest: int
    """Images in the smallest and the largest cell."""


@dataclass(frozen=True, slots=True)
class Question:
    """An item as it was asked: its labels, or the ends of its scale."""

    item: str
    labels: tuple[str, ...]
    low: int | None
    high: int | None
    low_anchor: str | None
    high_anchor: str | None


@dataclass(frozen=True, slots=True)
class Design:
    """A study in numbers. `people` is 0 where there are none, and None where only means of ratings are at hand."""

    study: str
    images: int
    factors: tuple[Factor, ...]
    cells: Cells | Skipped
    items: tuple[Question, ...]
    clusters: int
    clustered_by: str
    people: int | None
    simulated_people: bool


def design(material: Material) -> Design:
    """Count the study's images, factors, cells and people."""
    study = material.study
    columns = _columns(study)
    table = pd.DataFrame([{name: s.factors[name] for name in columns} for s in study.stimuli], columns=list(columns))
    return Design(
        study=study.name,
        images=len(study.stimuli),
        factors=tuple(_factor(table, name) for name in columns),
        cells=_cells(table),
        items=_questions(study),
        clusters=material.images.clusters.nunique(),
        clustered_by=material.images.clustered_by,
        people=_people(study),
        simulated_people=study.simulated_people and study.ratings is not None,
    )


def _columns(study: Study) -> tuple[str, ...]:
    """Factors to cross: the posed emotion and the groups; identities are units, not a factor."""
    emotion = () if study.factors.emotion is None else (study.factors.emotion,)
    return tuple(dict.fromkeys((*emotion, *study.factors.groups)))


def _factor(table: pd.DataFrame, name: str) -> Factor:
    counts = table[name].value_counts(sort=False)
    return Factor(name, tuple(Level(str(level), int(counts[level])) for level in dict.fromkeys(table[name])))


def _cells(table: pd.DataFrame) -> Cells | Skipped:
    if not len(table.columns):
        return Skipped("the study names no factors")
    counts = table.groupby(list(table.columns)).size()
    cells = prod(table[name].nunique() for name in table.columns)
    smallest = int(counts.min()) if len(counts) == cells else 0
    return Cells(tuple(table.columns), cells, smallest, int(counts.max()))


def _questions(study: Study) -> tuple[Question, ...]:
    from vlmrate.study.records import Labels

    return tuple(
        Question(item.name, item.scale.options, None, None, None, None)
        if isinstance(item.scale, Labels)
        else Question(
            item.name, (), item.scale.low, item.scale.high, item.scale.low_anchor, item.scale.high_anchor
        )
        for item in study.items
    )


def _people(study: Study) -> int | None:
    if study.ratings is None:
        return 0
    return int(study.ratings.table["rater_id"].nunique()) if study.ratings.has_singles else None
