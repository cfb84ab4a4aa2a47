"""Which classes a feature is enriched for: more active in their pictures than chance would have it.

The statistic is the sum of a feature's activations over the pictures of a class, less what permutations give on
average, over their SD; both follow from the design exactly. An emotion changes places within identities; a group, which
belongs to the identity, between identities, and is told from the means of identities, within emotions: each activation
less the mean of its emotion, so that which emotions a group shows more often makes no feature of the group. Each z is
held against the largest z over all features and classes of every permutation (Westfall & Young 1993, Resampling-Based
Multiple Testing, ch. 2), so that the chance of any false find among them is p. (A p of its own for every one would not
do: it is never below 1 / (permutations + 1), which no correction for some hundreds of tests would let pass.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlmrate.probe.intervals import p_among
from vlmrate.probe.linear import is_of_identity, less_means, permuted

LEVEL = 0.05
"""A feature counts as enriched for a class where p is at most this."""
_COLUMNS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Enrichment:
    """z and p (features, classes): p pays for all features and classes."""

    z: np.ndarray
    p: np.ndarray

    @property
    def held(self) -> np.ndarray:
        """Which features are enriched for which classes (features, classes)."""
        return np.asarray(self.p <= LEVEL)


def enrichment(
    values: np.ndarray,
    codes: np.ndarray,
    identities: np.ndarray,
    permutations: int,
    seed: int,
    within: np.ndarray | None = None,
) -> Enrichment:
    """What classes (rows,), whole numbers from 0, the features (rows, features) are enriched for.

    `within` (rows,) names the emotion within which groups are told.
    """
    told_of = values.astype(np.float64) if within is None else less_means(values.astype(np.float64), within)
    units, labels, blocks = _units(told_of, codes, identities)
    classes = int(codes.max()) + 1
    expected, spread = _by_chance(units, labels, blocks, classes)
    z = _scored(units.T @ _told(labels[:, None], classes)[:, 0], expected, spread)
    largest = np.full(permutations, -np.inf)
    step = max(1, _COLUMNS // classes)
    dealt = permuted(labels, blocks, permutations, seed)
    for start in range(0, permutations, step):
        told = _told(dealt[:, start : start + step], classes)
        sums = (units.T @ told.reshape(len(units), -1)).reshape(units.shape[1], -1, classes)
        largest[start : start + step] = _scored(sums, expected[:, None], spread[:, None]).max(axis=(0, 2), initial=0)
    return Enrichment(z, p_among(largest, z))


def _units(values: np.ndarray, codes: np.ndarray, identities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is dealt among what: pictures within identities, or means of identities among them all."""
    if not is_of_identity(codes, identities):
        return values, codes, identities
    names, firsts, numbers = np.unique(identities, return_index=True, return_inverse=True)
    members = np.zeros((len(names), len(codes)))
    members[numbers, np.arange(len(codes))] = 1 / np.bincount(numbers)[numbers]
    return members @ values, codes[firsts], np.zeros(len(names), dtype=np.int64)


def _by_chance(
    units: np.ndarray, labels: np.ndarray, blocks: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD over all permutations of each class's sum (features, classes)."""
    expected = np.zeros((units.shape[1], classes))
    variance = np.zeros_like(expected)
    for block in np.unique(blocks):
        rows = units[blocks == block]
        share = np.bincount(labels[blocks == block], minlength=classes) / len(rows)
        expected += rows.sum(axis=0)[:, None] * share
        if len(rows) > 1:
            spread = ((rows - rows.mean(axis=0)) ** 2).sum(axis=0) / (len(rows) - 1)
            variance += spread[:, None] * len(rows) * share * (1 - share)
    return expected, np.sqrt(variance)


def _scored(sums: np.ndarray, expected: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Sums in SDs above what chance gives; 0 where permutations change nothing."""
    moves = spread > 1e-9 * (1 + np.abs(expected))
    return np.asarray(np.where(moves, (sums - expected) / np.where(moves, spread, 1.0), 0.0))


def _told(labels: np.ndarray, classes: int) -> np.ndarray:
    """1 where a unit has a class in a labelling, else 0 (units, labellings, classes)."""
    return np.asarray(labels[:, :, None] == np.arange(classes), dtype=np.float64)
