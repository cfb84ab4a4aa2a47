"""Estimators of the variances of units, raters and residual in rating = mean + unit + rater + residual, all random."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from vlmrate.stats._arrays import FloatArray
from vlmrate.stats._crossed import SumsOfSquares, connected_parts, transposed
from vlmrate.stats._long import Ratings
from vlmrate.stats.mixed import fit_mixed_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

Factor: TypeAlias = Literal["unit", "rater"]
Estimator: TypeAlias = Callable[[Ratings, Factor], Callable[[FloatArray], FloatArray]]
"""Ratings and a factor to a function of the weights of its levels, (B, levels) to (B, 2): its variance, the residual's.

Weights of units say how the variance of units moves when units are left out, weights of raters that of raters.
"""


def henderson(ratings: Ratings, factor: Factor) -> Callable[[FloatArray], FloatArray]:
    """Return the estimator of Henderson's method 3: sums of squares adjusted for the other factor, no iteration.

    N ratings of a units by b raters, SSE the residual sum of squares of the fit of units and raters as
    constants, c the connected parts of the table (1 as a rule): s²_e = SSE / (N - a - b + c), s²_u = SS(within
    raters) / (N - b) - s²_e and s²_r = SS(within units) / (N - a) - s²_e. Unbiased; the analysis of variance
    where no cell is missing. An estimate can come out below 0 and is then left so. Henderson 1953, Biometrics
    9, 226-252; Searle, Casella & McCulloch 1992, Variance Components. A unit drawn twice counts as two units.
    """
    table = ratings if factor == "unit" else transposed(ratings)
    quantities, parts = SumsOfSquares(table), connected_parts(table)

    def variances(weights: FloatArray) -> FloatArray:
        q = quantities.of(weights)
        residual = quantities.residual(weights) / (q.n - q.units - q.raters + parts)
        return np.column_stack([(q.total - q.of_raters) / (q.n - q.raters) - residual, residual])

    return variances


def reml(ratings: Ratings, factor: Factor) -> Callable[[FloatArray], FloatArray]:
    """Return the estimator by restricted maximum likelihood, value ~ 1 + (1 | unit) + (1 | rater).

    It uses a table with gaps fully where method 3 does not, is never below 0, and takes the three effects for
    normal. One fit a jackknife group: ask for some thirty `groups` on large tables. It takes weights of 0 and 1.
    """
    codes = ratings.unit if factor == "unit" else ratings.rater

    def fit(kept: NDArray[np.bool_]) -> FloatArray:
        rows = {
            "value": ratings.value[kept],
            "unit": ratings.unit[kept].astype(str),
            "rater": ratings.rater[kept].astype(str),
        }
        parts = fit_mixed_model("value ~ 1 + (1 | unit) + (1 | rater)", pd.DataFrame(rows)).variance_components
        variances = parts.set_index("group")["variance"]
        return np.array([variances[factor], variances["Residual"]])

    return lambda weights: np.stack([fit(weight[codes] > 0) for weight in weights])
