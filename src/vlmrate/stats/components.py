"""Variance components of raters crossed with units, and the intraclass correlations of a table with gaps.

rating = mean + unit + rater + residual, all three random. Any estimator of the three variances may be put in: a
function of the coded ratings and of how often each unit counts. `henderson` is one that needs no iteration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from vlmrate.stats._arrays import Column, FloatArray
from vlmrate.stats._long import Ratings, code_ratings, too_few
from vlmrate.stats.estimate import Outcome, Skipped
from vlmrate.stats.icc import Icc
from vlmrate.stats.jackknife import Jackknifed, jackknife

Estimator: TypeAlias = Callable[[Ratings], Callable[[FloatArray], FloatArray]]
"""Ratings to a function of the units' weights, (B, units) to (B, 3): the variances of unit, rater, residual."""

SOLVED = 1e-24
"""Conjugate gradients stop where the squared residual is this share of what it was."""
STEPS = 500


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
    quantities = _Quantities(ratings)
    parts = _connected_parts(ratings)

    def variances(weights: FloatArray) -> FloatArray:
        q = quantities.of(weights)
        residual = quantities.residual(weights) / (q.n - q.units - q.raters + parts)
        within_raters, within_units = (
            (q.total - q.of_raters) / (q.n - q.raters),
            (q.total - q.of_units) / (q.n - q.units),
        )
        return np.column_stack([within_raters - residual, within_units - residual, residual])

    return variances


def variance_components(
    units: Column,
    raters: Column,
    values: Column,
    *,
    clusters: Column | None = None,
    level: float = 0.95,
    estimator: Estimator = henderson,
) -> VarianceComponents | Skipped:
    """Split the variance of ratings into units, raters and residual; cells may be missing.

    Long rows (unit, rater, value); the intervals are a jackknife over units, or over whole `clusters` of them
    (one entry a row), with the raters as they are: the module `jackknife` says why no bootstrap. Skipped below
    two units or raters, where a rater rated a unit twice, without variance, and where too few cells are filled
    to tell the three apart.

    >>> judges = [9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    >>> split = variance_components(np.repeat(range(6), 4), list(range(4)) * 6, judges)
    >>> [round(part.value, 4) for part in (split.unit, split.rater, split.residual)]
    [2.5556, 5.2444, 1.0194]
    >>> round(split.rater_share.value, 4)
    0.5946
    """
    drawn = _draw(units, raters, values, clusters, level, estimator)
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
    drawn = _draw(units, raters, values, clusters, level, estimator)
    if isinstance(drawn, Skipped):
        return drawn
    ratings, left_out = drawn
    mean_of = float(ratings.n_units / (1 / ratings.per_unit()).sum()) if k is None else float(k)

    def outcome(name: str, unit: int, noise: tuple[int, ...], count: float) -> Outcome:
        def form(t: FloatArray) -> FloatArray:
            total = t[:, unit] + sum(t[:, i] for i in noise) / count
            return np.where(total > 0, t[:, unit] / total, np.nan)

        what = "a single rater" if count == 1 else f"the mean of {count:.4g} raters"
        return left_out.estimate(form, name=f"{name}, {what}, from variance components", scale="atanh")

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
) -> tuple[Ratings, Jackknifed] | Skipped:
    """Return the ratings, and the five variances (crossed, one-way) with each cluster left out."""
    ratings = code_ratings(units, raters, values, clusters=clusters)
    if isinstance(ratings, Skipped):
        return ratings
    if (reason := too_few(ratings)) is not None:
        return reason
    if np.ptp(ratings.value) == 0:
        return Skipped(f"the ratings have no variance: all {ratings.n:,} are {ratings.value[0]:g}")
    if ratings.n <= ratings.n_units + ratings.n_raters - _connected_parts(ratings):
        return Skipped(f"{ratings.n:,} ratings are too few to tell units, raters and residual apart")
    quantities, components = _Quantities(ratings), estimator(ratings)

    def both(weights: FloatArray) -> FloatArray:
        return np.hstack([components(weights), _one_way(quantities.of(weights))])

    drawn = jackknife(both, ratings.n_units, clusters=ratings.clusters, level=level)
    return drawn if isinstance(drawn, Skipped) else (ratings, drawn)


