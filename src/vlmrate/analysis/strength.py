"""Strength inversion: a rater that follows people better on one scale and worse on another than its rivals do.

Both correlations of a rater are taken over the same images and resamples, so that their difference has an interval. An
inversion between two raters is said only where the tests of both scales, corrected over all pairs, tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.comparison import tells_apart
from vlmrate.analysis.data import NO_EMOTION, NO_PEOPLE
from vlmrate.stats import CorrelationDifference, Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.analysis.comparison import MetricComparison, PairDifference
    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class RaterStrength:
    """One rater's r with people on two items, over all images and pooled within emotions.

    `rank_first` and `rank_second` are its places among the raters by r over all images, 1 the highest; None where it
    has no r.
    """

    rater: str
    overall: CorrelationDifference | Skipped
    within: CorrelationDifference | Skipped
    rank_first: int | None
    rank_second: int | None


@dataclass(frozen=True, slots=True)
class Inversion:
    """Two raters on two items: r of `ahead` minus r of `behind` on each, and whether the order turns over.

    `ahead` leads on the first item. `inverted` is True where both differences hold after correction over every two
    raters of their item, on opposite sides.
    """

    ahead: str
    behind: str
    on_first: Outcome
    on_second: Outcome
    inverted: bool


@dataclass(frozen=True, slots=True)
class ItemPairStrength:
    """All raters on two items with a scale, highest r on the first item first; `item` names both."""

    item: str
    first: str
    second: str
    raters: tuple[RaterStrength, ...] | Skipped
    inversions: tuple[Inversion, ...] | Skipped


def strengths(
    material: Material, comparison: tuple[MetricComparison, ...] | Skipped
) -> tuple[ItemPairStrength, ...] | Skipped:
    """Every two items with a scale that people rated; `comparison` holds the raters' differences in r."""
    if material.study.ratings is None:
        return NO_PEOPLE
    rated = [item for item in material.scale_items if material.without_people(item) is None]
    if len(rated) < 2:
        return Skipped("strengths need two items that are answered with a number and rated by people")
    return tuple(_items(material, first, second, comparison) for first, second in combinations(rated, 2))


def _items(
    material: Material, first: Item, second: Item, comparison: tuple[MetricComparison, ...] | Skipped
) -> ItemPairStrength:
    name = f"{first.name} and {second.name}"
    asked = [rater for rater in material.asked(first) if rater in material.asked(second)]
    if not asked:
        none = Skipped(f"no rater was asked for both {name}")
        return ItemPairStrength(name, first.name, second.name, none, none)
    told = [(rater.name, *_strengths(material, rater, first, second)) for rater in asked]
    places = [_places({rater: _r(overall, which) for rater, overall, _ in told}) for which in ("first", "second")]
    raters = [
        RaterStrength(rater, overall, within, places[0].get(rater), places[1].get(rater))
        for rater, overall, within in told
    ]
    ranked = tuple(sorted(raters, key=lambda entry: (entry.rank_first or len(raters) + 1, entry.rater)))
    return ItemPairStrength(name, first.name, second.name, ranked, _inversions(first, second, comparison))


def _strengths(
    material: Material, rater: RaterRun, first: Item, second: Item
) -> tuple[CorrelationDifference | Skipped, CorrelationDifference | Skipped]:
    one, other = material.scale(rater, first), material.scale(rater, second)
    shared = one.value.index[one.value.index.isin(other.value.index)]
    pairs = tuple((given.value[shared], given.people[shared]) for given in (one, other))
    clusters, bootstrap = one.clusters[shared], material.bootstrap
    overall = stats.compare_correlations(*pairs, clusters=clusters, bootstrap=bootstrap)
    if one.emotion is None:
        return overall, NO_EMOTION
    if (without := one.without_within or other.without_within) is not None:
        return overall, without
    within = stats.compare_correlations(*pairs, groups=one.emotion[shared], clusters=clusters, bootstrap=bootstrap)
    return overall, within


def _r(told: CorrelationDifference | Skipped, which: str) -> float | None:
    if isinstance(told, Skipped):
        return None
    r = told.first if which == "first" else told.second
    return r.value if isinstance(r, Estimate) else None


def _places(values: dict[str, float | None]) -> dict[str, int]:
    """Each rater's place, equal values sharing the better one."""
    known = {rater: value for rater, value in values.items() if value is not None}
    return {rater: 1 + sum(other > value for other in known.values()) for rater, value in known.items()}


def _inversions(
    first: Item, second: Item, comparison: tuple[MetricComparison, ...] | Skipped
) -> tuple[Inversion, ...] | Skipped:
    if isinstance(comparison, Skipped):
        return comparison
    by_item = {of_metric.item: of_metric.pairs for of_metric in comparison if of_metric.metric == "r"}
    on_first, on_second = by_item[first.name], by_item[second.name]
    if isinstance(on_first, Skipped):
        return on_first
    if isinstance(on_second, Skipped):
        return on_second
    others = {(pair.first, pair.second): pair for pair in on_second}
    return tuple(
        _inversion(pair, others[pair.first, pair.second]) for pair in on_first if (pair.first, pair.second) in others
    )


def _inversion(on_first: PairDifference, on_second: PairDifference) -> Inversion:
    one, other, differences = on_first.first, on_first.second, (on_first.difference, on_second.difference)
    inverted = _side(on_first) * _side(on_second) < 0
    if isinstance(on_first.difference, Estimate) and on_first.difference.value < 0:
        one, other, differences = other, one, (_turned(differences[0]), _turned(differences[1]))
    return Inversion(one, other, *differences, inverted)


def _turned(difference: Outcome) -> Outcome:
    """The difference the other way round."""
    if isinstance(difference, Skipped):
        return difference
    low, high = -difference.ci_high, -difference.ci_low
    return Estimate(-difference.value, low, high, difference.level, difference.n, difference.method)


def _side(pair: PairDifference) -> int:
    """1 where the first rater is ahead, -1 where the second is, 0 where the corrected test does not tell them apart."""
    if isinstance(pair.difference, Skipped) or not tells_apart(pair):
        return 0
    return 1 if pair.difference.value > 0 else -1


def inverted_pairs(inversions: Sequence[Inversion]) -> tuple[Inversion, ...]:
    """Those whose order turns over."""
    return tuple(pair for pair in inversions if pair.inverted)
