"""How a score changes with a rater's size: the slope over raters of one family, all scored on the same resamples.

The slope is that of least squares of the score on log2(size), so it reads as the change a doubling brings. Its interval
speaks of other images, not of other raters: a family of three sizes is all there is of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, as_floats, as_names, require_aligned
from vlmrate.stats.agreement import accuracy_of
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, resample_sums
from vlmrate.stats.concordance import moments, pearson_of
from vlmrate.stats.confusion import code_labels
from vlmrate.stats.estimate import Outcome, Skipped
from vlmrate.stats.kappa import kappa_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOMENTS = 6


@dataclass(frozen=True, slots=True)
class ClassificationTrend:
    """Change of accuracy and kappa with each doubling of size, on `n` images."""

    n: int
    accuracy: Outcome
    kappa: Outcome


@dataclass(frozen=True, slots=True)
class DimensionalTrend:
    """Change of r and of the mean absolute error with each doubling of size, on `n` images."""

    n: int
    pearson: Outcome
    mae: Outcome


def classification_trend(
    truth: Column,
    answers: Sequence[Column],
    sizes: Sequence[float],
    labels: Sequence[str],
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> ClassificationTrend | Skipped:
    """Return the slopes of accuracy and kappa on log2(size); `answers` has a column a rater, `sizes` its size.

    Sizes are in any unit (billions of parameters), above 0. Skipped where all sizes are equal.

    >>> truth, small, large = list("xxyyxy"), list("xyyyyx"), list("xxyyxx")
    >>> trend = classification_trend(truth, [small, large], [1, 4], ["x", "y"])
    >>> round(trend.accuracy.value, 4)
    0.1667
    """
    require_aligned(truth=truth, clusters=clusters)
    weights = slope_weights(sizes, len(answers))
    if isinstance(weights, Skipped):
        return weights
    coded = [code_labels(truth, given, labels) for given in answers]
    if len(truth) == 0:
        return Skipped("there is no image to score")
    drawn = resample_sums(np.hstack([of.cells() for of in coded]), clusters=clusters, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return drawn
    k = len(labels)

    def slope(score: Callable[[FloatArray], FloatArray], name: str) -> Outcome:
        def of_totals(totals: FloatArray) -> FloatArray:
            of_rater = totals.reshape(len(totals), len(coded), k, k + 1)
            return _combined(weights, [score(of_rater[:, i]) for i in range(len(coded))])

        return drawn.estimate(of_totals, name=f"{name}, change a doubling of size")

    return ClassificationTrend(len(truth), slope(accuracy_of, "accuracy"), slope(kappa_of, "Cohen's kappa"))


def dimensional_trend(
    ratings: Sequence[Column],
    human: Column,
    sizes: Sequence[float],
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> DimensionalTrend | Skipped:
    """Return the slopes of r and MAE on log2(size); `ratings` has a column a rater, only images of all count.

    >>> trend = dimensional_trend([[1, 5, 2, 6], [1, 2, 4, 5]], [1.0, 2.0, 4.0, 6.0], [1, 2])
    >>> round(trend.mae.value, 2)
    -1.0
    """
    require_aligned(human=human, clusters=clusters)
    weights = slope_weights(sizes, len(ratings))
    if isinstance(weights, Skipped):
        return weights
    for given in ratings:
        require_aligned(human=human, ratings=given)
    rated = np.column_stack([as_floats(human, "human"), *(as_floats(given, "ratings") for given in ratings)])
    there = ~np.isnan(rated).any(axis=1)
    if not there.any():
        return Skipped("a trend needs an image rated by all")
    people, given_by = rated[there, 0], rated[there, 1:].T
    errors = np.column_stack([np.abs(given - people) for given in given_by])
    sums = np.hstack([*(moments(given, people) for given in given_by), errors])
    drawn = resample_sums(sums, clusters=None if clusters is None else as_names(clusters)[there], bootstrap=bootstrap)
    return drawn if isinstance(drawn, Skipped) else _dimensional(drawn, weights)


def slope_weights(sizes: Sequence[float], raters: int) -> FloatArray | Skipped:
    """Return what each rater's score is multiplied by, so that the sum is the least-squares slope on log2(size).

    (x - mean x) / sum (x - mean x)^2 with x = log2(size).
    """
    if len(sizes) != raters:
        raise AnalysisError(f"There are {raters} raters but {len(sizes)} sizes.")
    if not all(np.isfinite(size) and size > 0 for size in sizes):
        raise AnalysisError(f"Sizes are numbers above 0, not {list(sizes)}.")
    if len(set(sizes)) < 2:
        return Skipped("a trend needs raters of two sizes")
    x = np.log2(np.asarray(sizes, dtype=np.float64))
    apart: FloatArray = x - x.mean()
    return np.asarray(apart / (apart**2).sum())


def _dimensional(drawn: ResampledSums, weights: FloatArray) -> DimensionalTrend:
    raters = len(weights)

    def pearson(totals: FloatArray) -> FloatArray:
        of_rater = (totals[:, MOMENTS * i : MOMENTS * (i + 1)] for i in range(raters))
        return _combined(weights, [pearson_of(sums) for sums in of_rater])

    def mae(totals: FloatArray) -> FloatArray:
        return _combined(weights, [totals[:, MOMENTS * raters + i] / totals[:, 0] for i in range(raters)])

    return DimensionalTrend(
        n=drawn.n,
        pearson=drawn.estimate(pearson, name="Pearson r, change a doubling of size"),
        mae=drawn.estimate(mae, name="mean absolute error, change a doubling of size"),
    )


def _combined(weights: FloatArray, scores: Sequence[FloatArray]) -> FloatArray:
    return np.asarray(weights @ np.stack(scores))
