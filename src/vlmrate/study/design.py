"""The design of a study as found in its tables: levels, cells, who rated what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from math import prod
from statistics import median
from typing import TYPE_CHECKING

from vlmrate.study.records import Labels, Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vlmrate.study.ratings import HumanRatings
    from vlmrate.study.records import Item, Study

MAX_CELLS = 10_000  # beyond this many possible cells only those that hold images are listed


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a factor and how many images show it."""

    name: str
    images: int


@dataclass(frozen=True, slots=True)
class FactorDesign:
    """A factor: its column, its part (emotion, identity or group) and its levels."""

    name: str
    part: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination of levels of the crossed factors; `identities` is None where the study names none."""

    levels: tuple[str, ...]
    images: int
    identities: int | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """Emotion and groups crossed: the factors' names and every cell, empty ones included."""

    factors: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the median and the most of some counts."""

    least: int
    median: float
    most: int


@dataclass(frozen=True, slots=True)
class RatingsDesign:
    """Who rated what. An image counts as rated when it has a rating of at least one item.

    Raters, and images a rater, are None where only aggregated ratings are at hand. `raters_an_image` is over the
    images that have ratings, None where none has.
    """

    ratings: int
    raters: int | None
    raters_an_image: Spread | None
    images_a_rater: Spread | None
    images_without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemDesign:
    """An item, its scale, and how many ratings of it people gave (None: people were not asked)."""

    name: str
    scale: Scale
    intended: str | None
    ratings: int | None


@dataclass(frozen=True, slots=True)
class Design:
    """What `vlmrate validate` prints.

    `identities_in_every_emotion` says whether each identity is shown exactly once in each emotion; None where the
    study does not name both columns.
    """

    name: str
    images: int
    items: tuple[ItemDesign, ...]
    factors: tuple[FactorDesign, ...]
    crossing: Crossing | None
    identities_in_every_emotion: bool | None
    ratings: RatingsDesign | None
    simulated_people: bool


def describe(study: Study) -> Design:
    """The design of a study as its tables show it."""
    return Design(
        name=study.name,
        images=len(study.stimuli),
        items=tuple(_item(item, study.ratings) for item in study.items),
        factors=_factors(study),
        crossing=_crossing(study),
        identities_in_every_emotion=_identities_in_every_emotion(study),
        ratings=_ratings(study.ratings, [stimulus.image_id for stimulus in study.stimuli]),
        simulated_people=study.simulated_people,
    )


def _item(item: Item, ratings: HumanRatings | None) -> ItemDesign:
    rated = ratings is not None and item.name in ratings.items
    return ItemDesign(item.name, item.scale, item.intended, _count(ratings, item.name) if ratings and rated else None)


def _count(ratings: HumanRatings, item: str) -> int:
    if ratings.has_singles:
        return int(ratings.table[item].notna().sum())
    return int(ratings.means(item)["n"].sum())


def _factors(study: Study) -> tuple[FactorDesign, ...]:
    parts = [(study.factors.emotion, "emotion"), (study.factors.identity, "identity")]
    parts += [(group, "group") for group in study.factors.groups]
    return tuple(
        FactorDesign(name, part, _levels(study, name)) for name, part in parts if name and _has_column(study, name)
    )


def _has_column(study: Study, name: str) -> bool:
    return bool(study.stimuli) and name in study.stimuli[0].factors


def _levels(study: Study, factor: str) -> tuple[Level, ...]:
    """Levels in the order in which an item offers them as options; others as they first appear."""
    counts = Counter(stimulus.factors[factor] for stimulus in study.stimuli)
    offered = [
        option
        for item in study.items
        if item.intended == factor and isinstance(item.scale, Labels)
        for option in item.scale.options
        if option in counts
    ]
    return tuple(Level(name, counts[name]) for name in dict.fromkeys([*offered, *counts]))


def _crossing(study: Study) -> Crossing | None:
    crossed = [factor for factor in _factors(study) if factor.part != "identity"]
    if not crossed:
        return None
    names = tuple(factor.name for factor in crossed)
    images: Counter[tuple[str, ...]] = Counter()
    identities: dict[tuple[str, ...], set[str]] = {}
    who = study.factors.identity if _has_column(study, study.factors.identity or "") else None
    for stimulus in study.stimuli:
        levels = tuple(stimulus.factors[name] for name in names)
        images[levels] += 1
        if who:
            identities.setdefault(levels, set()).add(stimulus.factors[who])
    possible: Iterable[tuple[str, ...]] = images
    if prod(len(factor.levels) for factor in crossed) <= MAX_CELLS:
        possible = product(*([level.name for level in factor.levels] for factor in crossed))
    cells = tuple(Cell(cell, images[cell], len(identities.get(cell, ())) if who else None) for cell in possible)
    return Crossing(names, cells)


def _identities_in_every_emotion(study: Study) -> bool | None:
    emotion, identity = study.factors.emotion, study.factors.identity
    if not emotion or not identity or not (_has_column(study, emotion) and _has_column(study, identity)):
        return None
    shown = Counter((stimulus.factors[identity], stimulus.factors[emotion]) for stimulus in study.stimuli)
    everyone = {who for who, _ in shown}
    emotions = {what for _, what in shown}
    return all(shown[pair] == 1 for pair in product(everyone, emotions))


def _ratings(ratings: HumanRatings | None, image_ids: Sequence[str]) -> RatingsDesign | None:
    if ratings is None:
        return None
    total = sum(_count(ratings, item) for item in ratings.items)
    if ratings.has_singles:
        rated = ratings.table[ratings.table[list(ratings.items)].notna().any(axis=1)]
        of_image = rated["image_id"].value_counts()
        a_rater = _spread(rated["rater_id"].value_counts().tolist())
        raters = int(rated["rater_id"].nunique())
    else:
        of_image = ratings.table.groupby("image_id")["n"].max()
        a_rater, raters = None, None
    without = tuple(image_id for image_id in image_ids if image_id not in of_image.index)
    return RatingsDesign(total, raters, _spread(of_image.tolist()), a_rater, without)


def _spread(counts: Sequence[int]) -> Spread | None:
    return Spread(min(counts), float(median(counts)), max(counts)) if counts else None
