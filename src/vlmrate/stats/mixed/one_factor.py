"""One random intercept: the criterion from p x p matrices, and a safeguarded search for its one variance ratio.

The cross-products of (X, y) split into a part within groups, W, and a part between groups of each size u, B_u. With
h_u = 1 / (1 + g u) the cross-products in the metric of H^-1 are W + sum_u h_u B_u: a sum of positive parts, whatever
the number of groups, so that each evaluation costs as little as a regression on p rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve

from vlmrate.stats._arrays import FloatArray, IntArray
from vlmrate.stats.mixed.criterion import Optimum, Point

GRID = np.concatenate([[0.0], np.geomspace(1e-6, 1e6, 37)])
"""Variance ratios between which the minimum is bracketed."""
LARGEST_STEPS = 80
RELATIVE_STEP = 1e-8
"""A Newton step this small is the last one taken: what is left after it is its square."""
NO_RESIDUAL = 1e-12
"""Share of the response's variance within groups below which the residual variance counts as zero."""


@dataclass(frozen=True, slots=True)
class OneFactor:
    """Cross-products of the design's basis and the response, by group size."""

    n: int
    p: int
    reml: bool
    rows: FloatArray
    """Rows of each group, shape (groups,)."""
    sums: FloatArray
    """Sums of (X, y) by group, shape (groups, p + 1)."""
    within: FloatArray
    """W, shape (p + 1, p + 1); the last row and column belong to y."""
    between: FloatArray
    """B_u, shape (sizes, p + 1, p + 1)."""
    sizes: FloatArray
    """u: the distinct numbers of rows a group."""
    counts: FloatArray
    """Groups of each size."""

    @property
    def degrees(self) -> int:
        """v: n - p for REML, n for ML."""
        return self.n - self.p if self.reml else self.n

    @property
    def leaves_no_residual(self) -> bool:
        """Whether fixed effects and groups together explain the response to the last digit."""
        inner, outer = self.within[:-1, :-1], self.within[:-1, -1]
        left = self.within[-1, -1] - outer @ np.linalg.lstsq(inner, outer, rcond=None)[0]
        total = self.within[-1, -1] + self.between[:, -1, -1].sum()
        return bool(left <= NO_RESIDUAL * total)


def one_factor(vectors: FloatArray, response: FloatArray, codes: IntArray, *, reml: bool) -> OneFactor:
    """Set up the cross-products from an orthonormal basis (n, p), the response and each row's group."""
    both = np.column_stack([vectors, response])
    rows = np.bincount(codes).astype(np.float64)
    sums = np.column_stack([np.bincount(codes, column) for column in both.T])
    inner = both - (sums / rows[:, None])[codes]
    sizes, place = np.unique(rows, return_inverse=True)
    between = np.stack([sums[place == j].T @ sums[place == j] / u for j, u in enumerate(sizes)])
    counts = np.bincount(place).astype(np.float64)
    return OneFactor(
        n=len(response),
        p=vectors.shape[1],
        reml=reml,
        rows=rows,
        sums=sums,
        within=inner.T @ inner,
        between=between,
        sizes=sizes,
        counts=counts,
    )


def deviances(system: OneFactor, ratios: FloatArray) -> FloatArray:
    """The criterion at each of the variance ratios."""
    h = 1 / (1 + np.outer(ratios, system.sizes))
    factor = np.linalg.cholesky(system.within + np.tensordot(h, system.between, axes=1))
    diagonal = np.diagonal(factor, axis1=1, axis2=2)
    v = system.degrees
    fixed = 2 * np.log(diagonal[:, :-1]).sum(axis=1) if system.reml else 0.0
    found: FloatArray = -np.log(h) @ system.counts + fixed + v * (1 + np.log(2 * np.pi * diagonal[:, -1] ** 2 / v))
    return found


def evaluate(system: OneFactor, ratio: float) -> tuple[Point, float]:
    """The criterion with its derivatives at one variance ratio, and the exact second derivative at fixed s."""
    p, v, u, m = system.p, system.degrees, system.sizes, system.counts
    h = 1 / (1 + ratio * u)
    cross = system.within + _weighted(h, system)
    slope, bend = _weighted(u * h**2, system), _weighted(u**2 * h**3, system)
    factor = np.linalg.cholesky(cross)
    s = float(factor[p, p] ** 2 / v)
    unscaled = cho_solve((factor[:p, :p], True), np.eye(p))
    b = unscaled @ cross[:p, p]
    residual = np.append(-b, 1.0)
    across = slope[:p] @ residual
    first = float(residual @ slope @ residual)
    second = float(residual @ bend @ residual - across @ unscaled @ across)
    trace, trace2 = float(m @ (u * h)), float(m @ (u * h) ** 2)
    if system.reml:
        turned = unscaled @ slope[:p, :p]
        trace -= float(np.trace(turned))
        trace2 -= float(2 * np.sum(unscaled * bend[:p, :p]) - np.sum(turned * turned.T))
    fixed = 2 * np.log(np.diag(factor)[:p]).sum() if system.reml else 0.0
    point = Point(
        ratios=np.array([ratio]),
        deviance=float(-m @ np.log(h) + fixed + v * (1 + np.log(2 * np.pi * s))),
        degrees=v,
        residual_variance=s,
        coefficients=b,
        unscaled=unscaled,
        gradient=np.array([trace - first / s]),
        first=np.array([first]),
        second=np.array([[second]]),
        spread=slope[None, :p, :p],
        pulled=(system.sums @ residual / (1 + ratio * system.rows),),
    )
    return point, -trace2 + 2 * second / s


def optimise(system: OneFactor) -> Optimum:
    """Find the variance ratio by Newton steps kept within a bracket; zero where the criterion only rises."""
    place = int(np.argmin(deviances(system, GRID)))
    low, high = GRID[max(place - 1, 0)], GRID[min(place + 1, len(GRID) - 1)]
    ratio = float(GRID[place])
    point, curvature = evaluate(system, ratio)
    if ratio == 0:
        if point.gradient[0] >= 0:
            return Optimum(point, np.array([[curvature]]), 0, True)
        ratio = float(high) / 2
        point, curvature = evaluate(system, ratio)
    for step in range(1, LARGEST_STEPS + 1):
        low, high = (low, ratio) if point.gradient[0] > 0 else (ratio, high)
        target = _newton(point, curvature, ratio)
        if not low < target < high:
            target = float(np.sqrt(low * high)) if low > 0 else high / 2
        near = abs(target - ratio) <= RELATIVE_STEP * ratio
        ratio = target
        point, curvature = evaluate(system, ratio)
        if near or high - low <= RELATIVE_STEP * ratio:
            return Optimum(point, np.array([[curvature]]), step, True)
    return Optimum(point, np.array([[curvature]]), LARGEST_STEPS, False)


def _newton(point: Point, curvature: float, ratio: float) -> float:
    """The next ratio by Newton's method on the criterion with s profiled out; negative where it does not curve up."""
    profiled = curvature - point.first[0] ** 2 / (point.residual_variance**2 * point.degrees)
    return float(ratio - point.gradient[0] / profiled) if profiled > 0 else -1.0


def _weighted(weights: FloatArray, system: OneFactor) -> FloatArray:
    total: FloatArray = np.tensordot(weights, system.between, axes=1)
    return total
