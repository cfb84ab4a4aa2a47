"""Variance components of raters crossed with units, and the intraclass correlations of a table with gaps.

rating = mean + unit + rater + residual, all three random. Any estimator of the three variances may be put in.
`henderson` needs no iteration and is the default; `reml` is the mixed model's. The intervals leave out units and raters
in turn, so that they speak of other units and of other raters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, require_level, require_raters
from vlmrate.stats._component_limits import ComponentLimits
from vlmrate.stats._crossed import connected_parts
from vlmrate.stats._long import Ratings, code_ratings, too_few
from vlmrate.stats._mean_squares import mean_squares
from vlmrate.stats.estimate import Outcome, Skipped
from vlmrate.stats.estimators import Estimator, henderson
from vlmrate.stats.icc import Icc


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Variances of unit, rater and residual in squared scale points, and their shares of the three together.

    None is below 0: where the estimator is, the value is 0 and `method` tells the estimate.
    """

    n_units: int
    n_raters: int
    n_ratings: int
    unit: Outcome
    rater: Outcome
    residual: Outcome
    unit_share: Outcome
    rater_share: Outcome
    residual_share: Outcome


def variance_components(
    units: Column,
    raters: Column,
    values: Column,
    *,
    clusters: Column | None = None,
    level: float = 0.95,
    estimator: Estimator = henderson,
    groups: int | None = None,
) -> VarianceComponents | Skipped:
    """Split the variance of ratings into units, raters and residual; cells may be missing.

    Long rows (unit, rater, value). Each interval leaves out what its variance was sampled with: units, or whole
    `clusters` of them (one entry a row), for unit and residual, raters for rater, both for the shares; at most
    `groups` of them, pooled at random. Mean squares have jackknife limits on the log scale (`log_limits`), and the
    residual in them is subtracted with limits recovered from both (Zou & Donner 2008, Statistics in Medicine 27,
    1693-1702; where no cell is missing, the form of Burdick & Graybill 1992, Confidence Intervals on Variance
    Components). No limit is below 0. The module `jackknife` says why no bootstrap. Skipped below two units or
    raters, where a rater rated a unit twice, without variance, and where too few cells are filled to tell the three
    apart. With two raters only unit and residual are told. Skipped, too, is a part that leaves nothing to chance (the
    residual of raters who differ by constants), and one that the units or raters are too few to bound.

    >>> judges = [9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    >>> split = variance_components(np.repeat(range(6), 4), list(range(4)) * 6, judges)
    >>> [round(part.value, 4) for part in (split.unit, split.rater, split.residual)]
    [2.5556, 5.2444, 1.0194]
    >>> round(split.rater_share.value, 4)
    0.5946
    """
    drawn = _draw(units, raters, values, clusters, level, estimator, groups)
    if isinstance(drawn, Skipped):
        return drawn
    ratings, told = drawn
    variances = (told.variance("unit"), told.variance("rater"), told.residual())
    shares = (told.share("unit"), told.share("rater"), told.residual_share())
    return VarianceComponents(ratings.n_units, ratings.n_raters, ratings.n, *variances, *shares)


def icc_from_components(
    units: Column,
    raters: Column,
    values: Column,
    *,
    k: float | None = None,
    clusters: Column | None = None,
    level: float = 0.95,
    estimator: Estimator = henderson,
    groups: int | None = None,
) -> Icc | Skipped:
    """Return the six intraclass correlations where cells are missing, with jackknife intervals over units and raters.

    ICC(A,1) = s²_u / (s²_u + s²_r + s²_e) and ICC(C,1) = s²_u / (s²_u + s²_e), the k forms with s²_r / k and
    s²_e / k (McGraw & Wong 1996, Psychological Methods 1, 30-46); ICC(1) from the one-way analysis of
    variance by unit, with its n0 = (N - sum n_i²/N) / (a - 1). `k` is by default the harmonic mean of the
    ratings a unit. Without a missing cell the values are those of `icc`.

    The intervals are those of F: the mean square of units over what disagreement is made of, with jackknife limits
    on the log scale. Units (or `clusters`) are left out for the first, raters for ICC(1) and ICC(A,·)'s second, which
    speak of other raters. At most `groups` of either. Skipped as `variance_components`; ICC(1) and ICC(A,·) below
    three raters; a form that leaves nothing to chance, as in `icc`. Raises `AnalysisError` for a `k` that is no number
    of raters.

    >>> judges = [9, 2, 5, 8, 6, 1, 3, None, 8, 4, 6, 8, 7, 1, None, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    >>> told = icc_from_components(np.repeat(range(6), 4), list(range(4)) * 6, judges)
    >>> round(told.agreement.value, 4), round(told.consistency.value, 4), round(told.k, 4)
    (0.2109, 0.8213, 3.6)
    """
    if k is not None:
        require_raters(k)
    drawn = _draw(units, raters, values, clusters, level, estimator, groups)
    if isinstance(drawn, Skipped):
        return drawn
    ratings, told = drawn
    mean_of = float(ratings.n_units / (1 / ratings.per_unit()).sum()) if k is None else float(k)
    one_way, agreement, consistency = (
        (told.correlation(form, 1.0), told.correlation(form, mean_of)) for form in ("1", "A", "C")
    )
    single, mean = zip(one_way, agreement, consistency, strict=True)
    return Icc(ratings.n_units, ratings.n_raters, mean_of, *single, *mean)


def _draw(
    units: Column,
    raters: Column,
    values: Column,
    clusters: Column | None,
    level: float,
    estimator: Estimator,
    groups: int | None,
) -> tuple[Ratings, ComponentLimits] | Skipped:
    require_level(level)
    if not callable(estimator):
        raise AnalysisError(f"estimator is a function, such as stats.henderson or stats.reml, not {estimator!r}.")
    ratings = code_ratings(units, raters, values, clusters=clusters)
    if isinstance(ratings, Skipped):
        return ratings
    if (reason := too_few(ratings)) is not None:
        return reason
    if np.ptp(ratings.value) == 0:
        return Skipped(f"the ratings have no variance: all {ratings.n:,} are {ratings.value[0]:g}")
    if ratings.n <= ratings.n_units + ratings.n_raters - connected_parts(ratings):
        return Skipped(f"{ratings.n:,} ratings are too few to tell units, raters and residual apart")
    squares = mean_squares(ratings, estimator, groups)
    return squares if isinstance(squares, Skipped) else (ratings, ComponentLimits(squares, ratings.n_units, level))
