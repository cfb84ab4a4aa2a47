"""Ridge regression of many targets on activations, its penalty and layer chosen inside the training rows alone.

Folds keep identities whole. Where one is judged, penalty and layer are chosen by the squared error over the others,
each predicted by what was trained without it and without the fold that is judged. One decomposition of a training set's
Gram matrix serves all penalties and targets, and one without two folds serves both of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0)
"""Times the mean eigenvalue of the training rows' Gram matrix."""


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """Ridge regression on some rows, for any penalty: units of mean 0 and SD 1 over them, and their decomposition.

    Predictions of units (rows, width) are units @ `basis` / (`values` + penalty) @ `known` @ targets.
    """

    mean: np.ndarray
    spread: np.ndarray
    basis: np.ndarray
    values: np.ndarray
    known: np.ndarray
    unit: float

    def predictions(self, activations: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """What is predicted for activations (rows, width) by every penalty (penalties, rows, targets).

        `targets` (training rows, targets) may be any number; each is predicted by itself.
        """
        middle = targets.mean(axis=0)
        left = ((activations - self.mean) / self.spread).astype(np.float64) @ self.basis
        right = self.known @ (targets - middle)
        return np.stack([left / (self.values + times * self.unit) @ right + middle for times in PENALTIES])


def ridge(activations: np.ndarray) -> Ridge:
    """Ridge regression on all these rows (rows, width), decomposed over whichever is fewer, rows or units."""
    mean, spread = activations.mean(axis=0), activations.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    known = ((activations - mean) / spread).astype(np.float64)
    rows, width = known.shape
    unit = max(float((known**2).sum()) / rows, np.finfo(np.float64).tiny)
    if rows <= width:
        values, vectors = np.linalg.eigh(known @ known.T)
        return Ridge(mean, spread, known.T @ vectors, np.maximum(values, 0.0), vectors.T, unit)
    values, vectors = np.linalg.eigh(known.T @ known)
    return Ridge(mean, spread, vectors, np.maximum(values, 0.0), vectors.T @ known.T, unit)


@dataclass(frozen=True, slots=True, eq=False)
class Nested:
    """Held-out predictions (rows, targets) of every layer, handed to `each`, and of the layer chosen in every fold.

    `layers` (folds, targets) are those chosen.
    """

    predictions: np.ndarray
    layers: np.ndarray


def nested(
    layer: Callable[[int], np.ndarray],
    layers: int,
    targets: np.ndarray,
    folds: np.ndarray,
    each: Callable[[np.ndarray], None],
) -> Nested:
    """Predict every row by what had no part of its fold; `layer` gives activations, one layer held at a time.

    `folds` numbers every row's fold from 0; there must be three. `each` is given every layer's own predictions, in
    order, the penalty chosen within it.
    """
    rows_of = [np.flatnonzero(folds == fold) for fold in range(int(folds.max()) + 1)]
    least = np.full((len(rows_of), targets.shape[1]), np.inf)
    chosen = np.zeros(least.shape, np.int64)
    predictions = np.zeros(targets.shape)
    for number in range(layers):
        activations = layer(number)
        errors = _errors(activations, targets, folds, rows_of)
        made = np.empty(targets.shape)
        for fold, rows in enumerate(rows_of):
            best = errors[fold].argmin(axis=0)
            found = _trained(activations, targets, folds, (fold,), rows)
            made[rows] = np.take_along_axis(found, best[None, None, :], axis=0)[0]
            better = errors[fold].min(axis=0) < least[fold]
            least[fold] = np.where(better, errors[fold].min(axis=0), least[fold])
            chosen[fold] = np.where(better, number, chosen[fold])
            predictions[rows] = np.where(better, made[rows], predictions[rows])
        each(made)
    return Nested(predictions, chosen)


def _errors(activations: np.ndarray, targets: np.ndarray, folds: np.ndarray, rows_of: list[np.ndarray]) -> np.ndarray:
    """Squared error over the other folds, by judged fold, penalty and target: that fold has no part in any of it."""
    errors = np.zeros((len(rows_of), len(PENALTIES), targets.shape[1]))
    for pair in combinations(range(len(rows_of)), 2):
        both = np.concatenate([rows_of[fold] for fold in pair])
        squares = (_trained(activations, targets, folds, pair, both) - targets[both]) ** 2
        first = len(rows_of[pair[0]])
        errors[pair[1]] += squares[:, :first].sum(axis=1)
        errors[pair[0]] += squares[:, first:].sum(axis=1)
    return errors


def _trained(
    activations: np.ndarray, targets: np.ndarray, folds: np.ndarray, left_out: tuple[int, ...], rows: np.ndarray
) -> np.ndarray:
    train = ~np.isin(folds, left_out)
    return ridge(activations[train]).predictions(activations[rows], targets[train])
