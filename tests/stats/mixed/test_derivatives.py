"""The criterion's derivatives against finite differences, and every way of computing them against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed import crossed as several
from vlmrate.stats.mixed import curvature as curving
from vlmrate.stats.mixed import one_factor as single
from vlmrate.stats.mixed import pairs as pairing
from vlmrate.stats.mixed.crossing import count_crossing
from vlmrate.stats.mixed.search import Problem, evaluate_at

if TYPE_CHECKING:
    from stats.tolerances import MixedTolerances

SIZES = [9, 14, 5]


def _problem(sizes: list[int], *, reml: bool, n: int = 160) -> Problem:
    rng = np.random.default_rng(3)
    vectors = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, 2))]))[0]
    codes = [np.concatenate([np.arange(size), rng.integers(0, size, n - size)]) for size in sizes]
    response = rng.normal(size=n) + sum(rng.normal(size=size)[code] for size, code in zip(sizes, codes, strict=True))
    return Problem(vectors, response - vectors @ (vectors.T @ response), codes, sizes, reml)


def _by_definition(problem: Problem, ratios: np.ndarray) -> float:
    """The criterion from H itself, n by n."""
    n, p = problem.vectors.shape
    h = np.eye(n)
    for ratio, code in zip(ratios, problem.codes, strict=True):
        h += ratio * (code[:, None] == code)
    solved = np.linalg.solve(h, np.column_stack([problem.vectors, problem.response]))
    information = problem.vectors.T @ solved[:, :p]
    b = np.linalg.solve(information, problem.vectors.T @ solved[:, p])
    v = n - p if problem.reml else n
    s = (problem.response @ solved[:, p] - b @ information @ b) / v
    fixed = np.linalg.slogdet(information)[1] if problem.reml else 0.0
    return float(np.linalg.slogdet(h)[1] + fixed + v * (1 + np.log(2 * np.pi * s)))


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_criterion_and_its_gradient_are_those_of_the_definition(
    count: int, reml: bool, mixed: MixedTolerances
) -> None:
    """One, two and three random intercepts; the gradient by central differences of the n by n criterion."""
    problem = _problem(SIZES[:count], reml=reml)
    ratios = np.array([0.7, 0.2, 1.4])[:count]
    point = evaluate_at(problem, ratios).point
    np.testing.assert_allclose(point.deviance, _by_definition(problem, ratios), rtol=mixed.log_likelihood)
    steps = 1e-5 * np.eye(count)
    slope = [(_by_definition(problem, ratios + h) - _by_definition(problem, ratios - h)) / 2e-5 for h in steps]
    np.testing.assert_allclose(point.gradient, slope, rtol=mixed.derivative, atol=mixed.derivative)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_second_derivatives_are_the_slopes_of_the_gradient(count: int, reml: bool, mixed: MixedTolerances) -> None:
    """At fixed s: the gradient moves with g through the traces and quadratic forms, not through s."""
    problem = _problem(SIZES[:count], reml=reml)
    ratios = np.array([0.7, 0.2, 1.4])[:count]
    found = evaluate_at(problem, ratios)
    s = found.point.residual_variance

    def at_fixed_s(where: np.ndarray) -> np.ndarray:
        point = evaluate_at(problem, where).point
        trace: np.ndarray = point.gradient + point.first / point.residual_variance
        return trace - point.first / s

    steps = 1e-5 * np.eye(count)
    slopes = np.array([(at_fixed_s(ratios + h) - at_fixed_s(ratios - h)) / 2e-5 for h in steps])
    np.testing.assert_allclose(found.curvature, slopes, rtol=mixed.derivative, atol=mixed.derivative)


def test_one_random_intercept_is_two_with_one_at_zero(mixed: MixedTolerances) -> None:
    """A variance of zero takes the random intercept out, in all that is computed of the others."""
    problem = _problem(SIZES[:2], reml=True)
    both = evaluate_at(problem, np.array([0.7, 0.0]))
    alone = evaluate_at(problem.without(1), np.array([0.7]))
    assert both.point.deviance == pytest.approx(alone.point.deviance, rel=mixed.invariant)
    assert both.curvature[0, 0] == pytest.approx(alone.curvature[0, 0], rel=mixed.invariant)
    assert both.curvature[1].tolist() == [0, 0]


def _crossed(*, listed: bool, monkeypatch: Any) -> several.Crossed:
    problem = _problem(SIZES, reml=True)
    crossing = count_crossing(problem.vectors, problem.response, problem.codes, problem.sizes)
    monkeypatch.setattr(pairing, "DENSE_SHARE", 2.0 if listed else 0.0)
    pairs = pairing.list_pairs(crossing)
    assert (pairs is not None) == listed
    return several.Crossed(crossing, pairs, reml=True)


def test_listed_pairs_and_dense_slices_yield_the_same(monkeypatch: Any, mixed: MixedTolerances) -> None:
    """Sparse and dense designs go different ways to the same system and the same quadratic forms."""
    monkeypatch.setattr(pairing, "SLICE_VALUES", 60)
    monkeypatch.setattr(pairing, "LISTED_AT_ONCE", 200)
    ratios = np.array([0.4, 0.7, 0.2])
    one, one_inverse = several.evaluate(_crossed(listed=True, monkeypatch=monkeypatch), ratios)
    other, other_inverse = several.evaluate(_crossed(listed=False, monkeypatch=monkeypatch), ratios)
    assert one.deviance == pytest.approx(other.deviance, rel=mixed.invariant)
    np.testing.assert_allclose(one.gradient, other.gradient, rtol=mixed.invariant)
    np.testing.assert_allclose(one_inverse.forms, other_inverse.forms, rtol=mixed.invariant)


@pytest.mark.parametrize("cost", [0, 1e9])
def test_both_ways_to_the_second_derivatives_agree(cost: float, monkeypatch: Any, mixed: MixedTolerances) -> None:
    """Level by level with sparse products, or by one dense product: the curvature of the definition."""
    monkeypatch.setattr(curving, "SPARSE_COST", cost)
    monkeypatch.setattr(curving, "SLICE", 4)
    monkeypatch.setattr(curving, "CACHED", 5)
    system = _crossed(listed=True, monkeypatch=monkeypatch)
    order = list(system.crossing.order)
    ratios = np.array([0.7, 0.2, 1.4])
    point, inverse = several.evaluate(system, ratios[order])
    exact = curving.curvature(system, point, inverse)
    expected = _curvature_by_definition(_problem(SIZES, reml=True), ratios)[np.ix_(order, order)]
    np.testing.assert_allclose(exact, expected, rtol=mixed.invariant)


def _curvature_by_definition(problem: Problem, ratios: np.ndarray) -> np.ndarray:
    n, p = problem.vectors.shape
    shared = [(code[:, None] == code).astype(float) for code in problem.codes]
    inverse = np.linalg.inv(np.eye(n) + sum(ratio * k for ratio, k in zip(ratios, shared, strict=True)))
    across = inverse @ problem.vectors
    projector = inverse - across @ np.linalg.inv(problem.vectors.T @ across) @ across.T
    y = problem.response
    s = y @ projector @ y / (n - p)
    size = len(ratios)
    return np.array(
        [
            [
                -np.trace(projector @ shared[k] @ projector @ shared[j])
                + 2 * y @ projector @ shared[k] @ projector @ shared[j] @ projector @ y / s
                for j in range(size)
            ]
            for k in range(size)
        ]
    )


def test_a_system_that_is_not_positive_definite_is_an_error(monkeypatch: Any) -> None:
    """Ratios below zero make no covariance matrix."""
    with pytest.raises(AnalysisError, match="cannot be solved"):
        several.evaluate(_crossed(listed=True, monkeypatch=monkeypatch), np.array([0.4, -0.7, 0.2]))


def test_many_ratios_at_once_are_the_criterion_at_each(mixed: MixedTolerances) -> None:
    """What brackets the minimum is what is minimised."""
    problem = _problem(SIZES[:1], reml=True)
    system = single.one_factor(problem.vectors, problem.response, problem.codes[0], reml=True)
    ratios = np.array([0.0, 0.1, 3.0])
    each = [single.evaluate(system, ratio)[0].deviance for ratio in ratios]
    np.testing.assert_allclose(single.deviances(system, ratios), each, rtol=mixed.log_likelihood)
