"""An orthonormal basis of the fixed part's columns, and which columns are redundant.

All fitting happens in this basis: a covariate that nearly repeats another column then costs no digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr, solve_triangular

from vlmrate.stats._arrays import FloatArray, IntArray

REDUNDANT = 1e-7
"""A column is redundant if what the columns before it leave of it is below this share of its length, as in lme4."""
NOT_ESTIMABLE = 1e-8
"""How far a combination of coefficients may leave the row space of the design, relative to its size."""


@dataclass(frozen=True, slots=True)
class Basis:
    """X[:, kept] = vectors @ triangle, with orthonormal vectors of shape (n, p)."""

    vectors: FloatArray
    triangle: FloatArray
    """Upper triangular, shape (p, p)."""
    kept: IntArray
    dropped: IntArray
    repeats: FloatArray
    """The dropped columns in terms of the kept: X[:, dropped] = X[:, kept] @ repeats."""

    def contrast(self, weights: FloatArray) -> FloatArray:
        """Turn weights of the kept coefficients, shape (r, p), into weights of coefficients in this basis."""
        turned: FloatArray = solve_triangular(self.triangle, weights.T, trans="T").T
        return turned

    def coefficients(self, in_basis: FloatArray) -> FloatArray:
        """Turn coefficients in this basis, shape (p,) or (p, r), into those of the kept columns."""
        turned: FloatArray = solve_triangular(self.triangle, in_basis)
        return turned

    def estimable(self, weights: FloatArray) -> FloatArray:
        """Whether each row of weights over all columns is determined by the data in spite of dropped columns."""
        gap = weights[:, self.dropped] - weights[:, self.kept] @ self.repeats
        scale = np.maximum(np.abs(weights).max(axis=1, initial=0.0), 1.0)
        ok: FloatArray = np.abs(gap).max(axis=1, initial=0.0) <= NOT_ESTIMABLE * scale
        return ok


def orthonormal_basis(design: FloatArray) -> Basis:
    """Find the basis of a design of shape (n, p); columns that repeat earlier ones are dropped from left to right."""
    lengths = np.linalg.norm(design, axis=0)
    scale = np.where(lengths > 0, lengths, 1.0)
    vectors, upper = qr(design / scale, mode="economic", check_finite=False)
    kept, dropped = _independent(upper)
    if not len(dropped):
        return Basis(vectors, upper * scale, kept, dropped, np.zeros((len(kept), 0)))
    turn, triangle = qr(upper[:, kept], mode="economic")
    repeats = solve_triangular(triangle, turn.T @ upper[:, dropped]) * scale[dropped] / scale[kept][:, None]
    repeats[np.abs(repeats) < REDUNDANT * np.abs(repeats).max(initial=0.0)] = 0.0
    return Basis(vectors @ turn, triangle * scale[kept], kept, dropped, repeats)


def _independent(upper: FloatArray) -> tuple[IntArray, IntArray]:
    """Columns of a triangle that add a direction to those before them, and those that do not."""
    if upper.shape[0] == upper.shape[1] and (np.abs(np.diag(upper)) > REDUNDANT).all():
        return np.arange(upper.shape[1]), np.arange(0)
    directions: list[FloatArray] = []
    kept, dropped = [], []
    for place, column in enumerate(upper.T):
        rest = column.copy()
        for _ in range(2):  # twice is enough to be orthogonal to working precision
            for direction in directions:
                rest = rest - (direction @ rest) * direction
        length = float(np.linalg.norm(rest))
        if length > REDUNDANT:
            directions.append(rest / length)
            kept.append(place)
        else:
            dropped.append(place)
    return np.array(kept, dtype=np.int64), np.array(dropped, dtype=np.int64)
