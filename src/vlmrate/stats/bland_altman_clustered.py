"""Limits of agreement of one pair of ratings an image, where images share an identity: whole clusters are resampled."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, Pairs, pairs
from vlmrate.stats.bland_altman import ROUNDING, BlandAltman
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, resample_sums
from vlmrate.stats.dimensional import sd_of
from vlmrate.stats.estimate import Outcome, Skipped, TestOutcome
from vlmrate.stats.jackknife import jackknife_t


def bland_altman_bootstrap(
    model: Column,
    human: Column,
    *,
    clusters: Column | None = None,
    coverage: float = 0.95,
    bootstrap: Bootstrap = DEFAULT,
) -> BlandAltman | Skipped:
    """Return what `bland_altman` does, with intervals that draw whole clusters and know no normal curve.

    Bias, SD, limits mean ± z s and slope are those of `bland_altman`. The slope's test is a t of clusters - 1 df on
    its jackknife standard error, clusters left out in turn (Efron & Tibshirani 1993, ch. 11): with few clusters it
    keeps its level where the sandwich of Liang & Zeger 1986 does not. Skipped below three images and two clusters, and
    where the differences have no variance; the slope where the means have none.

    >>> told = bland_altman_bootstrap([1, 2, 4, 4, 7, 6], [2.1, 2.0, 3.9, 5.2, 6.0, 6.2], clusters=list("aabbcc"))
    >>> round(told.bias.value, 4), round(told.lower.value, 4), round(told.upper.value, 4)
    (-0.2333, -1.8432, 1.3765)
    >>> round(told.slope.value, 4), told.slope_test.df
    (0.2012, 2.0)
    """
    if not 0 < coverage < 1:
        raise AnalysisError(f"Limits cover a share between 0 and 1, not {coverage}.")
    both = pairs(model, human, clusters=clusters)
    if both.n < 3:
        return Skipped(f"limits of agreement need three images rated by both, there are {both.n}")
    if np.ptp(both.difference) < ROUNDING:
        return Skipped(f"the differences have no variance: all {both.n} are {both.difference[0]:g}")
    drawn = resample_sums(_sums(both), clusters=both.clusters, bootstrap=bootstrap)
    return drawn if isinstance(drawn, Skipped) else _told(both, drawn, coverage)


def _told(both: Pairs, drawn: ResampledSums, coverage: float) -> BlandAltman:
    origin, z = both.difference[0], float(ndtri((1 + coverage) / 2))
    slope, test = _slope(both, drawn)

    def limit(multiple: float, which: str) -> Outcome:
        name = f"{which} limit of agreement, {coverage:.4g} of the differences"
        return drawn.estimate(lambda t: origin + t[:, 1] / t[:, 0] + multiple * _sd(t), name=name)

    return BlandAltman(
        n=both.n,
        coverage=coverage,
        bias=drawn.estimate(lambda t: origin + t[:, 1] / t[:, 0], name="bias, mean of model minus human"),
        sd=drawn.estimate(_sd, name="SD of model minus human"),
        lower=limit(-z, "lower"),
        upper=limit(z, "upper"),
        slope=slope,
        slope_test=test,
    )


def _sums(both: Pairs) -> FloatArray:
    """Return 1, d, d², m, m², m d of each image about the first one's: d the difference, m the mean of both."""
    d, m = both.difference - both.difference[0], _middle(both)
    return np.column_stack([np.ones(both.n), d, d * d, m, m * m, m * d])


def _middle(both: Pairs) -> FloatArray:
    middle = (both.model + both.human) / 2
    return np.asarray(middle - middle[0], dtype=np.float64)


def _sd(t: FloatArray) -> FloatArray:
    return sd_of(t[:, 0], t[:, 1], t[:, 2])


def _slope(both: Pairs, drawn: ResampledSums) -> tuple[Outcome, TestOutcome]:
    if np.ptp(_middle(both)) < ROUNDING:
        none = Skipped(f"the means of both ratings have no variance over {both.n} images")
        return none, none
    name = "slope of the difference on the mean of both"

    def slope(t: FloatArray) -> FloatArray:
        n, d, _, m, mm, md = t.T
        varies = mm - m * m / n > ROUNDING
        return np.where(varies, (md - m * d / n) / (mm - m * m / n), np.nan)

    with np.errstate(divide="ignore", invalid="ignore"):
        value, left_out = float(slope(drawn.observed[None, :])[0]), slope(drawn.left_out)
    return drawn.estimate(slope, name=name), jackknife_t(left_out, value, name=name, n=both.n)
