"""The search for the variance ratios that minimise the criterion, and what happens where one of them ends at zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed import crossed, one_factor
from vlmrate.stats.mixed.criterion import Optimum, Point
from vlmrate.stats.mixed.crossing import count_crossing
from vlmrate.stats.mixed.curvature import curvature
from vlmrate.stats.mixed.memory import require_memory
from vlmrate.stats.mixed.pairs import list_pairs
from vlmrate.stats.mixed.start import moment_ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._arrays import FloatArray, IntArray

MOST_STEPS = 60
ZERO = 1e-7
"""A ratio this small at which the criterion still falls towards zero is zero; its inverse leaves no residual."""
NO_VARIANCE = 1e-10
"""A residual variance that small, relative to that about the fixed part, counts as zero."""
LEAST_CURVATURE = 1e-8
"""Information below that share of the largest is taken to be that share."""
LARGEST_CHANGE = 30
"""Factor by which a ratio may change in one step."""
SMALL_GAIN = 1e-10
"""Expected fall of the criterion at which the search ends, if the step is small too."""
SMALL_STEP = 3e-6
"""Relative to each ratio."""
FLAT = 1e-5
"""Slope of the criterion along a log ratio below which a descent has ended."""
NO_RESIDUAL = (
    "The random intercepts and fixed effects explain the response to the last digit: the residual variance is zero and "
    "no standard error is defined. A mixed model needs levels with rows that differ."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """The response in an orthonormal basis of the fixed part, and each random intercept's codes and levels."""

    vectors: FloatArray
    response: FloatArray
    codes: Sequence[IntArray]
    sizes: Sequence[int]
    reml: bool

    def without(self, place: int) -> Problem:
        """The same without one of the random intercepts."""
        left = [other for other in range(len(self.sizes)) if other != place]
        return Problem(
            self.vectors, self.response, [self.codes[k] for k in left], [self.sizes[k] for k in left], self.reml
        )


def minimise(problem: Problem) -> Optimum:
    """The variance ratios with the least criterion, in the problem's order."""
    if len(problem.sizes) == 1:
        system = one_factor.one_factor(problem.vectors, problem.response, problem.codes[0], reml=problem.reml)
        if system.leaves_no_residual:
            raise AnalysisError(NO_RESIDUAL)
        return one_factor.optimise(system)
    crossing_system = _crossed(problem)
    return _minimise_crossed(problem, crossing_system, moment_ratios(crossing_system.crossing))


def evaluate_at(problem: Problem, ratios: FloatArray) -> Optimum:
    """The criterion and its derivatives at given variance ratios, none of them sought."""
    if len(problem.sizes) == 1:
        system = one_factor.one_factor(problem.vectors, problem.response, problem.codes[0], reml=problem.reml)
        point, second = one_factor.evaluate(system, float(ratios[0]))
        return Optimum(point, np.array([[second]]), 0, True)
    zero = next((place for place, ratio in enumerate(ratios) if ratio == 0), None)
    if zero is not None:
        return _with_zero(evaluate_at(problem.without(zero), np.delete(ratios, zero)), zero, problem.sizes[zero], 1.0)
    crossing_system = _crossed(problem)
    order = np.array(crossing_system.crossing.order)
    point, inverse = crossed.evaluate(crossing_system, ratios[order])
    return _in_order(Optimum(point, curvature(crossing_system, point, inverse), 0, True), order)


def _crossed(problem: Problem) -> crossed.Crossed:
    crossing = count_crossing(problem.vectors, problem.response, problem.codes, problem.sizes)
    require_memory(crossing)
    return crossed.Crossed(crossing, list_pairs(crossing), problem.reml)


def _minimise_crossed(problem: Problem, system: crossed.Crossed, start: FloatArray, *, again: bool = True) -> Optimum:
    """Search from a start in the system's order; a ratio that ends at zero is left out and the rest sought anew."""
    order = np.array(system.crossing.order)
    ratios, steps, converged, last = _search(system, start)
    point, inverse = last
    if not converged and steps == MOST_STEPS:
        del last, inverse
        ratios, converged, last = _descend(system, ratios)
        point, inverse = last
        if (ratios > 1 / ZERO).any():
            raise AnalysisError(NO_RESIDUAL)
    if converged:
        exact = curvature(system, point, inverse)
        return _in_order(Optimum(point, exact, steps, True), order)
    falling = (ratios < ZERO) & (point.gradient > 0)
    if not falling.any():
        return _in_order(Optimum(point, curvature(system, point, inverse), steps, False), order)
    place = int(order[np.flatnonzero(falling)[np.argmin(ratios[falling])]])
    del last, inverse
    reduced = minimise(problem.without(place))
    back = np.insert(reduced.point.ratios, place, 0.0)[order]
    check, _ = crossed.evaluate(system, np.maximum(back, ZERO))
    slope = float(check.gradient[int(np.flatnonzero(order == place)[0])])
    if slope < 0 and again:
        return _minimise_crossed(problem, system, np.maximum(back, 1e-3), again=False)
    return _with_zero(reduced, place, problem.sizes[place], abs(slope))


