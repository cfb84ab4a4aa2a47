"""Two halves of the people shown, each judged by what was taken from the other: nothing is tuned on what it is judged
by, and yet every picture is judged once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.arms import Answers, joined_items
from vlmrate.probe.halves import first_half, too_little
from vlmrate.probe.linear import is_of_identity
from vlmrate.probe.told import Told
from vlmrate.stats.folds import cluster_folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.store import Capture

FOLDS = 5


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
    kept = np.flatnonzero((identities != "") & (classes != ""))
    kinds = classes[kept, None] if is_of_identity(classes[kept], identities[kept]) else None
    first = first_half(identities[kept], kinds, seed)
    one, other = kept[first], kept[~first]
    return (
        Turn(one, other, frozenset(map(str, identities[one]))),
        Turn(other, one, frozenset(map(str, identities[other]))),
    )


def too_few(identities: np.ndarray, classes: np.ndarray) -> str | None:
    """Why halves cannot serve each other; None where they can."""
    kept = (identities != "") & (classes != "")
    names, codes = np.unique(classes[kept].astype(str), return_inverse=True)
    return too_little(names, codes, identities[kept].astype(str))


def best_layer(
    capture: Capture,
    array: str,
    turn: Turn,
    classes: np.ndarray,
    identities: np.ndarray,
    seed: int,
    emotions: np.ndarray | None = None,
) -> int:
    """The layer in which a cross-validated linear probe tells classes best, by the half that is learnt from alone.

    Groups are told within `emotions`.
    Of several that do equally well it is the last: what is taken out there is not written again by as many blocks.
    """
    rows = turn.learnt
    told = Told.of(classes[rows], None if emotions is None else emotions[rows], identities[rows])
    folds = cluster_folds(identities[rows], FOLDS, seed=seed)
    tried = [
        float(told.across_folds(capture.layer(array, layer)[rows], folds, told.cells[:, None])[0])
        for layer in range(capture.layers(array))
    ]
    return len(tried) - 1 - int(np.argmax(tried[::-1]))


def joined(parts: Sequence[Answers]) -> Answers:
    """Answers of the same arms about several sets of pictures as those about all of them, in the parts' order."""
    pictures = tuple(name for part in parts for name in part.pictures)
    return Answers(parts[0].arms, pictures, joined_items(parts, axis=1))
