"""Intervals from leaving clusters out in turn, for statistics that a bootstrap over units would bend.

A unit drawn twice brings each rater's residual twice. To a model of raters crossed with units that looks like a
property of the rater, so resampled rater variances lie too high. Leaving out repeats nothing.

A statistic may rest on two samples that were drawn apart, of units and of raters. Each is then left out in turn, and
the two variances add up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import stdtr, stdtrit

from vlmrate.stats._arrays import Column, FloatArray, IntArray, as_codes, require_count
from vlmrate.stats.estimate import NO_ERROR, Skipped, TestOutcome, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LEAST = 3
"""Clusters, or groups of them, that a jackknife leaves out in turn."""
FARTHEST = 1e6
"""Limits that lie farther from a value than this factor bound nothing."""
BLOCK = 2_000_000
"""Weights held at a time (16 MB)."""

Limits: TypeAlias = "tuple[float, float, float]"
"""A value, its lower and its upper confidence limit."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Quantities over a whole sample, and with each of its clusters left out in turn."""

    observed: FloatArray
    """Shape (S,)."""
    left_out: FloatArray
    """Shape (k, S), k the clusters or groups of them."""
    clusters: int
    of: str
    """What a cluster is, in the plural: images, raters."""

    @property
    def words(self) -> str:
        """Say what was left out, for a method.

        >>> LeftOut(np.zeros(2), np.zeros((40, 2)), 200, "units").words
        '40 groups of 200 units'
        """
        k = len(self.left_out)
        return f"{self.clusters:,} {self.of}" if k == self.clusters else f"{k:,} groups of {self.clusters:,} {self.of}"

    def variance(self, statistic: Callable[[FloatArray], FloatArray], name: str) -> float | Skipped:
        """Return the variance of log(statistic), a function (B, S) to (B,), above 0.

        (k - 1) / k sum_c (log theta_(c) - their mean)² over k clusters: Efron & Tibshirani 1993, An Introduction to
        the Bootstrap, ch. 11; that variances want the log scale: Miller 1968, Annals of Mathematical Statistics 39,
        567-582. 0 where the statistic is 0 (or infinite) whoever is left out. Skipped where it is so for some.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(statistic(np.vstack([self.observed, self.left_out])))
        if np.isinf(logs[0]) and (logs == logs[0]).all():
            return 0.0
        if not np.isfinite(logs[0]):
            why = (
                "is not defined for these data"
                if np.isnan(logs[0])
                else "is 0 for these data, but not with some left out"
            )
            return Skipped(f"{name} {why}")
        k, lost = len(logs) - 1, int((~np.isfinite(logs)).sum())
        if lost:
            return Skipped(f"{name} is not defined with one of {self.words} left out, {lost:,} of {k:,} times")
        return (k - 1) / k * float(((logs[1:] - logs[1:].mean()) ** 2).sum())


def leave_out(
    quantities: Callable[[FloatArray], FloatArray],
    n_units: int,
    *,
    of: str,
    clusters: Column | None = None,
    groups: int | None = None,
) -> LeftOut | Skipped:
    """Compute quantities, weights of the units (B, n_units) to (B, S), over all and with each cluster left out.

    `clusters` names each unit's cluster; None makes every unit its own. `groups` pools the clusters at random
    into that many groups, left out whole, for quantities that take long; the interval is then as rough as its
    groups - 1 degrees of freedom. Skipped below three clusters.
    """
    if groups is not None:
        require_count(groups, LEAST, "The number of groups to leave out")
    codes, names = as_codes(np.arange(n_units) if clusters is None else clusters, "clusters", ascending=True)
    if len(names) < LEAST:
        return Skipped(f"a jackknife needs three {of} to leave out, there are {len(names)}")
    left = len(names)
    if groups is not None and groups < left:
        dealt = np.random.default_rng(0).permutation(left) % groups
        codes, left = dealt[codes], groups
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = quantities(np.ones((1, n_units)))[0]
        left_out = np.concatenate([quantities(weights) for weights in _leave_out(codes, left)])
    return LeftOut(observed, left_out, len(names), of)


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


def log_limits(
    statistic: Callable[[FloatArray], FloatArray], samples: Sequence[LeftOut], *, name: str, level: float
) -> Limits | Skipped:
    """Return a statistic above 0, (B, S) to (B,), and its limits: value times exp(± t se).

    se² is the sum of the samples' jackknife variances of its logarithm; t has Satterthwaite's degrees of freedom, se⁴ /
    sum (se_s⁴ / (k_s - 1)). `samples` hold the same quantities, each with those at rest that are not drawn with it.
    Skipped where the samples are so few that a limit lies more than `FARTHEST` times away.

    >>> means = leave_out(lambda w: w @ np.c_[[2.0, 3.0, 4.0, 7.0]] / w.sum(axis=1, keepdims=True), 4, of="images")
    >>> value, low, high = log_limits(lambda q: q[:, 0], [means], name="mean", level=0.95)
    >>> round(value, 4), round(low, 4), round(high, 4)
    (4.0, 1.5889, 10.0698)
    """
    parts: list[tuple[float, int]] = []
    for sample in samples:
        variance = sample.variance(statistic, name)
        if isinstance(variance, Skipped):
            return variance
        parts.append((variance, len(sample.left_out) - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(statistic(samples[0].observed[None, :])[0])
    total = sum(variance for variance, _ in parts)
    if total == 0:
        return value, value, value
    df = total**2 / sum(variance**2 / k for variance, k in parts)
    exponent = float(stdtrit(df, (1 + level) / 2)) * math.sqrt(total)
    if not exponent <= math.log(FARTHEST):
        few = " and ".join(sample.words for sample in samples)
        return Skipped(f"{few} are too few to bound {name}: a limit lies more than {FARTHEST:,.0f} times away")
    factor = math.exp(exponent)
    return value, value / factor, value * factor
