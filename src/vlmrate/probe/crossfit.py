"""Two halves of the people shown, each judged by what was taken from the other: nothing is tuned on what it is judged
by, and yet every picture is judged once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.arms import Answers, joined_items
from vlmrate.probe.linear import across_folds, is_of_identity, recalls
from vlmrate.stats.folds import cluster_folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.store import Capture

FOLDS = 5
LEAST_IDENTITIES = 4
"""Identities that every class must be shown by: two in each half."""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One half judged by the other: rows to learn from and rows to judge, by number, and the identities learnt from."""

    learnt: np.ndarray
    judged: np.ndarray
    identities: frozenset[str]


def turns(identities: np.ndarray, classes: np.ndarray, seed: int = 0) -> tuple[Turn, Turn]:
    """Every second identity, drawn at random, is one half; of each class where it belongs to the identity.

    Rows with a blank identity or class are in neither.
    """
    kept = (identities != "") & (classes != "")
    names = np.random.default_rng(seed).permutation(np.unique(identities[kept].astype(str)))
    if is_of_identity(classes[kept], identities[kept]):
        class_of = dict(zip(identities[kept], classes[kept], strict=True))
        names = np.array(sorted(names, key=lambda name: str(class_of[name])))
    one, other = names[::2], names[1::2]
    return _turn(one, other, identities, kept), _turn(other, one, identities, kept)


def too_few(identities: np.ndarray, classes: np.ndarray) -> str | None:
    """Why halves cannot serve each other; None where they can."""
    kept = (identities != "") & (classes != "")
    there = np.unique(classes[kept].astype(str))
    if len(there) < 2:
        return f"there must be two classes to be told apart, and there is {len(there)}"
    for name in there:
        shown_by = len(np.unique(identities[kept & (classes == name)].astype(str)))
        if shown_by < LEAST_IDENTITIES:
            return f"{name} is shown by {shown_by} identities, and each half needs two"
    return None


def best_layer(capture: Capture, array: str, turn: Turn, classes: np.ndarray, identities: np.ndarray, seed: int) -> int:
    """The layer in which a cross-validated linear probe tells classes best, by the half that is learnt from alone.

    Of several that do equally well it is the last: what is taken out there is not written again by as many blocks.
    """
    rows = turn.learnt
    names, codes = np.unique(classes[rows].astype(str), return_inverse=True)
    folds = cluster_folds(identities[rows], FOLDS, seed=seed)
    tried = [
        float(recalls(across_folds(capture.layer(array, layer)[rows], folds), codes, len(names))[0])
        for layer in range(capture.layers(array))
    ]
    return len(tried) - 1 - int(np.argmax(tried[::-1]))


def joined(parts: Sequence[Answers]) -> Answers:
    """Answers of the same arms about several sets of pictures as those about all of them, in the parts' order."""
    pictures = tuple(name for part in parts for name in part.pictures)
    return Answers(parts[0].arms, pictures, joined_items(parts, axis=1))


def random_basis(rank: int, width: int, seed: Sequence[int]) -> np.ndarray:
    """So many random directions (rank, width) at right angles to one another, each of length 1."""
    drawn = np.random.default_rng(list(seed)).normal(size=(width, rank))
    return np.asarray(np.linalg.qr(drawn)[0].T)


def _turn(learnt: np.ndarray, judged: np.ndarray, identities: np.ndarray, kept: np.ndarray) -> Turn:
    return Turn(
        np.flatnonzero(kept & np.isin(identities.astype(str), learnt)),
        np.flatnonzero(kept & np.isin(identities.astype(str), judged)),
        frozenset(map(str, learnt)),
    )
