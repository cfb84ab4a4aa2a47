"""Two one-sided tests: is the model's bias so small that it does not matter? "Not significant" does not say so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, Pairs, as_codes, as_floats, is_number, pairs
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, TestResult

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray

ROUNDING = 1e-10
"""Differences that vary by less than this, in scale points, are constant."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """A mean difference held against a margin on both sides."""

    margin: tuple[float, float]
    """Lowest and highest mean difference that would not matter, in scale points, as stated before looking."""
    alpha: float
    difference: Outcome
    """Mean of model minus human with the interval of level 1 - 2 alpha that the test reads."""
    above_low: TestResult
    """One-sided: the mean lies above the lower margin."""
    below_high: TestResult
    """One-sided: the mean lies below the upper margin."""
    p_value: float
    """The larger of the two."""
    equivalent: bool
    """Whether p_value is at most alpha, which is: whether the interval lies within the margin."""


def tost(
    model: Column,
    human: Column,
    margin: float | tuple[float, float],
    *,
    alpha: float = 0.05,
    clusters: Column | None = None,
) -> Equivalence | Skipped:
    """Test whether the mean of model minus human lies within the margin, paired; two one-sided t tests.

    Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680. `margin` is m for (-m, m),
    or the two ends, in scale points. Without `clusters` the standard error is s / sqrt(n) with n - 1 df. With
    them it is that of sums of deviations over whole clusters, sqrt(G / (G - 1) sum_g (sum_{i in g} (d_i -
    mean))²) / n with G - 1 df (Liang & Zeger 1986, Biometrika 73, 13-22), which is the former where every
    cluster is one image. Skipped below two images (clusters), and where the differences have no variance.

    >>> told = tost([5, 6, 7, 9, 3, 6], [4.9, 5.6, 7.3, 8.8, 3.2, 5.9], 0.5)
    >>> told.equivalent, round(told.p_value, 4)
    (True, 0.004)
    >>> round(told.difference.ci_low, 4), round(told.difference.ci_high, 4)
    (-0.1629, 0.2629)
    """
    low, high = _ends(margin)
    if not (is_number(alpha) and 0 < alpha < 0.5):
        raise AnalysisError(f"alpha lies between 0 and .5, not at {alpha}.")
    both = pairs(model, human, clusters=clusters)
    error = _standard_error(both)
    if isinstance(error, Skipped):
        return error
    se, df, how = error
    mean = float(both.difference.mean())
    half = float(stdtrit(df, 1 - alpha)) * se
    above = _one_sided((mean - low) / se, df, f"mean difference above {low:g}; {how}", both.n)
    below = _one_sided((high - mean) / se, df, f"mean difference below {high:g}; {how}", both.n)
    p_value = max(above.p_value, below.p_value)
    method = f"mean of model minus human; {how}"
    interval = Estimate(mean, mean - half, mean + half, 1 - 2 * alpha, both.n, method)
    return Equivalence((low, high), alpha, interval, above, below, p_value, p_value <= alpha)


def _ends(margin: float | tuple[float, float]) -> tuple[float, float]:
    """Return the two ends of a margin, given as numbers of Python or numpy."""
    ends = as_floats([-margin, margin] if isinstance(margin, int | float | np.number) else margin, "margin")
    if isinstance(margin, bool) or ends.shape != (2,) or not ends[0] < ends[1]:
        raise AnalysisError(f"A margin is a number above 0, or runs from a lower to a higher difference, not {margin}.")
    return float(ends[0]), float(ends[1])


def _standard_error(both: Pairs) -> tuple[float, int, str] | Skipped:
    if both.n < 2:
        return Skipped(f"an equivalence test needs two images rated by both, there are {both.n}")
    d = both.difference
    if np.ptp(d) < ROUNDING:
        return Skipped(f"the differences have no variance: all {both.n} are {d[0]:g}")
    if both.clusters is None:
        return float(d.std(ddof=1)) / math.sqrt(both.n), both.n - 1, "Student's t"
    return _clustered(d, both.clusters)


def _clustered(d: FloatArray, clusters: Column) -> tuple[float, int, str] | Skipped:
    codes, names = as_codes(clusters, "clusters")
    g = len(names)
    if g < 2:
        return Skipped(f"a clustered test needs two clusters, there are {g}")
    sums = np.bincount(codes, weights=d - d.mean())
    if float(np.abs(sums).max()) < ROUNDING:
        return Skipped("the clusters' deviations cancel: no standard error can be had from them")
    se = math.sqrt(g / (g - 1) * float((sums**2).sum())) / len(d)
    return se, g - 1, f"t over {g:,} clusters, standard error robust to their dependence"


def _one_sided(t: float, df: int, what: str, n: int) -> TestResult:
    return TestResult(t, float(stdtr(df, -t)), float(df), f"one-sided t, {what}", n)
