"""Intervals from leaving clusters out in turn, for statistics that a bootstrap over units would bend.

A unit drawn twice brings each rater's residual twice. To a model of raters crossed with units that looks like a
property of the rater, so resampled rater variances lie too high. Leaving out repeats nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import stdtr, stdtrit

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, IntArray, as_codes
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, TestOutcome, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Scale = Literal["plain", "atanh"]

BLOCK = 2_000_000
"""Weights held at a time (16 MB)."""
NO_ERROR = 1e-12
"""A standard error below this is rounding and taken for 0."""


@dataclass(frozen=True, slots=True)
class Jackknifed:
    """Quantities over all units, and with each cluster left out in turn."""

    observed: FloatArray
    """Shape (S,)."""
    left_out: FloatArray
    """Shape (clusters, S)."""
    n: int
    level: float
    clusters: int

    def estimate(self, statistic: Callable[[FloatArray], FloatArray], *, name: str, scale: Scale = "plain") -> Outcome:
        """Estimate a statistic of the quantities, (B, S) to (B,): value ± t se on the scale, k - 1 df.

        se² = (k - 1) / k sum_c (theta_(c) - mean)² over k clusters (Efron & Tibshirani 1993, An Introduction to
        the Bootstrap, ch. 11). The scale "atanh" keeps the interval of a coefficient between -1 and 1. Skipped
        where the statistic is not defined, or not with a cluster left out.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            value, left_out = float(statistic(self.observed[None, :])[0]), statistic(self.left_out)
        k = len(left_out)
        if not math.isfinite(value):
            return Skipped(f"{name} is not defined for these data")
        if not np.isfinite(left_out).all():
            lost = int((~np.isfinite(left_out)).sum())
            return Skipped(f"{name} is not defined with one cluster left out, {lost:,} of {k:,} times")
        method = f"{name}; jackknife over {k:,} clusters"
        if k < self.clusters:
            method = f"{name}; jackknife over {k:,} groups of {self.clusters:,} clusters"
        if scale == "atanh" and max(abs(value), float(np.abs(left_out).max())) < 1:
            half = self._half(np.arctanh(left_out))
            low, high = math.tanh(math.atanh(value) - half), math.tanh(math.atanh(value) + half)
            return Estimate(value, low, high, self.level, self.n, f"{method}, on the scale of atanh")
        half = self._half(left_out)
        return Estimate(value, value - half, value + half, self.level, self.n, method)

    def _half(self, left_out: FloatArray) -> float:
        k = len(left_out)
        variance = (k - 1) / k * float(((left_out - left_out.mean()) ** 2).sum())
        return float(stdtrit(k - 1, (1 + self.level) / 2)) * math.sqrt(variance)


def jackknife(
    quantities: Callable[[FloatArray], FloatArray],
    n_units: int,
    *,
    clusters: Column | None = None,
    groups: int | None = None,
    level: float = 0.95,
) -> Jackknifed | Skipped:
    """Compute quantities, weights of the units (B, n_units) to (B, S), over all and with each cluster left out.

    `clusters` names each unit's cluster; None makes every unit its own. `groups` pools the clusters at random
    into that many groups, left out whole, for quantities that take long; the interval is then as rough as its
    groups - 1 degrees of freedom. Skipped below three clusters.
    """
    if groups is not None and groups < 3:
        raise AnalysisError(f"A jackknife needs three groups to leave out, not {groups}.")
    if not 0 < level < 1:
        raise AnalysisError(f"A confidence level lies between 0 and 1, not at {level}.")
    codes, names = as_codes(np.arange(n_units) if clusters is None else clusters, "clusters", ascending=True)
    if len(names) < 3:
        return Skipped(f"a jackknife needs three clusters to leave out, there are {len(names)}")
    left = len(names)
    if groups is not None and groups < left:
        dealt = np.random.default_rng(0).permutation(left) % groups
        codes, left = dealt[codes], groups
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = quantities(np.ones((1, n_units)))[0]
        left_out = np.concatenate([quantities(weights) for weights in _leave_out(codes, left)])
    return Jackknifed(observed, left_out, n_units, level, len(names))


def jackknife_t(left_out: FloatArray, value: float, *, name: str, n: int) -> TestOutcome:
    """Test a statistic against 0 by its jackknife standard error: t of k - 1 df, k clusters left out in turn.

    se² = (k - 1) / k sum_c (theta_(c) - mean)² (Efron & Tibshirani 1993, ch. 11). `left_out` has shape (clusters,).
    Skipped where the statistic is not defined, or does not change whichever cluster is left out.
    """
    k = len(left_out)
    if not (math.isfinite(value) and np.isfinite(left_out).all()):
        return Skipped(f"{name} is not defined for these data, or not with a cluster left out")
    se = math.sqrt((k - 1) / k * float(((left_out - left_out.mean()) ** 2).sum()))
    if se < NO_ERROR:
        return Skipped(f"{name} is the same whichever cluster is left out: it has no error to be tested against")
    t = value / se
    return TestResult(t, float(2 * stdtr(k - 1, -abs(t))), float(k - 1), f"{name}, t, jackknife over {k:,} clusters", n)


def _leave_out(codes: IntArray, k: int) -> Iterator[FloatArray]:
    """Yield blocks of weights, 0 for the units of one cluster and 1 for the others: shape (block, units)."""
    block = max(1, BLOCK // len(codes))
    for start in range(0, k, block):
        left = np.arange(start, min(start + block, k))
        yield (codes[None, :] != left[:, None]).astype(np.float64)
