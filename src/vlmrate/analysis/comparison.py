"""Which rater is better: ranked by kappa, r and MAE, and every two raters compared on the same images and resamples.

A rank is as sure as the differences behind it. `best` and `worst` are the places that a rater may hold: each rival that
the corrected test tells from it stands above or below for certain, every other one may stand on either side. The rank
itself, by the figure over all images of the rater, is always among them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.analysis.lookup import of_item
from vlmrate.analysis.others import is_person
from vlmrate.stats import Adjusted, Estimate, Outcome, Skipped, TestOutcome
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis.classification import ItemClassification
    from vlmrate.analysis.data import LabelAnswers, Material, RaterRun
    from vlmrate.analysis.dimensions import ItemDimension
    from vlmrate.stats import ClassificationDifference, DimensionalDifference
    from vlmrate.study.records import Item

ALPHA = 0.05
"""Corrected p-values up to this tell two raters apart."""
ONE_RATER = Skipped("a comparison needs two raters")
TWO_PERSONS = Skipped("each of the two is made of people, and is held against a mean that the other is part of")


@dataclass(frozen=True, slots=True)
class RankedRater:
    """A rater's figure and its place, 1 the best; the places are None where the figure is not defined.

    `best` and `worst` bound the place by the pairs that the corrected test tells apart.
    """

    rater: str
    value: Outcome
    rank: int | None
    best: int | None
    worst: int | None


@dataclass(frozen=True, slots=True)
class PairDifference:
    """First rater's figure minus the second's over the `n` images of both; the test's p corrected over all pairs."""

    first: str
    second: str
    n: int
    difference: Outcome
    test: TestOutcome
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class MetricComparison:
    """All raters on one item by one metric ("kappa", "r" or "MAE"), best first; `family_size` pairs were tested."""

    item: str
    metric: str
    higher_is_better: bool
    family: str
    family_size: int
    raters: tuple[RankedRater, ...] | Skipped
    pairs: tuple[PairDifference, ...] | Skipped


def comparisons(
    material: Material,
    classification: tuple[ItemClassification, ...] | Skipped,
    dimensions: tuple[ItemDimension, ...] | Skipped,
) -> tuple[MetricComparison, ...] | Skipped:
    """Rank the raters by the figures found, and compare every two on kappa, r and MAE."""
    found = (*_by_label(material, classification), *_by_scale(material, dimensions))
    if found:
        return found
    return NO_PEOPLE if material.study.ratings is None else Skipped("no item has an intended answer or is a scale")


def _by_label(
    material: Material, classification: tuple[ItemClassification, ...] | Skipped
) -> Iterator[MetricComparison]:
    for item in material.label_items:
        found = of_item(classification, item.name)
        if isinstance(found, Skipped):
            continue
        if isinstance(found.raters, Skipped):
            yield _nothing(item, "kappa", found.raters)
            continue
        values = {
            entry.rater: entry.scores if isinstance(entry.scores, Skipped) else entry.scores.kappa
            for entry in found.raters
        }
        given = [material.labels(rater, item) for rater in material.asked(item) if rater.name in values]
        pairs = [_labels(material, item, first, second) for first, second in combinations(given, 2)]
        yield _compared(item, "kappa", values, pairs)


def _by_scale(material: Material, dimensions: tuple[ItemDimension, ...] | Skipped) -> Iterator[MetricComparison]:
    for item in material.scale_items:
        found = of_item(dimensions, item.name)
        if isinstance(found, Skipped):
            continue
        if isinstance(found.raters, Skipped):
            yield from (_nothing(item, metric, found.raters) for metric in ("r", "MAE"))
            continue
        told = [_scales(material, first, second, item) for first, second in combinations(material.asked(item), 2)]
        yield _compared(item, "r", {entry.rater: entry.r for entry in found.raters}, [r for r, _ in told])
        yield _compared(item, "MAE", {entry.rater: entry.mae for entry in found.raters}, [mae for _, mae in told])


def _nothing(item: Item, metric: str, reason: Skipped) -> MetricComparison:
    return MetricComparison(item.name, metric, metric != "MAE", _family(item, metric), 0, reason, reason)


def _family(item: Item, metric: str) -> str:
    return f"difference in {metric} on {item.name}, every two raters"


