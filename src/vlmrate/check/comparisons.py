"""The comparisons of mode `statistical`, each with its test and the smallest change that the subset could show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtrc, ndtri

from vlmrate.check.compare import SAME
from vlmrate.check.exchange import Exchanged, exchange_means, exchange_r
from vlmrate.check.metrics import name_of
from vlmrate.check.rows import count, delta, flipped, metric_name, moved, worse_by
from vlmrate.check.truth import labels_given, numbers_given
from vlmrate.stats import TestResult, mcnemar
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vlmrate.check.material import Material
    from vlmrate.check.records import Metric, RatedImage
    from vlmrate.check.truth import BoolArray, FloatArray
    from vlmrate.study.records import Item

NOISE_FLIPS = 0.02
"""Share of answers that may flip by chance alone, between chips say: more than that has to be shown."""
NOISE_SHIFT = 0.02
"""Total variation that may come by chance alone, …"""
NOISE_SHARE = 0.05
"""… and the share of images that may exceed it."""
POWER = 0.8
"""The chance of being seen that a change must have to be called one that the subset can show."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row before it is judged.

    `equal` says that nothing differs. `p` is the test's, corrected within `family` alone; None where there is nothing
    to test. `shows` tells, given the level of a single test, the smallest change that the subset could show.
    """

    name: str
    family: str
    equal: bool
    p: float | None
    worse: bool
    before: float | None
    now: float | None
    finding: str
    shows: Callable[[float], str]


def comparisons_of(material: Material) -> Iterator[Comparison]:
    """Every comparison, item by item: answers, probabilities, unreadable answers, metrics against people."""
    for item in material.truth.items:
        yield _answers(material, item)
        if material.shifts(item.name):
            yield _probabilities(material, item)
        yield _invalid(material, item)
        yield from _labels(material, item) if isinstance(item.scale, Labels) else _scale(material, item)


def _answers(material: Material, item: Item) -> Comparison:
    name, flips, n = f"{item.name}: answers", material.flips(item.name), material.images
    return Comparison(
        name=name,
        family=name,
        equal=flips == 0,
        p=_more_than(flips, n, NOISE_FLIPS) if flips else None,
        worse=False,
        before=0,
        now=flips,
        finding=flipped(material, item.name),
        shows=lambda alpha: _many(n, NOISE_FLIPS, alpha, "flips"),
    )


def _probabilities(material: Material, item: Item) -> Comparison:
    name, shifts = f"{item.name}: probabilities", material.shifts(item.name)
    over = sum(shift > NOISE_SHIFT for shift in shifts)
    what = f"images over {NOISE_SHIFT:g}"
    return Comparison(
        name=name,
        family=name,
        equal=max(shifts) <= SAME,
        p=_more_than(over, len(shifts), NOISE_SHARE) if max(shifts) > SAME else None,
        worse=False,
        before=0,
        now=sum(shifts) / len(shifts),
        finding=f"{moved(shifts)}, {count(over, len(shifts))} over {NOISE_SHIFT:g}",
        shows=lambda alpha: _many(len(shifts), NOISE_SHARE, alpha, what),
    )


def _more_than(seen: int, n: int, share: float) -> float:
    """The chance of so many or more of n where each has the chance `share`: exact binomial, one-sided."""
    return min(1.0, float(bdtrc(seen - 1, n, share))) if seen else 1.0


def _many(n: int, share: float, alpha: float, what: str) -> str:
    needed = next((k for k in range(1, n + 1) if _more_than(k, n, share) <= alpha), None)
    return f"from {needed:,} {what} on" if needed is not None else f"{n:,} images cannot show any change"


def _invalid(material: Material, item: Item) -> Comparison:
    before, now = (_unreadable(images, item.name) for images in (material.before, material.now))
    name, n = f"{item.name}: invalid answers", material.images
    return Comparison(
        name=name,
        family=name,
        equal=bool((before == now).all()),
        p=_discordant(~before, ~now),
        worse=bool(now.sum() > before.sum()),
        before=float(before.mean()),
        now=float(now.mean()),
        finding=f"{int(before.sum()):,} to {int(now.sum()):,} of {n:,} unreadable",
        shows=lambda alpha: _net(n, alpha),
    )


def _unreadable(images: Sequence[RatedImage], item: str) -> BoolArray:
    return np.array([value is None for value in labels_given(images, item)])


def _discordant(before: BoolArray, now: BoolArray) -> float | None:
    test = mcnemar(before, now, exact_below=len(before) + 1)
    return test.p_value if isinstance(test, TestResult) else None


def _net(n: int, alpha: float) -> str:
    """How many images must go from right to wrong, and none the other way, for McNemar's exact test."""
    needed = math.ceil(math.log2(2 / alpha))
    return f"from {needed:,} images on" if needed <= n else f"{n:,} images cannot show any change"


