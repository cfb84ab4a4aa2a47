"""Variance of units within their strata: what is left of the images' variance when their emotion is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import FloatArray, as_codes
from vlmrate.stats.estimators import Estimator, Factor, henderson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vlmrate.stats._long import Ratings


def henderson_within(strata: Mapping[Any, Any]) -> Estimator:
    """Return an estimator for `variance_components` whose unit variance is that within strata, named by unit.

    From ratings less the mean of their stratum (of its units' means), s²_u of `henderson` is too small by the strata's
    degrees of freedom: s²_within = s²_u - (MS of the units' means about the grand mean - their MS about the means of
    their strata). Without a missing cell that is the nested analysis of variance. Rater and residual are those of
    `henderson`, which do not know what units have in common. NaN without two strata or with no stratum of two units.
    Raises `AnalysisError`, when it estimates, for a unit without a stratum.
    """

    def estimator(ratings: Ratings, factor: Factor) -> Callable[[FloatArray], FloatArray]:
        if factor == "rater":
            return henderson(ratings, factor)
        indicator = _indicator(ratings, strata)
        means = ratings.per_unit(ratings.value) / ratings.per_unit()
        of_strata = indicator @ (means @ indicator / indicator.sum(axis=0))
        of_all, means = (
            henderson(replace(ratings, value=ratings.value - of_strata[ratings.unit]), factor),
            means - of_strata,
        )

        def variances(weights: FloatArray) -> FloatArray:
            found = of_all(weights)
            found[:, 0] -= _between(weights, means, indicator)
            return found

        return variances

    return estimator


def _indicator(ratings: Ratings, strata: Mapping[Any, Any]) -> FloatArray:
    """One column a stratum, one row a unit."""
    missing = [name for name in ratings.unit_names if name not in strata]
    if missing:
        raise AnalysisError(f"{len(missing):,} units have no stratum, the first is {missing[0]}.")
    codes, names = as_codes([strata[name] for name in ratings.unit_names], "strata", ascending=True)
    indicator: FloatArray = (codes[:, None] == np.arange(len(names))).astype(np.float64)
    return indicator


def _between(weights: FloatArray, means: FloatArray, indicator: FloatArray) -> FloatArray:
    """The mean square of the means about their mean, less the one about the means of their strata: (B,)."""
    count, sums = weights @ indicator, weights @ (indicator * means[:, None])
    n, there = count.sum(axis=1), count > 0
    squares = weights @ means**2
    of_strata = (sums**2 / np.where(there, count, 1.0)).sum(axis=1)
    total = (squares - sums.sum(axis=1) ** 2 / n) / (n - 1)
    left = n - there.sum(axis=1)
    within = np.where(left > 0, squares - of_strata, np.nan) / np.where(left > 0, left, 1.0)
    between: FloatArray = np.where(there.sum(axis=1) > 1, total - within, np.nan)
    return between
