"""The ratio of two independent groups' accuracies by the score method: an interval and a test that agree."""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import require_level
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, TestOutcome, TestResult

WIDEST = 60.0
"""Logarithm of the largest ratio searched: with 1 right of 10^25 it would be reached."""


def accuracy_ratio_score(
    right: int, n: int, right_reference: int, n_reference: int, *, level: float = 0.95
) -> tuple[Outcome, TestOutcome]:
    """Return (right / n) / (right_reference / n_reference) with its score interval, and the test of a ratio of 1.

    The interval holds the ratios R whose z(R) lies within the normal quantiles: z = (p1 - R p0) / sqrt(V), V = (q1 (1 -
    q1) / n1 + R² q0 (1 - q0) / n0) N / (N - 1) with q1 = R q0 the shares most likely under that ratio (Miettinen &
    Nurminen 1985, Statistics in Medicine 4, 213-226; without N / (N - 1): Koopman 1984, Biometrics 40, 513-517). z(1)²
    is the chi-squared test with N - 1 (Campbell 2007, Statistics in Medicine 26, 3661-3675): its p is below 1 - level
    where the interval leaves out 1. Both hold where a share is 0 or 1. Images are taken for independent. Skipped: a
    group without an image, a ratio over no right answer, and the test where all answers, or none, are right.

    >>> ratio, test = accuracy_ratio_score(49, 80, 18, 80)
    >>> round(ratio.value, 3), round(ratio.ci_low, 3), round(ratio.ci_high, 3)
    (2.722, 1.781, 4.291)
    >>> round(test.statistic, 3), test.p_value < 0.001
    (4.952, True)
    """
    require_level(level)
    for x, m in ((right, n), (right_reference, n_reference)):
        if not 0 <= x <= m < math.inf:
            raise AnalysisError(f"An accuracy of {x} right of {m} images is no share.")
    counts = (right, n, right_reference, n_reference)
    if n == 0 or n_reference == 0:
        empty = Skipped("a group has no image")
        return empty, empty
    return _interval(counts, level), _test(counts)


def _interval(counts: tuple[int, int, int, int], level: float) -> Outcome:
    x1, n1, x0, n0 = counts
    if x0 == 0:
        return Skipped("no answer is right in the reference: a ratio to 0 is not defined")
    quantile = float(ndtri((1 + level) / 2))
    low = _crossing(counts, quantile) if x1 else 0.0
    method = f"ratio of accuracies, {x1}/{n1} over {x0}/{n0}; score interval (Miettinen-Nurminen)"
    return Estimate((x1 / n1) / (x0 / n0), low, _crossing(counts, -quantile), level, n1 + n0, method)


def _test(counts: tuple[int, int, int, int]) -> TestOutcome:
    x1, n1, x0, n0 = counts
    if x1 + x0 in (0, n1 + n0):
        return Skipped(f"{'every' if x1 else 'no'} answer is right in both groups: there is nothing to test")
    z = _z(1.0, counts)
    return TestResult(z, float(2 * ndtr(-abs(z))), None, "N - 1 chi-squared test, signed root, two-sided", n1 + n0)


def _crossing(counts: tuple[int, int, int, int], quantile: float) -> float:
    """The ratio at which z, which falls as the ratio grows, is the quantile."""
    found: float = brentq(lambda log: _z(math.exp(log), counts) - quantile, -WIDEST, WIDEST, xtol=1e-10)
    return math.exp(found)


def _z(ratio: float, counts: tuple[int, int, int, int]) -> float:
    x1, n1, x0, n0 = counts
    total = n1 + n0
    # The likelihood under p1 = ratio p0 is highest at the smaller root of a p0² - b p0 + c = 0.
    a, b, c = ratio * total, ratio * (n1 + x0) + x1 + n0, x1 + x0
    q0 = min(2 * c / (b + math.sqrt(max(b * b - 4 * a * c, 0.0))), 1.0, 1 / ratio)
    q1 = ratio * q0
    variance = (max(q1 * (1 - q1), 0.0) / n1 + ratio * ratio * max(q0 * (1 - q0), 0.0) / n0) * total / (total - 1)
    apart = x1 / n1 - ratio * x0 / n0
    if variance <= 0:
        return 0.0 if abs(apart) < 1e-12 * max(1.0, ratio) else math.copysign(math.inf, apart)
    return apart / math.sqrt(variance)
