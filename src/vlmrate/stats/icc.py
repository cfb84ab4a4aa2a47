"""The six intraclass correlations of raters who all rated everything, with their F intervals.

With missing cells use `icc_from_components`. Names are McGraw & Wong's: A is absolute agreement, C consistency,
1 a single rating, k the mean of k raters. Shrout & Fleiss call them ICC(1,1), (2,1), (3,1), (1,k), (2,k), (3,k).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import fdtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import require_level
from vlmrate.stats._long import code_ratings, there_are, too_few
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, without_width

if TYPE_CHECKING:
    from typing import Any

    from vlmrate.stats._arrays import Column, FloatArray

ROUNDING = 1e-12
"""A mean square below this share of the total mean square is rounding and taken for 0."""

NAMES = (("ICC({})", "one-way"), ("ICC(A,{})", "agreement"), ("ICC(C,{})", "consistency"))
Form: TypeAlias = "tuple[float, float, float] | None"
"""A correlation and its limits; None where it has no value."""


@dataclass(frozen=True, slots=True)
class Icc:
    """The six intraclass correlations of one table of ratings."""

    n_units: int
    n_raters: int
    k: float
    """Ratings that the mean forms are the reliability of the mean of."""
    one_way: Outcome
    """ICC(1): raters of one unit are no particular raters of another."""
    agreement: Outcome
    """ICC(A,1): raters drawn at random, their means count as disagreement."""
    consistency: Outcome
    """ICC(C,1): differences between raters' means do not count."""
    one_way_k: Outcome
    agreement_k: Outcome
    consistency_k: Outcome


def icc(units: Column, raters: Column, values: Column, *, level: float = 0.95) -> Icc | Skipped:
    """Return all six intraclass correlations from long rows (unit, rater, value), every cell filled.

    See `icc_matrix` for the formulas. Skipped below two units or two raters, where a rater rated a unit twice,
    and where a cell is missing: leaving out whole units or raters would be a choice of data.

    >>> judges = [9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    >>> told = icc(np.repeat(range(6), 4), list(range(4)) * 6, judges)
    >>> [round(form.value, 2) for form in (told.one_way, told.agreement, told.consistency)]
    [0.17, 0.29, 0.71]
    >>> [round(form.value, 2) for form in (told.one_way_k, told.agreement_k, told.consistency_k)]
    [0.44, 0.62, 0.91]
    >>> round(told.agreement.ci_low, 3), round(told.agreement.ci_high, 3)
    (0.019, 0.761)
    """
    require_level(level)
    ratings = code_ratings(units, raters, values)
    if isinstance(ratings, Skipped):
        return ratings
    if (reason := too_few(ratings)) is not None:
        return reason
    if not ratings.complete:
        cells = ratings.n_units * ratings.n_raters
        return _with_gaps(cells - ratings.n, cells)
    matrix = np.empty((ratings.n_units, ratings.n_raters))
    matrix[ratings.unit, ratings.rater] = ratings.value
    return icc_matrix(matrix, level=level)


def icc_matrix(matrix: Any, *, level: float = 0.95) -> Icc | Skipped:
    """Return all six intraclass correlations of a table of n units (rows) by k raters (columns), every cell filled.

    With the mean squares of units MSR, raters MSC, error MSE and within units MSW: ICC(1) = (MSR - MSW) / (MSR
    + (k - 1) MSW); ICC(C,1) = (MSR - MSE) / (MSR + (k - 1) MSE); ICC(A,1) = (MSR - MSE) / (MSR + (k - 1) MSE +
    k (MSC - MSE) / n). At most 1; below 0 where raters agree less than by chance. The k forms are their
    Spearman-Brown steps. Shrout & Fleiss 1979, Psychological Bulletin 86, 420-428; F intervals of McGraw &
    Wong 1996, Psychological Methods 1, 30-46, whose interval of ICC(A,1) has Satterthwaite's df. They take
    ratings for normal. Skipped below two units or raters, where a cell is missing, and where no rating differs; a form
    that leaves nothing to chance (ICC(C) of raters who differ by constants) has no F interval and is Skipped, its
    value told. Raises `AnalysisError` for what is no table of numbers, and for an infinite value.
    """
    require_level(level)
    try:
        table = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise AnalysisError(
            f"icc_matrix needs numbers, every row with one rating of each rater; what was given is no table: {error}."
        ) from error
    if table.ndim != 2 or np.isinf(table).any():
        raise AnalysisError("icc_matrix needs a table of units by raters without an infinite value.")
    if missing := int(np.isnan(table).sum()):
        return _with_gaps(missing, table.size)
    n, k = table.shape
    if k < 2:
        return Skipped(f"intraclass correlation needs two raters, there {there_are(k, 'rater')}")
    if n < 2:
        return Skipped(f"intraclass correlation needs two units, there {there_are(n, 'unit')}")
    if np.ptp(table) == 0:
        return Skipped(f"the ratings have no variance: all {n * k:,} are {table.flat[0]:g}")
    squares = _mean_squares(table)
    forms = (squares.one_way(level), squares.agreement(level), squares.consistency(level))
    single = [_outcome(form, name, level, (n, k), 1) for form, name in zip(forms, NAMES, strict=True)]
    mean = [_outcome(form, name, level, (n, k), k) for form, name in zip(forms, NAMES, strict=True)]
    return Icc(n, k, float(k), *single, *mean)


