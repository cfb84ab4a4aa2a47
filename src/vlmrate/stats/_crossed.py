"""Sums of squares of raters crossed with units where cells are missing, under many weightings of the units at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats._long import Ratings

SOLVED = 1e-24
"""Conjugate gradients stop where the squared residual is this share of what it was."""
STEPS = 500


@dataclass(frozen=True, slots=True)
class Totals:
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


class SumsOfSquares:
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

    def of(self, weights: FloatArray) -> Totals:
        """Return the totals under each weighting."""
        units, n, squared_counts, y, of_units, total = (weights @ self.per_unit).T
        count, sums = _product(self.cells, weights.T), _product(self.values, weights.T)
        there = count > 0
        of_raters = (sums**2 / np.where(there, count, 1.0)).sum(axis=0)
        raters = there.sum(axis=0).astype(np.float64)
        return Totals(units, raters, n, squared_counts, y * y / n, of_units, of_raters, total)

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


def transposed(ratings: Ratings) -> Ratings:
    """Return the same ratings with units and raters in each other's place, clusters dropped."""
    return replace(
        ratings,
        unit=ratings.rater,
        rater=ratings.unit,
        unit_names=ratings.rater_names,
        rater_names=ratings.unit_names,
        clusters=None,
    )


def _product(matrix: sparse.csr_array, x: FloatArray) -> FloatArray:
    return np.asarray(matrix @ x, dtype=np.float64)


def connected_parts(ratings: Ratings) -> int:
    """Return into how many parts units and raters fall that share no rating."""
    nodes = ratings.n_units + ratings.n_raters
    at = (ratings.unit, ratings.n_units + ratings.rater)
    return int(connected_components(sparse.csr_array((np.ones(ratings.n), at), shape=(nodes, nodes)))[0])


def one_way(q: Totals) -> FloatArray:
    """Return the mean square between units over n0, and n0, of the one-way analysis by unit: (B, 2).

    n0 = (N - sum n_i²/N) / (a - 1). Less the variance within units over n0 it is the variance between them.
    """
    n0 = (q.n - q.squared_counts / q.n) / (q.units - 1)
    return np.column_stack([(q.of_units - q.grand) / (q.units - 1) / n0, n0])
