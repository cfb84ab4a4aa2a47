"""Whether larger models of a family rate better: scores by size, and their change with each doubling of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.stats import Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item

UNITS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMBT])\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SizedRater:
    """A rater with the number of parameters that models.yaml gives, in words and as a number."""

    rater: str
    parameters: str
    size: float


@dataclass(frozen=True, slots=True)
class FamilyTrend:
    """One family on one item: changes with each doubling of size, on the images that all its raters rated.

    `accuracy` and `kappa` are None for an item with a scale, `r` and `mae` for one with labels.
    """

    family: str
    protocol: str
    item: str
    raters: tuple[SizedRater, ...]
    accuracy: Outcome | None
    kappa: Outcome | None
    r: Outcome | None
    mae: Outcome | None


def trends(material: Material) -> tuple[FamilyTrend, ...] | Skipped:
    """The trends of every family of which two sizes were asked under the same protocol."""
    told = tuple(trend for item in material.study.items for trend in _item(material, item))
    return told if told else Skipped("models.yaml gives no two sizes of one family among these raters")


def size_of(parameters: str) -> float | None:
    """The number that stands for 4B, 1.7M or 11 b, None where it is no such size.

    >>> size_of("4B"), size_of("1.7M"), size_of("large")
    (4000000000.0, 1700000.0, None)
    """
    found = SIZE.fullmatch(parameters)
    return None if found is None else float(found[1]) * UNITS[found[2].upper()]


@dataclass(frozen=True, slots=True, eq=False)
class _Sized:
    """A rater's run and its size."""

    run: RaterRun
    rater: SizedRater


def _item(material: Material, item: Item) -> Iterator[FamilyTrend]:
    for (family, protocol), members in _families(material.asked(item)).items():
        if len({member.rater.size for member in members}) < 2:
            continue
        ordered = sorted(members, key=lambda member: (member.rater.size, member.rater.rater))
        runs, raters = [member.run for member in ordered], tuple(member.rater for member in ordered)
        sizes = [rater.size for rater in raters]
        if isinstance(item.scale, Labels):
            accuracy, kappa = _labels(material, item, runs, sizes, item.scale.options)
            yield FamilyTrend(family, protocol, item.name, raters, accuracy, kappa, None, None)
        else:
            r, mae = _numbers(material, item, runs, sizes)
            yield FamilyTrend(family, protocol, item.name, raters, None, None, r, mae)


def _families(asked: Sequence[RaterRun]) -> dict[tuple[str, str], list[_Sized]]:
    found: dict[tuple[str, str], list[_Sized]] = {}
    for run in asked:
        family, parameters = run.run.settings.get("family"), str(run.run.settings.get("parameters"))
        size = size_of(parameters)
        if family and size is not None:
            key = str(family), run.run.protocol
            found.setdefault(key, []).append(_Sized(run, SizedRater(run.name, parameters, size)))
    return found


def _labels(
    material: Material, item: Item, runs: Sequence[RaterRun], sizes: Sequence[float], options: tuple[str, ...]
) -> tuple[Outcome, Outcome]:
    if item.intended is None:
        untold = Skipped(f"the study names no intended answers to {item.name}")
        return untold, untold
    given = [material.labels(run, item) for run in runs]
    shared = _shared([of.answer.index for of in given])
    trend = stats.classification_trend(
        given[0].intended[shared],
        [of.answer[shared] for of in given],
        sizes,
        options,
        clusters=given[0].clusters[shared],
        bootstrap=material.bootstrap,
    )
    return (trend, trend) if isinstance(trend, Skipped) else (trend.accuracy, trend.kappa)


def _numbers(
    material: Material, item: Item, runs: Sequence[RaterRun], sizes: Sequence[float]
) -> tuple[Outcome, Outcome]:
    if (without := material.without_people(item)) is not None:
        return without, without
    given = [material.scale(run, item) for run in runs]
    shared = _shared([of.value.index for of in given])
    trend = stats.dimensional_trend(
        [of.value[shared] for of in given],
        given[0].people[shared],
        sizes,
        clusters=given[0].clusters[shared],
        bootstrap=material.bootstrap,
    )
    return (trend, trend) if isinstance(trend, Skipped) else (trend.pearson, trend.mae)


def _shared(images: Sequence[pd.Index]) -> pd.Index:
    """The images in all of them, in the order of the first."""
    first, *others = images
    return first[[all(image in other for other in others) for image in first]]
