"""Krippendorff's alpha: how far raters agree beyond chance, for any scale, any number of raters, missing cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    IntArray,
    as_codes,
    as_floats,
    as_names,
    require_aligned,
    require_column,
    require_one_of,
)
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_weights
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

Metric: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff_alpha(
    units: Column,
    raters: Column,
    values: Column,
    metric: Metric,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return alpha from long rows (unit, rater, value), at most 1, with a bootstrap interval over units.

    Rows whose value is missing are left out, then units with fewer than two values; the estimate's n counts
    the units that stay. `clusters` (one a row) draws whole clusters of units, such as identities. The values
    of a nominal scale may be labels; the others are numbers. See `alpha_from_counts` for the formula.
    Skipped: one rater only, no unit with two values, a unit rated twice by the same rater, all values the
    same, and values below 0 on a ratio scale.

    >>> units, raters = [1, 1, 2, 2, 3, 3, 4, 4], ["A", "B"] * 4
    >>> alpha = krippendorff_alpha(units, raters, [1, 1, 2, 3, 3, 3, 4, 4], "interval")
    >>> round(alpha.value, 4), alpha.n
    (0.9114, 4)
    """
    require_one_of(metric, get_args(Metric), "The metric")
    require_aligned(units=units, raters=raters, values=values, clusters=clusters)
    codes, domain = _value_codes(values, metric)
    there = codes >= 0
    unit_codes, unit_names = as_codes(as_names(units)[there], "units", ascending=True)
    rater_codes, rater_names = as_codes(as_names(raters)[there], "raters")
    if len(rater_names) < 2:
        return Skipped(f"agreement between raters needs two raters, there are {len(rater_names)}")
    if len(np.unique(unit_codes * len(rater_names) + rater_codes)) < len(unit_codes):
        return Skipped("a rater rated the same unit more than once: choose one repeat")
    cells = unit_codes * len(domain) + codes[there]
    counts = np.bincount(cells, minlength=len(unit_names) * len(domain)).reshape(len(unit_names), -1)
    of_units = None
    if clusters is not None:
        of_units = _cluster_of_units(unit_codes, as_names(clusters)[there])
    return alpha_from_counts(counts, domain, metric, clusters=of_units, bootstrap=bootstrap)


