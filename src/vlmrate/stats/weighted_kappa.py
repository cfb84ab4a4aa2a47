"""Kappa that weighs how far two answers lie apart, for labels that have an order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from scipy.special import ndtri

from vlmrate.stats._arrays import require_count, require_level, require_one_of
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums
from vlmrate.stats.confusion import CodedLabels, code_labels
from vlmrate.stats.estimate import NO_ERROR, Estimate, Outcome, without_width
from vlmrate.stats.kappa import large_sample_variance, undefined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._arrays import Column, FloatArray

AgreementWeights: TypeAlias = Literal["identity", "linear", "quadratic"]
"""What two answers count as agreement, by how many places of the scale lie between them."""


def agreement_weights(places: int, kind: AgreementWeights) -> FloatArray:
    """Return how far each two places of a scale agree, in [0, 1]: shape (places, places), ones on the diagonal.

    With d the number of places between two answers and D = places - 1: identity 0 for d > 0, linear 1 - d/D,
    quadratic 1 - (d/D)². Labels count as equally spaced, in the order they are declared.

    >>> agreement_weights(3, "quadratic").tolist()
    [[1.0, 0.75, 0.0], [0.75, 1.0, 0.75], [0.0, 0.75, 1.0]]
    """
    require_one_of(kind, get_args(AgreementWeights), "weights")
    require_count(places, 2, "The number of places of a scale")
    if kind == "identity":
        return np.eye(places)
    position = np.arange(places, dtype=np.float64)
    apart = np.abs(position[:, None] - position[None, :]) / (places - 1)
    return np.asarray(1 - (apart if kind == "linear" else apart**2), dtype=np.float64)


def weighted_kappa(
    truth: Column,
    answers: Column,
    labels: Sequence[Any],
    *,
    weights: AgreementWeights = "quadratic",
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return weighted kappa with a bootstrap interval, at most 1.

    kappa_w = (po - pe) / (1 - pe) with po = sum_ij w_ij p_ij and pe = sum_ij w_ij p_i. p_.j; Cohen 1968,
    Psychological Bulletin 70, 213-220. `labels` (words, or the points of a scale) are declared in ascending
    order; "identity" weights give `cohen_kappa`. An invalid answer has no place on the scale and agrees with
    no label: its weight is 0. What is invalid, raised and Skipped is as for `cohen_kappa`.

    >>> low, high = [1, 2, 3, 4, 4, 2], [1, 3, 3, 4, 3, 2]
    >>> kappa = weighted_kappa(low, high, [1, 2, 3, 4], weights="linear")
    >>> round(kappa.value, 4), kappa.n
    (0.7143, 6)
    """
    coded = code_labels(truth, answers, labels, clusters=clusters)
    matrix = _with_invalid(coded, weights)
    if (reason := undefined(coded)) is not None:
        return reason
    return bootstrap_sums(
        coded.cells(),
        lambda totals: _kappa(totals.reshape(-1, coded.k, coded.k + 1), matrix),
        name=_name(weights),
        clusters=clusters,
        bootstrap=bootstrap,
    )


def weighted_kappa_asymptotic(
    truth: Column,
    answers: Column,
    labels: Sequence[Any],
    *,
    weights: AgreementWeights = "quadratic",
    level: float = 0.95,
) -> Outcome:
    """Return weighted kappa with its large-sample interval, which takes the images for independent.

    Variance: Fleiss, Cohen & Everitt 1969, Psychological Bulletin 72, 323-327: (sum_ij p_ij (w_ij - (w_i. +
    w_.j)(1 - kappa))² - (kappa - pe (1 - kappa))²) / (n (1 - pe)²), w_i. and w_.j the mean weights of row i
    and column j under the other's margin. Skipped as `cohen_kappa_asymptotic`.

    >>> low, high = [1, 2, 3, 4, 4, 2], [1, 3, 3, 4, 3, 2]
    >>> kappa = weighted_kappa_asymptotic(low, high, [1, 2, 3, 4], weights="linear")
    >>> round(kappa.value, 4), round(kappa.ci_low, 4), round(kappa.ci_high, 4)
    (0.7143, 0.3526, 1.0)
    """
    require_level(level)
    coded = code_labels(truth, answers, labels)
    matrix = _with_invalid(coded, weights)
    if (reason := undefined(coded)) is not None:
        return reason
    cells = coded.cells().sum(axis=0).reshape(1, coded.k, coded.k + 1)
    kappa = float(_kappa(cells, matrix)[0])
    se = math.sqrt(large_sample_variance(cells[0] / coded.n, matrix, kappa) / coded.n)
    if se < NO_ERROR:
        return without_width(_name(weights), kappa)
    half = float(ndtri((1 + level) / 2)) * se
    method = f"{_name(weights)}; asymptotic (Fleiss, Cohen & Everitt 1969), at most 1"
    return Estimate(kappa, kappa - half, min(1.0, kappa + half), level, coded.n, method)


def _name(weights: AgreementWeights) -> str:
    return f"weighted kappa, {weights} weights, an invalid answer agrees with nothing"


def _with_invalid(coded: CodedLabels, weights: AgreementWeights) -> FloatArray:
    return np.hstack([agreement_weights(coded.k, weights), np.zeros((coded.k, 1))])


def _kappa(cells: FloatArray, weights: FloatArray) -> FloatArray:
    """Return kappa of each confusion matrix: (B, k, k + 1) to (B,)."""
    n = cells.sum(axis=(1, 2))
    po = (cells * weights).sum(axis=(1, 2)) / n
    pe = np.einsum("bi,ij,bj->b", cells.sum(axis=2), weights, cells.sum(axis=1)) / n**2
    return np.where(pe < 1, (po - pe) / (1 - pe), np.nan)