def _with_gaps(missing: int, cells: int) -> Skipped:
    return Skipped(
        f"{missing:,} of {cells:,} cells are missing: take the intraclass correlations from variance components"
    )


@dataclass(frozen=True, slots=True)
class _MeanSquares:
    n: int
    k: int
    unit: float
    rater: float
    error: float
    within: float

    def one_way(self, level: float) -> Form:
        return self._ratio(self.within, self.n * (self.k - 1), level)

    def consistency(self, level: float) -> Form:
        return self._ratio(self.error, (self.n - 1) * (self.k - 1), level)

    def agreement(self, level: float) -> Form:
        n, k, unit, rater, error = self.n, self.k, self.unit, self.rater, self.error
        if unit == error == 0:
            return None
        others = k * rater + (k * n - k - n) * error
        value = n * (unit - error) / (n * unit + others)
        if others == 0:
            return value, value, value
        # a and b of McGraw & Wong, both times n (1 - value): a perfect value needs no division.
        a, b = k * value, n * (1 - value) + k * value * (n - 1)
        v = (a * rater + b * error) ** 2 / ((a * rater) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
        tail = (1 + level) / 2
        above, below = float(fdtri(n - 1, v, tail)), float(fdtri(v, n - 1, tail))
        low = n * (unit - above * error) / (above * others + n * unit)
        high = n * (below * unit - error) / (others + n * below * unit)
        return value, low, high

    def _ratio(self, noise: float, df: int, level: float) -> Form:
        if self.unit == noise == 0:
            return None
        value = (self.unit - noise) / (self.unit + (self.k - 1) * noise)
        if noise == 0:
            return value, value, value
        f, tail = self.unit / noise, (1 + level) / 2
        low, high = f / float(fdtri(self.n - 1, df, tail)), f * float(fdtri(df, self.n - 1, tail))
        return value, (low - 1) / (low + self.k - 1), (high - 1) / (high + self.k - 1)


def _mean_squares(table: FloatArray) -> _MeanSquares:
    n, k = table.shape
    table = table - table.mean()
    of_units, of_raters = table.mean(axis=1), table.mean(axis=0)
    units, raters = k * float((of_units**2).sum()), n * float((of_raters**2).sum())
    error = float(((table - of_units[:, None] - of_raters[None, :]) ** 2).sum())
    floor = ROUNDING * float((table**2).sum())
    units, raters, error = (0.0 if square < floor else square for square in (units, raters, error))
    within = (raters + error) / (n * (k - 1))
    return _MeanSquares(n, k, units / (n - 1), raters / (k - 1), error / ((n - 1) * (k - 1)), within)


def _outcome(form: Form, name: tuple[str, str], level: float, shape: tuple[int, int], mean_of: int) -> Outcome:
    (n, k), code = shape, name[0].format("k" if mean_of > 1 else "1")
    # A mean form is a Spearman-Brown step, with no value where 1 + (k - 1) ICC is not above 0.
    bases = [np.nan] * 3 if form is None else [1 + (mean_of - 1) * x for x in form]
    if form is None or min(bases) < ROUNDING:
        return Skipped(f"{code} or its lower limit has no value: the units' means hardly differ")
    value, low, high = (x * mean_of / base for x, base in zip(form, bases, strict=True))
    what = "a single rater" if mean_of == 1 else f"the mean of {k} raters"
    told = f"{code}, {name[1]}, {what}"
    if not low < high:
        return without_width(told, value)
    return Estimate(value, low, high, level, n, f"{told}; F interval (McGraw & Wong 1996)")