def _search(system: crossed.Crossed, ratios: FloatArray) -> tuple[FloatArray, int, bool, tuple[Point, crossed.Inverse]]:
    """Average-information steps from a start until they no longer matter, or a ratio goes to zero."""
    current = crossed.evaluate(system, ratios)
    for step in range(MOST_STEPS):
        point = current[0]
        if point.residual_variance < NO_VARIANCE:
            raise AnalysisError(NO_RESIDUAL)
        change = _step(point)
        gain = -float(change @ point.gradient)
        if gain < SMALL_GAIN and (np.abs(change) < SMALL_STEP * ratios).all():
            return ratios, step, True, current
        if ((ratios < ZERO) & (point.gradient > 0)).any():
            return ratios, step, False, current
        target = np.clip(ratios + change, ratios / LARGEST_CHANGE, ratios * LARGEST_CHANGE)
        del current
        for _ in range(15):
            current = crossed.evaluate(system, target)
            if current[0].deviance <= point.deviance + 1e-7:
                break
            target = np.sqrt(ratios * target)
        else:  # no step in this direction helps, and the next would be the same: the descent goes on from here
            return target, MOST_STEPS, False, current
        ratios = target
    return ratios, MOST_STEPS, False, current


def _descend(system: crossed.Crossed, ratios: FloatArray) -> tuple[FloatArray, bool, tuple[Point, crossed.Inverse]]:
    """Quasi-Newton descent in log ratios, for the rare small data on which average-information steps go to and fro."""

    def criterion(logs: FloatArray) -> tuple[float, FloatArray]:
        point, _ = crossed.evaluate(system, np.exp(logs))
        return point.deviance, point.gradient * point.ratios

    least = np.log(ZERO / 10)
    found = minimize(
        criterion,
        np.log(ratios),
        jac=True,
        method="L-BFGS-B",
        bounds=[(least, -least)] * len(ratios),
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500},
    )
    reached: FloatArray = np.exp(found.x)
    last = crossed.evaluate(system, reached)
    slope = np.abs(last[0].gradient * reached)
    return reached, bool((slope < FLAT).all() and (reached > ZERO).all()), last


def _step(point: Point) -> FloatArray:
    """Newton's step with the average information, in relative ratios so that small ones count as much as large."""
    ratios = point.ratios
    values, directions = np.linalg.eigh(point.average_information * np.outer(ratios, ratios))
    values = np.maximum(values, LEAST_CURVATURE * max(float(values.max()), 1.0))
    slope = directions.T @ (point.gradient * ratios)
    change: FloatArray = -ratios * (directions @ (slope / values))
    return change


def _in_order(optimum: Optimum, order: IntArray) -> Optimum:
    """Put what the system ordered by size back into the problem's order."""
    back = np.argsort(order)
    point = optimum.point
    placed = Point(
        ratios=point.ratios[back],
        deviance=point.deviance,
        degrees=point.degrees,
        residual_variance=point.residual_variance,
        coefficients=point.coefficients,
        unscaled=point.unscaled,
        gradient=point.gradient[back],
        first=point.first[back],
        second=point.second[np.ix_(back, back)],
        spread=point.spread[back],
        pulled=tuple(point.pulled[k] for k in back),
    )
    return Optimum(placed, optimum.curvature[np.ix_(back, back)], optimum.steps, optimum.converged)


def _with_zero(reduced: Optimum, place: int, levels: int, slope: float) -> Optimum:
    """Put a random intercept of variance zero back into the result of the others.

    At zero the criterion is even in theta = sqrt(g): no derivative of it or of Var(b) mixes theta with anything else.
    """
    point = reduced.point
    p = len(point.coefficients)
    pulled = (*point.pulled[:place], np.zeros(levels), *point.pulled[place:])
    wider = Point(
        ratios=np.insert(point.ratios, place, 0.0),
        deviance=point.deviance,
        degrees=point.degrees,
        residual_variance=point.residual_variance,
        coefficients=point.coefficients,
        unscaled=point.unscaled,
        gradient=np.insert(point.gradient, place, slope),
        first=np.insert(point.first, place, 0.0),
        second=_insert_both(point.second, place),
        spread=np.insert(point.spread, place, np.zeros((p, p)), axis=0),
        pulled=pulled,
    )
    return Optimum(wider, _insert_both(reduced.curvature, place), reduced.steps, reduced.converged)


def _insert_both(matrix: FloatArray, place: int) -> FloatArray:
    wider: FloatArray = np.insert(np.insert(matrix, place, 0.0, axis=0), place, 0.0, axis=1)
    return wider