def alpha_from_counts(
    counts: Any,
    domain: Sequence[Any],
    metric: Metric,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return alpha from how often each unit got each value: counts (units, values), domain (values,) ascending.

    alpha = 1 - Do / De. With n_uc raters giving unit u the value c, m_u in all, n_c and n the totals over
    pairable units (m_u >= 2), and delta²_ck the squared difference of two values in the metric, Do = (1/n)
    sum_u sum_ck n_uc n_uk delta²_ck / (m_u - 1) and De = sum_ck n_c n_k delta²_ck / (n (n - 1)). Nominal:
    delta² = 1 for unlike values. Interval: (c - k)². Ratio: ((c - k) / (c + k))². Ordinal: (p_c - p_k)² with
    p_c the mean place of value c among all n values, so it changes with every resample. Krippendorff 2011,
    Computing Krippendorff's Alpha-Reliability, University of Pennsylvania. Units are resampled whole; that is
    not Krippendorff's own bootstrap, which draws pairs and ignores that a unit's pairs belong together.

    >>> alpha = alpha_from_counts([[3, 0], [2, 1], [0, 3], [0, 3]], ["no", "yes"], "nominal")
    >>> round(alpha.value, 4)
    0.6857
    """
    require_one_of(metric, get_args(Metric), "The metric")
    try:
        table = np.asarray(counts, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"Counts must be a table of numbers, a row a unit: {error}.") from error
    require_column(domain, "domain")
    if table.ndim != 2 or table.shape[1] != len(domain):
        raise AnalysisError(f"Counts need a column a value: {len(domain)} values, counts of shape {table.shape}.")
    if not (np.isfinite(table) & (table >= 0) & (table == np.floor(table))).all():
        raise AnalysisError("Counts must be whole numbers of 0 or more, none missing.")
    require_aligned(counts=table[:, 0], clusters=clusters)
    pairable = table.sum(axis=1) >= 2
    table = table[pairable]
    if not pairable.any():
        return Skipped("no unit has two values to compare")
    used = table.sum(axis=0) > 0
    if used.sum() < 2:
        return Skipped(f"all {int(table.sum()):,} values are {domain[int(np.argmax(used))]}: no variance")
    table, points = table[:, used], _points(domain, used, metric)
    if metric == "ratio" and (points < 0).any():
        return Skipped("a ratio scale has no values below 0")
    identities = None if clusters is None else as_names(clusters)[pairable]
    name = f"Krippendorff's alpha ({metric}), {int(table.sum()):,} values"
    statistic = _Ordinal(table) if metric == "ordinal" else _Fixed(table, _squared_difference(points, metric))
    return bootstrap_weights(statistic, len(table), name=name, clusters=identities, bootstrap=bootstrap)


class _Fixed:
    """Alpha of weighted units where the squared differences do not depend on the resample."""

    def __init__(self, table: FloatArray, delta: FloatArray) -> None:
        self.table, self.delta = table, delta
        self.observed = ((table @ delta) * table).sum(axis=1) / (table.sum(axis=1) - 1)

    def __call__(self, weights: FloatArray) -> FloatArray:
        totals = weights @ self.table
        n = totals.sum(axis=1)
        expected = ((totals @ self.delta) * totals).sum(axis=1) / (n - 1)
        return np.where(expected > 0, 1 - weights @ self.observed / expected, np.nan)


class _Ordinal:
    """Alpha of weighted units on an ordinal scale.

    A squared difference of mean places expands: sum_ck n_uc n_uk (p_c - p_k)² = 2 (m_u sum_c n_uc p_c² -
    (sum_c n_uc p_c)²), and likewise over all values. So no resample needs a matrix of differences.
    """

    def __init__(self, table: FloatArray) -> None:
        self.table = table
        self.m = table.sum(axis=1)
        self.weighed = table * (self.m / (self.m - 1))[:, None]

    def __call__(self, weights: FloatArray) -> FloatArray:
        totals = weights @ self.table
        n = totals.sum(axis=1, keepdims=True)
        # Places counted from the middle: alpha is the same, and less is lost in the differences of large squares.
        places = np.cumsum(totals, axis=1) - totals / 2 - n / 2
        unit_sums = places @ self.table.T
        observed = ((weights @ self.weighed) * places**2).sum(axis=1)
        observed -= (weights * unit_sums**2) @ (1 / (self.m - 1))
        expected = n[:, 0] * (totals * places**2).sum(axis=1) - (totals * places).sum(axis=1) ** 2
        return np.where(expected > 0, 1 - (n[:, 0] - 1) * observed / expected, np.nan)


def _value_codes(values: Column, metric: Metric) -> tuple[IntArray, list[Any]]:
    """Return each row's value as a number in the domain (-1: missing), and the domain, ascending."""
    column = as_names(values) if metric == "nominal" else as_floats(values, "values")
    codes, domain = pd.factorize(column, sort=metric != "nominal")
    return codes.astype(np.int64), list(domain)


def _cluster_of_units(unit_codes: IntArray, clusters: Column) -> Column:
    codes, _ = as_codes(clusters, "clusters", ascending=True)
    _, first = np.unique(unit_codes, return_index=True)
    if not np.array_equal(codes[first][unit_codes], codes):
        raise AnalysisError("A unit's rows name more than one cluster.")
    of_units: IntArray = codes[first]
    return of_units


def _points(domain: Sequence[Any], used: np.ndarray[tuple[int], np.dtype[np.bool_]], metric: Metric) -> FloatArray:
    """Return the used values as numbers; those of a nominal scale are merely counted."""
    if metric == "nominal":
        return np.arange(int(used.sum()), dtype=np.float64)
    points = as_floats(list(domain), "domain")
    if (np.diff(points) <= 0).any():
        raise AnalysisError("The domain of an ordered scale must ascend.")
    return points[used]


def _squared_difference(points: FloatArray, metric: Metric) -> FloatArray:
    c, k = points[:, None], points[None, :]
    if metric == "nominal":
        return np.where(c != k, 1.0, 0.0)
    if metric == "interval":
        return (c - k) ** 2
    total = np.where(c + k == 0, 1.0, c + k)
    return ((c - k) / total) ** 2
