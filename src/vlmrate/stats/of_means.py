"""How reliable the means of people's ratings are, whether everyone rated everything or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from vlmrate.stats._arrays import Column, as_names
from vlmrate.stats.components import icc_from_components
from vlmrate.stats.icc import Icc, icc
from vlmrate.stats.within import henderson_within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.stats.estimate import Outcome, Skipped

_GROUPS = 100


def icc_of_ratings(
    units: Column, raters: Column, values: Column, *, clusters: Column | None = None, level: float = 0.95
) -> Icc | Skipped:
    """Return the six intraclass correlations: of `icc` where no cell is missing, else of `icc_from_components`.

    >>> round(icc_of_ratings([1, 1, 2, 2, 3, 3], ["a", "b"] * 3, [1, 2, 5, 5, 8, 9]).consistency.value, 3)
    0.986
    """
    if len(units) == pd.Series(as_names(units)).nunique() * pd.Series(as_names(raters)).nunique():
        return icc(units, raters, values, level=level)
    return icc_from_components(units, raters, values, clusters=clusters, level=level)


def icc_within(
    units: Column,
    raters: Column,
    values: Column,
    strata: Mapping[Any, Any],
    *,
    clusters: Column | None = None,
    level: float = 0.95,
) -> Icc | Skipped:
    """Return the intraclass correlations of units within their strata (emotions), named by unit: `henderson_within`.

    Only the units' variance is that within strata; whom they were rated by knows none. Raises as `henderson_within`.
    """
    return icc_from_components(
        units, raters, values, clusters=clusters, level=level, estimator=henderson_within(strata), groups=_GROUPS
    )


def reliability_of_means(coefficients: Icc, fewest: int) -> Outcome:
    """Return the reliability of units' means: severity cancels only where every unit was rated by the same raters.

    `fewest` is the least number of ratings that a unit has.
    """
    return coefficients.consistency_k if fewest == coefficients.n_raters else coefficients.agreement_k
