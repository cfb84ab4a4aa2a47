"""Variance components of raters crossed with units, and the intraclass correlations of a table with gaps.

rating = mean + unit + rater + residual, all three random. Any estimator of the three variances may be put in: a
function of the coded ratings and of how often each unit counts. `henderson` needs no iteration and is the default;
`reml` is the mixed model's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from vlmrate.stats._arrays import Column, FloatArray
from vlmrate.stats._crossed import SumsOfSquares, connected_parts, one_way
from vlmrate.stats._long import Ratings, code_ratings, too_few
from vlmrate.stats.estimate import Outcome, Skipped
from vlmrate.stats.icc import Icc
from vlmrate.stats.jackknife import Jackknifed, jackknife
from vlmrate.stats.mixed import fit_mixed_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

Estimator: TypeAlias = Callable[[Ratings], Callable[[FloatArray], FloatArray]]
"""Ratings to a function of the units' weights, (B, units) to (B, 3): the variances of unit, rater, residual."""


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Variances of unit, rater and residual in squared scale points, and their shares of the three together."""

    n_units: int
    n_raters: int
    n_ratings: int
    unit: Outcome
    rater: Outcome
    residual: Outcome
    unit_share: Outcome
    rater_share: Outcome
    residual_share: Outcome


def henderson(ratings: Ratings) -> Callable[[FloatArray], FloatArray]:
    """Return the estimator of Henderson's method 3: sums of squares adjusted for the other factor, no iteration.

    N ratings of a units by b raters, SSE the residual sum of squares of the fit of units and raters as
    constants, c the connected parts of the table (1 as a rule): s²_e = SSE / (N - a - b + c), s²_u = SS(within
    raters) / (N - b) - s²_e and s²_r = SS(within units) / (N - a) - s²_e. Unbiased; the analysis of variance
    where no cell is missing. An estimate can come out below 0 and is then left so. Henderson 1953, Biometrics
    9, 226-252; Searle, Casella & McCulloch 1992, Variance Components. A unit drawn twice counts as two units.
    """
    quantities = SumsOfSquares(ratings)
    parts = connected_parts(ratings)

    def variances(weights: FloatArray) -> FloatArray:
        q = quantities.of(weights)
        residual = quantities.residual(weights) / (q.n - q.units - q.raters + parts)
        within_raters, within_units = (
            (q.total - q.of_raters) / (q.n - q.raters),
            (q.total - q.of_units) / (q.n - q.units),
        )
        return np.column_stack([within_raters - residual, within_units - residual, residual])

    return variances


def reml(ratings: Ratings) -> Callable[[FloatArray], FloatArray]:
    """Return the estimator by restricted maximum likelihood, value ~ 1 + (1 | unit) + (1 | rater).

    It uses a table with gaps fully where method 3 does not, is never below 0, and takes the three effects for
    normal. One fit a jackknife group: ask for some thirty `groups` on large tables. It takes weights of 0 and 1.
    """
    names = {"unit": 0, "rater": 1, "Residual": 2}

    def fit(kept: NDArray[np.bool_]) -> FloatArray:
        rows = {
            "value": ratings.value[kept],
            "unit": ratings.unit[kept].astype(str),
            "rater": ratings.rater[kept].astype(str),
        }
        parts = fit_mixed_model("value ~ 1 + (1 | unit) + (1 | rater)", pd.DataFrame(rows)).variance_components
        variances = np.empty(3)
        variances[[names[group] for group in parts["group"]]] = parts["variance"]
        return variances

    return lambda weights: np.stack([fit(weight[ratings.unit] > 0) for weight in weights])


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

    Long rows (unit, rater, value); the intervals are a jackknife over units, or over whole `clusters` of them
    (one entry a row) or random `groups` of those, with the raters as they are: the module `jackknife` says why
    no bootstrap. Skipped below two units or raters, where a rater rated a unit twice, without variance, and
    where too few cells are filled to tell the three apart.

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
    ratings, left_out = drawn

    def variance(i: int, name: str) -> Outcome:
        return left_out.estimate(lambda t: t[:, i], name=f"{name} variance")

    def share(i: int, name: str) -> Outcome:
        return left_out.estimate(
            lambda t: t[:, i] / t[:, :3].sum(axis=1), name=f"{name} share of the variance", scale="atanh"
        )

    outcomes = [of(i, name) for of in (variance, share) for i, name in enumerate(("unit", "rater", "residual"))]
    return VarianceComponents(ratings.n_units, ratings.n_raters, ratings.n, *outcomes)


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
    """Return the six intraclass correlations where cells are missing, with jackknife intervals over units.

    ICC(A,1) = s²_u / (s²_u + s²_r + s²_e) and ICC(C,1) = s²_u / (s²_u + s²_e), the k forms with s²_r / k and
    s²_e / k (McGraw & Wong 1996, Psychological Methods 1, 30-46); ICC(1) from the one-way analysis of
    variance by unit, with its n0 = (N - sum n_i²/N) / (a - 1). `k` is by default the harmonic mean of the
    ratings a unit. Without a missing cell the values are those of `icc`. The intervals leave out units (or
    `clusters`) with the raters as they are: they do not speak of other raters. Skipped as `variance_components`.

    >>> judges = [9, 2, 5, 8, 6, 1, 3, None, 8, 4, 6, 8, 7, 1, None, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    >>> told = icc_from_components(np.repeat(range(6), 4), list(range(4)) * 6, judges)
    >>> round(told.agreement.value, 4), round(told.consistency.value, 4), round(told.k, 4)
    (0.2109, 0.8213, 3.6)
    """
    drawn = _draw(units, raters, values, clusters, level, estimator, groups)
    if isinstance(drawn, Skipped):
        return drawn
    ratings, left_out = drawn
    mean_of = float(ratings.n_units / (1 / ratings.per_unit()).sum()) if k is None else float(k)

    def outcome(name: str, unit: int, noise: tuple[int, ...], count: float) -> Outcome:
        def form(t: FloatArray) -> FloatArray:
            total = t[:, unit] + sum(t[:, i] for i in noise) / count
            return np.where(total > 0, t[:, unit] / total, np.nan)

        what = "a single rater" if count == 1 else f"the mean of {count:.4g} raters"
        told = f"{name}, {what}, from variance components, these raters held fixed"
        return left_out.estimate(form, name=told, scale="atanh")

    forms = (("ICC(1{})", 3, (4,)), ("ICC(A,1{})", 0, (1, 2)), ("ICC(C,1{})", 0, (2,)))
    single = [outcome(name.format(""), unit, noise, 1.0) for name, unit, noise in forms]
    mean = [outcome(name.replace("1{}", "k"), unit, noise, mean_of) for name, unit, noise in forms]
    return Icc(ratings.n_units, ratings.n_raters, mean_of, *single, *mean)


def _draw(
    units: Column,
    raters: Column,
    values: Column,
    clusters: Column | None,
    level: float,
    estimator: Estimator,
    groups: int | None,
) -> tuple[Ratings, Jackknifed] | Skipped:
    """Return the ratings, and the five variances (crossed, one-way) with each cluster left out."""
    ratings = code_ratings(units, raters, values, clusters=clusters)
    if isinstance(ratings, Skipped):
        return ratings
    if (reason := too_few(ratings)) is not None:
        return reason
    if np.ptp(ratings.value) == 0:
        return Skipped(f"the ratings have no variance: all {ratings.n:,} are {ratings.value[0]:g}")
    if ratings.n <= ratings.n_units + ratings.n_raters - connected_parts(ratings):
        return Skipped(f"{ratings.n:,} ratings are too few to tell units, raters and residual apart")
    quantities, components = SumsOfSquares(ratings), estimator(ratings)

    def both(weights: FloatArray) -> FloatArray:
        return np.hstack([components(weights), one_way(quantities.of(weights))])

    drawn = jackknife(both, ratings.n_units, clusters=ratings.clusters, groups=groups, level=level)
    return drawn if isinstance(drawn, Skipped) else (ratings, drawn)
