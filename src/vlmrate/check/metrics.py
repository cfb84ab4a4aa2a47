"""The subset's metrics against people: kappa, r, mean absolute error, bias by group; and invalid answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.check.records import Metric
from vlmrate.check.truth import labels_given, numbers_given
from vlmrate.stats import (
    Bootstrap,
    Estimate,
    cohen_kappa,
    mae,
    mean_difference_bootstrap,
    pearson_bootstrap,
    wilson,
)
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    from vlmrate.check.records import RatedImage
    from vlmrate.check.truth import BoolArray, Truth
    from vlmrate.stats import Outcome
    from vlmrate.study.records import Item

    Kind = Literal["kappa", "r", "mae", "bias", "invalid"]

BOOTSTRAP = Bootstrap(resamples=1000)
"""Fewer resamples than an analysis takes: intervals of some dozens of images are wide anyway."""
TOLD = f"percentile intervals of {BOOTSTRAP.resamples:,} resamples, whole identities drawn, seed {BOOTSTRAP.seed}"


def metrics_of(images: Sequence[RatedImage], truth: Truth) -> tuple[Metric, ...]:
    """Every metric that the answers define; those that they do not define are left out."""
    found = (metric for item in truth.items for metric in _of_item(images, truth, item))
    return tuple(metric for metric in found if metric is not None)


def name_of(item: str, kind: str, level: str | None = None) -> str:
    """What a metric is called.

    >>> name_of("valence", "bias", "emotion=sad")
    'valence.bias[emotion=sad]'
    """
    return f"{item}.{kind}" + (f"[{level}]" if level is not None else "")


def _of_item(images: Sequence[RatedImage], truth: Truth, item: Item) -> Iterator[Metric | None]:
    yield from _of_labels(images, truth, item) if isinstance(item.scale, Labels) else _of_scale(images, truth, item)
    asked = [answer for answer in (image.answer(item.name) for image in images) if answer is not None]
    if asked:
        yield _metric(item.name, "invalid", wilson(sum(answer.value is None for answer in asked), len(asked)))


def _of_labels(images: Sequence[RatedImage], truth: Truth, item: Item) -> Iterator[Metric | None]:
    right = np.array(truth.labels[item.name], dtype=object)
    there = np.array([label is not None for label in right])
    if not there.any():
        return
    given = np.array(labels_given(images, item.name), dtype=object)[there]
    clusters = np.array(truth.clusters, dtype=object)[there]
    kappa = cohen_kappa(right[there], given, item.answers, clusters=clusters, bootstrap=BOOTSTRAP)
    yield _metric(item.name, "kappa", kappa)


def _of_scale(images: Sequence[RatedImage], truth: Truth, item: Item) -> Iterator[Metric | None]:
    people, given = truth.means[item.name], numbers_given(images, item.name)
    clusters = np.array(truth.clusters, dtype=object)
    yield _metric(item.name, "r", pearson_bootstrap(given, people, clusters=clusters, bootstrap=BOOTSTRAP))
    yield _metric(item.name, "mae", mae(given, people, clusters=clusters, bootstrap=BOOTSTRAP))
    everywhere: tuple[str | None, BoolArray] = (None, np.ones(len(images), dtype=bool))
    for level, here in (everywhere, *truth.groups.items()):
        bias = mean_difference_bootstrap(given[here], people[here], clusters=clusters[here], bootstrap=BOOTSTRAP)
        yield _metric(item.name, "bias", bias, level)


def _metric(item: str, kind: Kind, outcome: Outcome, level: str | None = None) -> Metric | None:
    if not isinstance(outcome, Estimate):
        return None
    return Metric(
        name=name_of(item, kind, level),
        item=item,
        kind=kind,
        level=level,
        value=round(outcome.value, 6),
        low=round(outcome.ci_low, 6),
        high=round(outcome.ci_high, 6),
        n=outcome.n,
        method=outcome.method.partition(";")[0],
    )
