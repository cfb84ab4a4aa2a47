"""How far classes lie apart in activations: the share of variance between them, and the mean silhouette."""

from __future__ import annotations

import numpy as np


def scaled(activations: np.ndarray) -> np.ndarray:
    """Every unit with mean 0 and SD 1, so that the few very large ones of a residual stream do not count for all."""
    spread = activations.std(axis=0)
    return np.asarray((activations - activations.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def share_between(activations: np.ndarray, codes: np.ndarray) -> float:
    """Variance between classes over all variance, in [0, 1], of scaled activations; 0 where nothing varies."""
    total = float((activations**2).sum())
    between = sum(
        float((activations[codes == number].mean(axis=0) ** 2).sum()) * int((codes == number).sum())
        for number in np.unique(codes)
    )
    return between / total if total > 0 else 0.0


def silhouette(activations: np.ndarray, codes: np.ndarray) -> float:
    """Mean silhouette over rows, in [-1, 1]; every class must have two rows.

    (b - a) / max(a, b) with a the mean distance to the row's own class and b that to the nearest other (Rousseeuw
    1987). Distances are Euclidean.
    """
    squares = (activations.astype(np.float64) ** 2).sum(axis=1)
    gram = activations.astype(np.float64) @ activations.astype(np.float64).T
    distance = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * gram, 0.0))
    np.fill_diagonal(distance, 0.0)
    one_hot = (codes[:, None] == np.unique(codes)[None]).astype(np.float64)
    counts, sums = one_hot.sum(axis=0), distance @ one_hot
    own = one_hot.astype(bool)
    inside = sums[own] / (counts[None] - 1).repeat(len(codes), axis=0)[own]
    outside = np.where(own, np.inf, sums / counts).min(axis=1)
    largest = np.maximum(inside, outside)
    return float(np.where(largest > 0, (outside - inside) / np.where(largest > 0, largest, 1.0), 0.0).mean())