@dataclass(frozen=True, slots=True)
class _Totals:
    """Sums of ratings about their common mean under B weightings of the units, each of shape (B,)."""

    units: FloatArray
    raters: FloatArray
    n: FloatArray
    squared_counts: FloatArray
    """sum n_i² over units."""
    grand: FloatArray
    """(sum y)² / N."""
    of_units: FloatArray
    """sum_i y_i.² / n_i."""
    of_raters: FloatArray
    total: FloatArray
    """sum y²."""


class _Quantities:
    """Sums of squares of a table with gaps under any weights of its units, (B, units)."""

    def __init__(self, ratings: Ratings) -> None:
        value = ratings.value - ratings.value.mean()
        self.m, self.sums = ratings.per_unit(), ratings.per_unit(value)
        ones, squares = np.ones(ratings.n_units), ratings.per_unit(value**2)
        self.per_unit = np.column_stack([ones, self.m, self.m**2, self.sums, self.sums**2 / self.m, squares])
        # Raters down, units across: a product with the weights gives every rater's totals under every weighting.
        at, shape = (ratings.rater, ratings.unit), (ratings.n_raters, ratings.n_units)
        self.cells = sparse.csr_array((np.ones(ratings.n), at), shape=shape)
        self.values = sparse.csr_array((value, at), shape=shape)
        self.cells_by_unit = self.cells.T.tocsr()

    def of(self, weights: FloatArray) -> _Totals:
        units, n, squared_counts, y, of_units, total = (weights @ self.per_unit).T
        count, sums = _product(self.cells, weights.T), _product(self.values, weights.T)
        there = count > 0
        of_raters = (sums**2 / np.where(there, count, 1.0)).sum(axis=0)
        raters = there.sum(axis=0).astype(np.float64)
        return _Totals(units, raters, n, squared_counts, y * y / n, of_units, of_raters, total)

    def residual(self, weights: FloatArray) -> FloatArray:
        """Return the residual sum of squares of units and raters as constants, shape (B,).

        The units are eliminated; what is left, diag(n_j) - sum_i w_i n_i n_i' / n_i, is solved for the raters
        by conjugate gradients with the diagonal as preconditioner, for all weightings at once. A table without
        gaps takes one step.
        """
        w = weights.T
        count = _product(self.cells, w)
        scale = 1 / np.where(count > 0, count, 1.0)
        target = _product(self.values, w) - _product(self.cells, w * (self.sums / self.m)[:, None])
        effect, left = np.zeros_like(target), target.copy()
        z = direction = scale * left
        size = start = (left * z).sum(axis=0)
        for _ in range(STEPS):
            if (size <= SOLVED * start).all():
                break
            image = count * direction - _product(
                self.cells, w / self.m[:, None] * _product(self.cells_by_unit, direction)
            )
            curvature = (direction * image).sum(axis=0)
            step = np.where(size > SOLVED * start, size / np.where(curvature > 0, curvature, 1.0), 0.0)
            effect, left = effect + step * direction, left - step * image
            z = scale * left
            size, before = (left * z).sum(axis=0), size
            direction = z + size / np.where(before > 0, before, 1.0) * direction
        totals = weights @ self.per_unit[:, 4:]
        return np.asarray(totals[:, 1] - totals[:, 0] - (effect * target).sum(axis=0), dtype=np.float64)


def _product(matrix: sparse.csr_array, x: FloatArray) -> FloatArray:
    return np.asarray(matrix @ x, dtype=np.float64)


def _connected_parts(ratings: Ratings) -> int:
    nodes = ratings.n_units + ratings.n_raters
    at = (ratings.unit, ratings.n_units + ratings.rater)
    return int(connected_components(sparse.csr_array((np.ones(ratings.n), at), shape=(nodes, nodes)))[0])


def _one_way(q: _Totals) -> FloatArray:
    """Return the variances between and within units of the one-way analysis: (B, 2)."""
    within = (q.total - q.of_units) / (q.n - q.units)
    mean_square = (q.of_units - q.grand) / (q.units - 1)
    n0 = (q.n - q.squared_counts / q.n) / (q.units - 1)
    return np.column_stack([(mean_square - within) / n0, within])
