"""Bias where two factors of groups meet (race x gender): what neither of them shows by itself.

An intersection beside all other images tells how its people fare; it holds the share of each factor too. Whether the
bias of one factor differs between the levels of the other is the interaction, and told apart from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST, asked_beside_people, rated_scales
from vlmrate.analysis.groups import NO_GROUPS, GroupFactor, RatedByBoth, group_factors
from vlmrate.stats import Adjusted, GroupGap, InteractionGap, Outcome, Skipped, TestOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vlmrate.analysis.data import Material
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class IntersectionGap:
    """One intersection beside all other images, within emotions; `gap.bias` is the difference of differences."""

    gap: GroupGap
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class FactorInteraction:
    """By how much the bias between two levels of the first factor differs between two levels of the second."""

    gap: InteractionGap
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class RaterIntersections:
    """One rater and two factors, which `factors` names ("race x gender").

    `mix_differs` says that the intersections' shares of emotions differ: part of an interaction may be an emotion's.
    """

    rater: str
    factors: str
    gaps: tuple[IntersectionGap, ...] | Skipped
    interactions: tuple[FactorInteraction, ...] | Skipped
    mix_differs: bool


@dataclass(frozen=True, slots=True)
class BiasCell:
    """One emotion in one level of a factor, or of an intersection: rater minus people, in scale points."""

    factor: str
    level: str
    emotion: str
    n: int
    bias: Outcome


@dataclass(frozen=True, slots=True)
class RaterCells:
    """One rater's bias in every cell; Skipped where the study names no emotion."""

    rater: str
    cells: tuple[BiasCell, ...] | Skipped


@dataclass(frozen=True, slots=True)
class ItemIntersections:
    """All raters on one item; intersections are corrected as one family, interactions as another."""

    item: str
    family: str
    family_size: int
    interaction_family: str
    interaction_family_size: int
    raters: tuple[RaterIntersections, ...] | Skipped
    cells: tuple[RaterCells, ...] | Skipped


def intersections(material: Material) -> tuple[ItemIntersections, ...] | Skipped:
    """Intersections and cells for each item that is answered with a number."""
    if not material.study.factors.groups:
        return NO_GROUPS
    if isinstance(items := rated_scales(material), Skipped):
        return items
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemIntersections:
    names = (
        f"bias of intersections of groups in {item.name}, all raters",
        f"interactions of two factors of groups in {item.name}, all raters",
    )
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemIntersections(item.name, names[0], 0, names[1], 0, raters, raters)
    rated = [RatedByBoth.of(material, material.scale(rater, item)) for rater in raters]
    factors = group_factors(material)
    cells = tuple(RaterCells(given.rater, _cells(material, given, factors)) for given in rated)
    if len(factors) < 2:
        single = Skipped(f"the study names one factor of groups, {factors[0].name}: nothing meets")
        return ItemIntersections(item.name, names[0], 0, names[1], 0, single, cells)
    found = [_rater(material, given, one, other) for given in rated for one, other in combinations(factors, 2)]
    gaps = stats.Family.of(names[0], {name: test for entry in found for name, test in _gap_tests(entry)})
    interactions = stats.Family.of(
        names[1], {name: test for entry in found for name, test in _interaction_tests(entry)}
    )
    holm = {adjusted.test: adjusted for family in (gaps, interactions) for adjusted in stats.holm(family)}
    told = tuple(_corrected(entry, holm) for entry in found)
    return ItemIntersections(item.name, names[0], gaps.size, names[1], interactions.size, told, cells)


def meeting(one: GroupFactor, other: GroupFactor) -> GroupFactor:
    """The intersection of two factors as a factor of its own."""
    named = stats.intersect(one.of_image, other.of_image)
    return GroupFactor(f"{one.name} x {other.name}", pd.Series(named, index=one.of_image.index, dtype=object))


def _rater(material: Material, rated: RatedByBoth, one: GroupFactor, other: GroupFactor) -> RaterIntersections:
    met = meeting(one, other)
    images = met.of_image.index
    value, people = rated.value.reindex(images), rated.people.reindex(images)
    clusters, level = material.images.clusters.reindex(images), material.bootstrap.level
    emotion = material.images.emotion
    gaps = stats.group_gaps(
        value,
        people,
        met.of_image,
        against="rest",
        strata=None if emotion is None else emotion.reindex(images),
        clusters=clusters,
        level=level,
    )
    interactions = stats.interaction_gaps(value, people, one.of_image, other.of_image, clusters=clusters, level=level)
    return RaterIntersections(
        rater=rated.rater,
        factors=met.name,
        gaps=gaps if isinstance(gaps, Skipped) else tuple(IntersectionGap(gap, NO_TEST) for gap in gaps),
        interactions=interactions
        if isinstance(interactions, Skipped)
        else tuple(FactorInteraction(gap, NO_TEST) for gap in interactions),
        mix_differs=rated.mix_differs(met),
    )


def _cells(material: Material, rated: RatedByBoth, factors: Sequence[GroupFactor]) -> tuple[BiasCell, ...] | Skipped:
    if material.images.emotion is None:
        return Skipped("the study names no emotion factor: there are no cells of group and emotion")
    met = [meeting(one, other) for one, other in combinations(factors, 2)]
    return tuple(cell for factor in (*factors, *met) for cell in _of_factor(material, rated, factor))


def _of_factor(material: Material, rated: RatedByBoth, factor: GroupFactor) -> Iterator[BiasCell]:
    levels = rated.levels(factor)
    for level in factor.levels:
        of_level = (levels == level).to_numpy()
        for emotion in material.images.emotions:
            inside = of_level & (rated.stratum == emotion).to_numpy()
            n = int(inside.sum())
            if not n:
                yield BiasCell(factor.name, level, emotion, 0, Skipped(f"no image rated by both in {level}, {emotion}"))
                continue
            bias = stats.mean_difference(
                rated.value[inside],
                rated.people[inside],
                clusters=rated.clusters[inside],
                level=material.bootstrap.level,
            )
            yield BiasCell(factor.name, level, emotion, n, bias)


def _gap_tests(entry: RaterIntersections) -> list[tuple[str, TestOutcome]]:
    return [] if isinstance(entry.gaps, Skipped) else [(_gap_name(entry, g.gap), g.gap.test) for g in entry.gaps]


def _interaction_tests(entry: RaterIntersections) -> list[tuple[str, TestOutcome]]:
    if isinstance(entry.interactions, Skipped):
        return []
    return [(_interaction_name(entry, i.gap), i.gap.test) for i in entry.interactions]


def _corrected(entry: RaterIntersections, holm: Mapping[str, Adjusted]) -> RaterIntersections:
    gaps, interactions = entry.gaps, entry.interactions
    if not isinstance(gaps, Skipped):
        gaps = tuple(replace(g, holm=holm.get(_gap_name(entry, g.gap), g.holm)) for g in gaps)
    if not isinstance(interactions, Skipped):
        interactions = tuple(replace(i, holm=holm.get(_interaction_name(entry, i.gap), i.holm)) for i in interactions)
    return replace(entry, gaps=gaps, interactions=interactions)


def _gap_name(entry: RaterIntersections, gap: GroupGap) -> str:
    return f"{entry.rater}, {entry.factors}: {gap.group}"


def _interaction_name(entry: RaterIntersections, gap: InteractionGap) -> str:
    (a, b), (x, y) = gap.first, gap.second
    return f"{entry.rater}, {entry.factors}: {a} against {b} at {x} against {y}"