def _labels(material: Material, item: Item, first: LabelAnswers, second: LabelAnswers) -> PairDifference:
    shared = first.answer.index[first.answer.index.isin(second.answer.index)]
    options = item.scale.options if isinstance(item.scale, Labels) else ()
    told = stats.compare_classification(
        first.intended[shared],
        first.answer[shared],
        second.answer[shared],
        options,
        clusters=first.clusters[shared],
        bootstrap=material.bootstrap,
    )
    return _kappa(first.rater, second.rater, told)


def _kappa(first: str, second: str, told: ClassificationDifference | Skipped) -> PairDifference:
    if isinstance(told, Skipped):
        return PairDifference(first, second, 0, told, told, told)
    return _pair(first, second, told.n, told.kappa, told.kappa_test)


def _scales(material: Material, one: RaterRun, other: RaterRun, item: Item) -> tuple[PairDifference, PairDifference]:
    """The differences in r and in MAE, against the same people: without the person drawn where one is."""
    first, second = material.scale(one, item), material.scale(other, item)
    if is_person(one.run) and is_person(other.run):
        return _dimensional(first.rater, second.rater, TWO_PERSONS)
    shared = first.value.index[first.value.index.isin(second.value.index)]
    told = stats.compare_dimensional(
        first.value[shared],
        second.value[shared],
        (second if is_person(other.run) else first).people[shared],
        clusters=first.clusters[shared],
        bootstrap=material.bootstrap,
    )
    return _dimensional(first.rater, second.rater, told)


def _dimensional(
    first: str, second: str, told: DimensionalDifference | Skipped
) -> tuple[PairDifference, PairDifference]:
    if isinstance(told, Skipped):
        none = PairDifference(first, second, 0, told, told, told)
        return none, none
    r = _pair(first, second, told.n, told.pearson, told.pearson_test)
    return r, _pair(first, second, told.n, told.mae, told.mae_test)


def _pair(first: str, second: str, n: int, difference: Outcome, test: TestOutcome) -> PairDifference:
    return PairDifference(first, second, n, difference, test, NO_TEST)


def _compared(item: Item, metric: str, values: dict[str, Outcome], pairs: Sequence[PairDifference]) -> MetricComparison:
    name, higher = _family(item, metric), metric != "MAE"
    if not pairs:
        ranked = _ranked(values, (), higher=higher)
        return MetricComparison(item.name, metric, higher, name, 0, ranked, ONE_RATER)
    family = stats.Family.of(name, {_name(pair): pair.test for pair in pairs})
    holm = {adjusted.test: adjusted for adjusted in stats.holm(family)}
    corrected = tuple(replace(pair, holm=holm.get(_name(pair), pair.holm)) for pair in pairs)
    ranked = _ranked(values, corrected, higher=higher)
    return MetricComparison(item.name, metric, higher, name, family.size, ranked, corrected)


def _name(pair: PairDifference) -> str:
    return f"{pair.first} against {pair.second}"


def _ranked(values: dict[str, Outcome], pairs: Sequence[PairDifference], *, higher: bool) -> tuple[RankedRater, ...]:
    """Best first; a rater without a figure comes last and has no place."""
    score = {rater: (1 if higher else -1) * v.value for rater, v in values.items() if isinstance(v, Estimate)}
    apart = [winner_and_loser(pair, higher=higher) for pair in pairs if tells_apart(pair)]
    ranked = []
    for rater, value in values.items():
        if rater not in score:
            ranked.append(RankedRater(rater, value, None, None, None))
            continue
        rank = 1 + sum(other > score[rater] for other in score.values())
        best = 1 + sum(loser == rater for _, loser in apart)
        worst = len(score) - sum(winner == rater for winner, _ in apart)
        # Figures are over all images of a rater, tests over those of two: where these say otherwise both places stand.
        ranked.append(RankedRater(rater, value, rank, min(best, rank), max(worst, rank)))
    return tuple(sorted(ranked, key=lambda entry: (entry.rank or math.inf, entry.rater)))


def tells_apart(pair: PairDifference) -> bool:
    """Whether the corrected test tells the two raters apart."""
    return isinstance(pair.holm, Adjusted) and isinstance(pair.difference, Estimate) and pair.holm.p_adjusted <= ALPHA


def winner_and_loser(pair: PairDifference, *, higher: bool) -> tuple[str, str]:
    """The two raters by their difference, the better one first."""
    first_is_better = isinstance(pair.difference, Estimate) and (pair.difference.value > 0) == higher
    return (pair.first, pair.second) if first_is_better else (pair.second, pair.first)
