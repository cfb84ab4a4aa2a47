"""Several random intercepts: the criterion at one vector of variance ratios.

Henderson's mixed model equations for (u, b) with the leading random intercept eliminated. With n_i the rows of its
level i, w_i = g_1 / (1 + g_1 n_i), W = I - Z_1 diag(w) Z_1' and F = [Z_2 ... Z_K, X], what remains is one dense system

    S = F'WF + diag(1/g_2, ..., 1/g_K, 0),    log|H| = sum_i log(1 + g_1 n_i) + sum_k q_k log g_k + log|S_rr|

with S_rr the block of the random intercepts. Its inverse E yields all traces: for k >= 2,
tr(P K_k) = (q_k - tr(E_kk) / g_k) / g_k, and for the leading one, with f_i the sums of F over the rows of level i,
tr(P K_1) = sum_i n_i / (1 + g_1 n_i) - f_i' E f_i / (1 + g_1 n_i)^2. ML needs H^-1 in the place of P: the same with the
inverse of S_rr alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import blas, lapack, solve_triangular

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed.criterion import Point
from vlmrate.stats.mixed.pairs import quadratic_forms, weighted_gram

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.mixed.crossing import Crossing
    from vlmrate.stats.mixed.pairs import PairList

SMALLEST = 1e-15
"""Least residual sum of squares of a response of unit variance: rounding may leave less than nothing."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """What the criterion is evaluated from."""

    crossing: Crossing
    pairs: PairList | None
    reml: bool

    @property
    def degrees(self) -> int:
        """v: n - p for REML, n for ML."""
        return self.crossing.n - self.crossing.p if self.reml else self.crossing.n


@dataclass(frozen=True, slots=True)
class Inverse:
    """The inverse of the dense system at one place, for the second derivatives."""

    lower: FloatArray
    """E, shape (width, width), lower triangle; for ML its fixed part is zero."""
    forms: FloatArray
    """f_i' E f_i, shape (q,)."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """Columns t of data reduced to Z_1't, (Z_2 ... Z_K)'t and X't: all that the equations see of them."""

    leading: FloatArray
    rest: FloatArray
    fixed: FloatArray


@dataclass(frozen=True, slots=True)
class _Equations:
    """The factored system at variance ratios g, ordered with the leading random intercept first."""

    crossing: Crossing
    ratios: FloatArray
    factor: FloatArray
    """Lower Cholesky factor of S, shape (width, width), Fortran order."""

    @property
    def inflation(self) -> FloatArray:
        """1 + g_1 n_i, shape (q,)."""
        inflation: FloatArray = 1 + self.ratios[0] * self.crossing.rows
        return inflation

    @property
    def shrinkage(self) -> FloatArray:
        """w, shape (q,)."""
        shrunk: FloatArray = self.ratios[0] / self.inflation
        return shrunk

    def reduce(self, sums: _Sums) -> FloatArray:
        """F'Wt, shape (width, columns)."""
        crossing, p = self.crossing, self.crossing.p
        pulled = self.shrinkage[:, None] * sums.leading
        parts = [sums.rest - crossing.joint.T @ pulled, sums.fixed - crossing.sums[:, :p].T @ pulled]
        reduced: FloatArray = np.vstack(parts)
        return reduced

    def solve(self, right: FloatArray, *, fixed: bool) -> FloatArray:
        """Solve S x = right; without the fixed part, S_rr x = right for the random intercepts, and zeros."""
        half = blas.dtrsm(1.0, self.factor, right, lower=1)
        if not fixed:
            half[self.crossing.rest :] = 0.0
        solved: FloatArray = blas.dtrsm(1.0, self.factor, half, lower=1, trans_a=1)
        return solved

    def project(self, sums: _Sums, *, fixed: bool = True) -> tuple[list[FloatArray], FloatArray]:
        """Z_k'Pt for each random intercept (Z_k'H^-1 t without the fixed part), and the fixed part of the solution."""
        crossing, r = self.crossing, self.crossing.rest
        solved = self.solve(self.reduce(sums), fixed=fixed)
        left = sums.leading - crossing.joint @ solved[:r] - crossing.sums[:, : crossing.p] @ solved[r:]
        others = [solved[block] / g for block, g in zip(crossing.blocks, self.ratios[1:], strict=True)]
        return [left / self.inflation[:, None], *others], solved[r:]


def evaluate(system: Crossed, ratios: FloatArray) -> tuple[Point, Inverse]:
    """The criterion with its derivatives at positive variance ratios, ordered as `Crossing.order` has them."""
    crossing, p = system.crossing, system.crossing.p
    equations = _factored(system, ratios)
    response = _Sums(crossing.sums[:, p:], crossing.rest_sums[:, p:], crossing.total[:p, p:])
    reduced = equations.reduce(response)
    half = blas.dtrsm(1.0, equations.factor, reduced, lower=1)
    y = crossing.sums[:, p]
    explained = y @ (equations.shrinkage * y) + half[:, 0] @ half[:, 0]
    s = max(float(crossing.total[p, p] - explained), SMALLEST) / system.degrees
    pulled, b = equations.project(response)
    first = np.array([float(part[:, 0] @ part[:, 0]) for part in pulled])
    # The inverse is written over the factor, so it comes after all that the factor is needed for.
    deviance, unscaled = _deviance(system, equations, s), _unscaled(equations)
    second, spread = _second(equations, pulled), _spread(equations)
    inverse = _invert(system, equations)
    point = Point(
        ratios=ratios,
        deviance=deviance,
        degrees=system.degrees,
        residual_variance=s,
        coefficients=b[:, 0],
        unscaled=unscaled,
        gradient=_traces(equations, inverse) - first / s,
        first=first,
        second=second,
        spread=spread,
        pulled=tuple(part[:, 0] for part in pulled),
    )
    return point, inverse


