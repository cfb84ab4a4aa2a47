"""What asking in another way changes: one rater under every two of its protocols, on the images rated under both.

Differences are first minus second; for errors, a negative one says that the first is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, groupby
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.stats import Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item

NO_LABELS = Skipped("the study names no intended answers")


@dataclass(frozen=True, slots=True)
class LabelShift:
    """How labels differ: agreement of the two, and the difference of their scores against the intended label."""

    same: Outcome
    kappa: Outcome
    accuracy: Outcome
    kappa_with_intended: Outcome


@dataclass(frozen=True, slots=True)
class ScaleShift:
    """How numbers differ: their mean difference and correlation, and the difference in r and MAE against people."""

    shift: Outcome
    r: Outcome
    r_with_people: Outcome
    mae: Outcome


@dataclass(frozen=True, slots=True)
class ProtocolPair:
    """One rater under two protocols, over the n images rated under both; one of the two shifts is None."""

    rater: str
    first: str
    second: str
    n: int
    labels: LabelShift | None
    numbers: ScaleShift | None


@dataclass(frozen=True, slots=True)
class ItemProtocols:
    """All pairs of protocols on one item."""

    item: str
    pairs: tuple[ProtocolPair, ...]


def protocols(material: Material) -> tuple[ItemProtocols, ...] | Skipped:
    """Every rater's pairs of protocols, for each item that was asked under both."""
    items = (ItemProtocols(item.name, tuple(_pairs(material, item))) for item in material.study.items)
    told = tuple(item for item in items if item.pairs)
    return told if told else Skipped("no rater was asked under two protocols (`vlmrate infer --protocol`)")


def _pairs(material: Material, item: Item) -> Iterator[ProtocolPair]:
    asked = sorted(material.asked(item), key=lambda rater: rater.run.rater)
    for _, runs in groupby(asked, key=lambda rater: rater.run.rater):
        for first, second in combinations(runs, 2):
            yield _pair(material, first, second, item)


def _pair(material: Material, first: RaterRun, second: RaterRun, item: Item) -> ProtocolPair:
    labels = numbers = None
    if isinstance(item.scale, Labels):
        n, labels = _labels(material, first, second, item, item.scale.options)
    else:
        n, numbers = _numbers(material, first, second, item)
    return ProtocolPair(first.run.rater, first.run.protocol, second.run.protocol, n, labels, numbers)


def _labels(
    material: Material, first: RaterRun, second: RaterRun, item: Item, options: tuple[str, ...]
) -> tuple[int, LabelShift]:
    one, other = material.answers(first, item), material.answers(second, item)
    shared = one.index[one.index.isin(other.index)]
    one, other = one[shared], other[shared]
    clusters, bootstrap = material.images.clusters.reindex(shared), material.bootstrap
    same = ((one == other) | (one.isna() & other.isna())).astype("float64")
    read = one.notna() & other.notna()
    agreement = stats.mean_sd(same, clusters=clusters, bootstrap=bootstrap).mean
    kappa = stats.cohen_kappa(one[read], other[read], options, clusters=clusters[read], bootstrap=bootstrap)
    if item.intended is None:
        return len(shared), LabelShift(agreement, kappa, NO_LABELS, NO_LABELS)
    intended = material.labels(first, item).intended[shared]
    apart = stats.compare_classification(intended, one, other, options, clusters=clusters, bootstrap=bootstrap)
    if isinstance(apart, Skipped):
        return len(shared), LabelShift(agreement, kappa, apart, apart)
    return len(shared), LabelShift(agreement, kappa, apart.accuracy, apart.kappa)


def _numbers(material: Material, first: RaterRun, second: RaterRun, item: Item) -> tuple[int, ScaleShift]:
    one, other = material.scale(first, item), material.scale(second, item)
    shared = one.value.index[one.value.index.isin(other.value.index)]
    a, b = one.value[shared], other.value[shared]
    clusters, bootstrap = material.images.clusters.reindex(shared), material.bootstrap
    shift = stats.mean_difference_bootstrap(a, b, clusters=clusters, bootstrap=bootstrap)
    r = stats.pearson_bootstrap(a, b, clusters=clusters, bootstrap=bootstrap)
    n = int((a.notna() & b.notna()).sum())
    if (without := material.without_people(item)) is not None:
        return n, ScaleShift(shift, r, without, without)
    people: pd.Series[float] = material.people(item).reindex(shared)
    apart = stats.compare_dimensional(a, b, people, clusters=clusters, bootstrap=bootstrap)
    if isinstance(apart, Skipped):
        return n, ScaleShift(shift, r, apart, apart)
    return n, ScaleShift(shift, r, apart.pearson, apart.mae)
