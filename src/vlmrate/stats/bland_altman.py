"""Bland-Altman: bias, limits of agreement with their intervals, and whether the bias grows along the scale.

A difference is model minus human, one an image, in scale points. Raw ratings, several an image, have their own
forms in `bland_altman_repeated`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from scipy.special import chdtri, ndtri, stdtr, stdtrit
from scipy.stats import nct

from vlmrate.stats._arrays import Column, Pairs, pairs, require_level, require_one_of, require_share
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, TestOutcome, TestResult, without_width

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray

LimitInterval: TypeAlias = Literal["exact", "approximate"]
"""How the limits of agreement get their intervals: noncentral t, or Bland & Altman's standard error."""
ROUNDING = 1e-10
"""Differences that vary by less than this, in scale points, are constant."""


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Agreement of single pairs of ratings, in scale points."""

    n: int
    coverage: float
    """Share of differences the limits are to enclose."""
    bias: Outcome
    """Mean of model minus human; Student's t."""
    sd: Outcome
    """Standard deviation of the differences; chi-square."""
    lower: Outcome
    """Lower limit of agreement."""
    upper: Outcome
    slope: Outcome
    """Scale points by which the difference grows when the mean of both grows by one: proportional bias."""
    slope_test: TestOutcome


def bland_altman(
    model: Column,
    human: Column,
    *,
    level: float = 0.95,
    coverage: float = 0.95,
    interval: LimitInterval = "exact",
) -> BlandAltman | Skipped:
    """Return bias, limits of agreement and proportional bias of one pair of ratings an image.

    Limits: mean ± z s, s the SD of the differences and z the normal quantile that encloses `coverage` of them
    (1.96); Bland & Altman 1986, Lancet 327, 307-310. Their intervals are exact for normal differences, mean ±
    s t' / sqrt(n) with t' the quantiles of the noncentral t of n - 1 df and noncentrality ± z sqrt(n)
    (Carkeet 2015, Optometry and Vision Science 92, e71-e80), or approximate, limit ± t s sqrt(1/n + z² / (2(n
    - 1))) (Bland & Altman 1999, Statistical Methods in Medical Research 8, 135-160). Slope: least squares of
    the difference on the mean of both, Student's t of n - 2 df. It is not 0 where the two are spread
    differently, people's means being less spread than single ratings. All take images for independent.
    Skipped below three images and where the differences have no variance; the slope and its test where the means
    have none, and where the differences lie on a line.

    >>> told = bland_altman([1, 2, 4, 4, 7, 6], [2.1, 2.0, 3.9, 5.2, 6.0, 6.2])
    >>> round(told.bias.value, 4), round(told.lower.value, 4), round(told.upper.value, 4)
    (-0.2333, -1.8432, 1.3765)
    >>> round(told.lower.ci_low, 4), round(told.lower.ci_high, 4)
    (-4.4313, -1.0475)
    >>> round(told.slope.value, 4), round(told.slope_test.p_value, 4)
    (0.2012, 0.3111)
    """
    require_level(level)
    require_share(coverage, "The share of differences that limits cover")
    require_one_of(interval, get_args(LimitInterval), "interval")
    both = pairs(model, human)
    if both.n < 3:
        return Skipped(f"limits of agreement need three images rated by both, there are {both.n}")
    d = both.difference
    if np.ptp(d) < ROUNDING:
        return Skipped(f"the differences have no variance: all {both.n} are {d[0]:g}")
    z = float(ndtri((1 + coverage) / 2))
    slope, test = _proportional(both, level)
    return BlandAltman(
        n=both.n,
        coverage=coverage,
        bias=_bias(d, level),
        sd=_sd(d, level),
        lower=_limit(d, -z, "lower", coverage, level, interval),
        upper=_limit(d, z, "upper", coverage, level, interval),
        slope=slope,
        slope_test=test,
    )


def _bias(d: FloatArray, level: float) -> Estimate:
    n, mean = len(d), float(d.mean())
    half = float(stdtrit(n - 1, (1 + level) / 2)) * float(d.std(ddof=1)) / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half, level, n, "bias, mean of model minus human; Student's t")


def _sd(d: FloatArray, level: float) -> Estimate:
    df, s = len(d) - 1, float(d.std(ddof=1))
    low, high = (s * math.sqrt(df / float(chdtri(df, tail))) for tail in ((1 - level) / 2, (1 + level) / 2))
    return Estimate(s, low, high, level, len(d), "SD of model minus human; chi-square")


def _limit(d: FloatArray, z: float, which: str, coverage: float, level: float, interval: LimitInterval) -> Estimate:
    n, mean, s = len(d), float(d.mean()), float(d.std(ddof=1))
    name = f"{which} limit of agreement, {coverage:.4g} of the differences"
    value = mean + z * s
    if interval == "approximate":
        half = float(stdtrit(n - 1, (1 + level) / 2)) * s * math.sqrt(1 / n + z * z / (2 * (n - 1)))
        return Estimate(value, value - half, value + half, level, n, f"{name}; approximate (Bland & Altman 1999)")
    tails = ((1 - level) / 2, (1 + level) / 2)
    # The lower limit is the upper one of human minus model: the noncentrality stays positive, where nct is accurate.
    far = [float(nct.ppf(tail, n - 1, abs(z) * math.sqrt(n))) * s / math.sqrt(n) for tail in tails]
    low, high = (mean + far[0], mean + far[1]) if z > 0 else (mean - far[1], mean - far[0])
    return Estimate(value, low, high, level, n, f"{name}; exact (noncentral t)")


def _proportional(both: Pairs, level: float) -> tuple[Outcome, TestOutcome]:
    d, middle = both.difference, (both.model + both.human) / 2
    if np.ptp(middle) < ROUNDING:
        none = Skipped(f"the means of both ratings have no variance: all {both.n} are {middle[0]:g}")
        return none, none
    centred = middle - middle.mean()
    slope = float(centred @ d) / float(centred @ centred)
    residual = d - d.mean() - slope * centred
    df = both.n - 2
    name = "slope of the difference on the mean of both"
    if float(np.ptp(residual)) < ROUNDING:
        line = without_width(name, slope)
        return line, line
    se = math.sqrt(float(residual @ residual) / df / float(centred @ centred))
    half = float(stdtrit(df, (1 + level) / 2)) * se
    estimate = Estimate(slope, slope - half, slope + half, level, both.n, f"{name}; Student's t")
    t = slope / se
    return estimate, TestResult(t, float(2 * stdtr(df, -abs(t))), float(df), f"{name}, t, two-sided", both.n)