def _factored(system: Crossed, ratios: FloatArray) -> _Equations:
    """Build S and factor it in place."""
    crossing, r, p = system.crossing, system.crossing.rest, system.crossing.p
    shrinkage = ratios[0] / (1 + ratios[0] * crossing.rows)
    dense = weighted_gram(crossing, system.pairs, -shrinkage)
    joint = crossing.rest_joint.tocoo()
    dense[joint.row, joint.col] += joint.data
    dense[np.arange(r), np.arange(r)] += np.repeat(1 / ratios[1:], crossing.sizes[1:])
    dense[r:, :r] += crossing.rest_sums[:, :p].T
    dense[r:, r:] += crossing.total[:p, :p]
    factor, info = lapack.dpotrf(dense, lower=1, clean=0, overwrite_a=1)
    if info:
        raise AnalysisError(
            "The mixed model's equations cannot be solved: a random intercept nearly repeats another or the fixed part."
        )
    return _Equations(crossing, ratios, factor)


def _deviance(system: Crossed, equations: _Equations, s: float) -> float:
    crossing, v = system.crossing, system.degrees
    diagonal = np.log(np.diag(equations.factor))
    random = np.log(equations.inflation).sum() + np.log(equations.ratios[1:]) @ np.array(crossing.sizes[1:])
    random += 2 * diagonal[: crossing.rest].sum()
    fixed = 2 * diagonal[crossing.rest :].sum() if system.reml else 0.0
    return float(random + fixed + v * (1 + np.log(2 * np.pi * s)))


def _unscaled(equations: _Equations) -> FloatArray:
    """(X'H^-1 X)^-1 from the last corner of the factor."""
    r, p = equations.crossing.rest, equations.crossing.p
    root = solve_triangular(np.tril(equations.factor[r:, r:]), np.eye(p), lower=True)
    unscaled: FloatArray = root.T @ root
    return unscaled


def _second(equations: _Equations, pulled: list[FloatArray]) -> FloatArray:
    """y'P K_k P K_l P y, from P applied to each Z_k Z_k'Py."""
    crossing, p = equations.crossing, equations.crossing.p
    count = len(pulled)
    leading, rest = [crossing.rows[:, None] * pulled[0]], [crossing.joint.T @ pulled[0]]
    fixed = [crossing.sums[:, :p].T @ pulled[0]]
    for block, part in zip(crossing.blocks, pulled[1:], strict=True):
        padded = np.zeros((crossing.rest, 1))
        padded[block] = part
        leading.append(crossing.joint @ padded)
        rest.append(crossing.rest_joint @ padded)
        fixed.append(crossing.rest_sums[:, :p].T @ padded)
    again, _ = equations.project(_Sums(np.hstack(leading), np.hstack(rest), np.hstack(fixed)))
    found = np.array([[pulled[k][:, 0] @ again[k][:, j] for j in range(count)] for k in range(count)])
    symmetric: FloatArray = (found + found.T) / 2
    return symmetric


def _spread(equations: _Equations) -> FloatArray:
    """X'H^-1 K_k H^-1 X for each random intercept."""
    crossing, p = equations.crossing, equations.crossing.p
    design = _Sums(crossing.sums[:, :p], crossing.rest_sums[:, :p], crossing.total[:p, :p])
    pulled, _ = equations.project(design, fixed=False)
    return np.stack([part.T @ part for part in pulled])


def _invert(system: Crossed, equations: _Equations) -> Inverse:
    """E from the factor, which it overwrites."""
    crossing, r = system.crossing, system.crossing.rest
    if system.reml:
        lower, _ = lapack.dpotri(equations.factor, lower=1, overwrite_c=1)
    else:
        corner, _ = lapack.dpotri(np.asfortranarray(equations.factor[:r, :r]), lower=1, overwrite_c=1)
        lower = np.zeros_like(equations.factor)
        lower[:r, :r] = corner
    return Inverse(lower, quadratic_forms(crossing, system.pairs, lower))


def _traces(equations: _Equations, inverse: Inverse) -> FloatArray:
    """tr(T K_k) for each random intercept."""
    crossing, g = equations.crossing, equations.ratios
    leading = crossing.rows @ (1 / equations.inflation) - inverse.forms @ equations.inflation**-2.0
    diagonal = np.diag(inverse.lower)
    others = [
        (size - diagonal[block].sum() / ratio) / ratio
        for size, block, ratio in zip(crossing.sizes[1:], crossing.blocks, g[1:], strict=True)
    ]
    return np.array([leading, *others])
