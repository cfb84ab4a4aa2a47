"""A linear probe: ridge regression of classes on activations, judged on identities that it never saw.

The penalty is the mean eigenvalue of the training rows' Gram matrix, so that there is nothing to tune. Predictions are
a fixed matrix times the classes; that matrix serves every permutation of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

Codes = np.ndarray
"""Classes as whole numbers from 0: (rows,), or (rows, labellings) for several labellings of the same rows."""

_BLOCK = 64


@dataclass(frozen=True, slots=True, eq=False)
class Smoother:
    """What a probe makes of the classes of its training rows, for its test rows: (test, training)."""

    train: np.ndarray
    test: np.ndarray
    matrix: np.ndarray


def smoother(activations: np.ndarray, train: np.ndarray, test: np.ndarray) -> Smoother:
    """A probe trained on some rows (given by number) and applied to others; units are scaled on the training rows."""
    known = activations[train]
    mean, spread = known.mean(axis=0), known.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    known = (known - mean) / spread
    asked = (activations[test] - mean) / spread
    gram = (known @ known.T).astype(np.float64)
    penalty = max(float(np.trace(gram)) / len(gram), np.finfo(np.float64).tiny)
    gram[np.diag_indices_from(gram)] += penalty
    matrix = np.linalg.solve(gram, (known @ asked.T).astype(np.float64)).T
    return Smoother(train, test, matrix.astype(np.float32))


def guessed(probes: tuple[Smoother, ...], labellings: Codes, classes: int) -> np.ndarray:
    """What rows are taken for under labellings (rows, labellings); every row must be a test row of one probe."""
    made = np.empty(labellings.shape, dtype=np.int16)
    for probe in probes:
        for columns in _blocks(labellings.shape[1]):
            made[probe.test, columns] = guesses(probe, labellings[:, columns], classes)
    return made


def balanced(there: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Balanced accuracy from numbers of rows (..., emotions, classes), and of those told rightly.

    In every emotion it is the mean over classes of the share told rightly; emotions are weighted by 1 / sum(1 / rows of
    a class), to which its precision is proportional. (With two classes these are Mantel and Haenszel's weights, and
    those of the classes' effect by least squares beside the emotions'.) Guessing from the emotion alone, in whatever
    way, comes to 1 / classes. NaN where no emotion has all classes.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = 1 / (1 / there).sum(axis=-1)
        shares = np.where(weights > 0, (right / there).mean(axis=-1), 0.0)
        return np.asarray((weights * shares).sum(axis=-1) / weights.sum(axis=-1))


def guesses(probe: Smoother, labellings: np.ndarray, classes: int) -> np.ndarray:
    """The class that each test row is taken for, (test rows, labellings): that most above its share in training."""
    known = labellings[probe.train]
    scores = []
    for number in range(classes):
        target = (known == number).astype(np.float32)
        scores.append(probe.matrix @ (target - target.mean(axis=0)))
    return np.asarray(np.argmax(np.stack(scores), axis=0))


def permuted(codes: Codes, identities: np.ndarray, times: int, seed: int) -> np.ndarray:
    """Labellings (rows, times) as they would be by chance, the design kept.

    A class that belongs to the identity (a group) changes places between identities, so that an identity's pictures
    stay alike; one that varies within identities (an emotion) changes places within them.
    """
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(identities == name) for name in np.unique(identities)]
    made = np.empty((len(codes), times), codes.dtype)
    if is_of_identity(codes, identities):
        firsts = np.array([codes[rows[0]] for rows in groups])
        dealt = rng.permuted(np.tile(firsts, (times, 1)), axis=1)
        for number, rows in enumerate(groups):
            made[rows] = dealt[:, number]
        return made
    for rows in groups:
        made[rows] = rng.permuted(np.tile(codes[rows], (times, 1)), axis=1).T
    return made


def is_of_identity(codes: Codes, identities: np.ndarray) -> bool:
    """Whether every identity has one class only."""
    return all(len(np.unique(codes[identities == name])) == 1 for name in np.unique(identities))


def less_means(values: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Values (rows, columns) less the mean of their stratum."""
    names, numbers = np.unique(strata.astype(str), return_inverse=True)
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, numbers, values)
    return np.asarray(values - (sums / np.bincount(numbers)[:, None])[numbers])


def _blocks(columns: int) -> Iterator[slice]:
    for start in range(0, columns, _BLOCK):
        yield slice(start, min(start + _BLOCK, columns))