def _labels(material: Material, item: Item) -> Iterator[Comparison]:
    name = name_of(item.name, "kappa")
    metric, now = material.metrics_before.get(name), material.metrics_now.get(name)
    if metric is None:
        return
    right = [(truth, i) for i, truth in enumerate(material.truth.labels[item.name]) if truth is not None]
    before, today = (
        np.array([given[i] == truth for truth, i in right])
        for given in (labels_given(images, item.name) for images in (material.before, material.now))
    )
    equal = not material.flips(item.name)
    value = None if now is None else now.value
    net = f"{int((before & ~today).sum()):,} right then and wrong now, {int((~before & today).sum()):,} the other way"
    told = "is not defined for today's answers" if value is None else delta(metric, value)
    yield Comparison(
        name=metric_name(metric),
        family=name,
        equal=equal,
        p=_discordant(before, today),
        worse=bool(today.sum() < before.sum()),
        before=metric.value,
        now=value,
        finding=told if equal else f"{told}; {net}",
        shows=lambda alpha: _net(len(right), alpha),
    )


def _scale(material: Material, item: Item) -> Iterator[Comparison]:
    before, now = (numbers_given(images, item.name) for images in (material.before, material.now))
    people = material.truth.means[item.name]
    equal = not material.flips(item.name)
    r = None if equal else exchange_r(before, now, people)
    everywhere = np.ones((1, len(people)), dtype=bool)
    errors = np.abs(now - people) - np.abs(before - people)
    (error,) = (None,) if equal else exchange_means(errors, everywhere)
    yield from _metric(material, name_of(item.name, "r"), r, equal=equal)
    yield from _metric(material, name_of(item.name, "mae"), error, equal=equal)
    yield from _biases(material, item, now - before, equal=equal)


def _biases(material: Material, item: Item, moved_by: FloatArray, *, equal: bool) -> Iterator[Comparison]:
    """Bias over all images and in every group: one family, corrected by the greatest of its statistics."""
    levels = (None, *material.truth.groups)
    there = np.array([np.ones(len(moved_by), dtype=bool), *material.truth.groups.values()])
    tested = (None,) * len(levels) if equal else exchange_means(moved_by, there)
    for level, here, test in zip(levels, there, tested, strict=True):
        still = equal or not np.nan_to_num(moved_by[here]).any()
        name = name_of(item.name, "bias", level)
        yield from _metric(material, name, test, equal=still, family=name_of(item.name, "bias"))


def _metric(
    material: Material, name: str, test: Exchanged | None, *, equal: bool, family: str | None = None
) -> Iterator[Comparison]:
    metric, now = material.metrics_before.get(name), material.metrics_now.get(name)
    if metric is None:
        return
    value = None if now is None else now.value
    yield Comparison(
        name=metric_name(metric),
        family=family or name,
        equal=equal,
        p=None if equal or test is None else test.p,
        worse=value is None or worse_by(metric, value) > 0,
        before=metric.value,
        now=value,
        finding="is not defined for today's answers" if value is None else delta(metric, value),
        shows=lambda alpha: _apart(test, alpha, metric),
    )


def _apart(test: Exchanged | None, alpha: float, metric: Metric) -> str:
    if test is None or test.spread == 0:
        return "cannot be tested"
    smallest = float(ndtri(1 - alpha / 2) + ndtri(POWER)) * test.spread
    return f"from about {smallest:.{3 if metric.kind == 'r' else 2}f} on"
