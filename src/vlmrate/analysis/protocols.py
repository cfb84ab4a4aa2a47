"""What asking in another way changes: one rater under every two of its protocols, on the images rated under both.

Differences are first minus second; for errors, a negative one says that the first is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, groupby
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.paired_labels import apart, paired_labels
from vlmrate.stats import Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


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
    pair = paired_labels(material, first, second, item)
    read = pair.first.notna() & pair.second.notna()
    kappa = stats.cohen_kappa(
        pair.first[read], pair.second[read], options, clusters=pair.clusters[read], bootstrap=material.bootstrap
    )
    told, n = apart(material, pair, item), len(pair.first)
    if isinstance(told, Skipped):
        return n, LabelShift(pair.same, kappa, told, told)
    return n, LabelShift(pair.same, kappa, told.accuracy, told.kappa)


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
    told = stats.compare_dimensional(a, b, people, clusters=clusters, bootstrap=bootstrap)
    if isinstance(told, Skipped):
        return n, ScaleShift(shift, r, told, told)
    return n, ScaleShift(shift, r, told.pearson, told.mae)
