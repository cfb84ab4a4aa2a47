"""Effects of emotions and groups over many drawings of identities, or many dealings of groups among them, at once.

They are those of `direction.effects`, by the normal equations: sums over the pictures of every identity in every
emotion are all that is needed of what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 2_000_000
"""Numbers held at a time: drawings are worked off in blocks of rows."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Pictures by identity and emotion: how many (identities, emotions), and their sums (identities, emotions, width).

    `identities` and `emotions` are names in ascending order. Texts are cells too: each is an identity of its own, and
    there is one emotion.
    """

    identities: tuple[str, ...]
    emotions: tuple[str, ...]
    counts: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, identities: np.ndarray, emotions: np.ndarray | None = None) -> Cells:
        """Cells of rows (rows, width); no name may be blank."""
        people, who = np.unique(identities.astype(str), return_inverse=True)
        shown = np.full(len(who), "") if emotions is None else emotions.astype(str)
        names, which = np.unique(shown, return_inverse=True)
        counts = np.zeros((len(people), len(names)))
        sums = np.zeros((len(people), len(names), values.shape[1]))
        np.add.at(counts, (who, which), 1.0)
        np.add.at(sums, (who, which), values.astype(np.float64))
        return cls(tuple(map(str, people)), tuple(map(str, names)), counts, sums)

    @property
    def once(self) -> np.ndarray:
        """The drawing that has every identity once (1, identities)."""
        return np.ones((1, len(self.identities)))

    def emotions_of(self, drawn: np.ndarray) -> np.ndarray:
        """Effects of emotions beside identities (drawings, emotions, width).

        `drawn` says how often each identity is there (drawings, identities). NaN where a drawing cannot tell emotions
        from identities.
        """
        shown = np.maximum(self.counts.sum(axis=1), 1.0)
        share = self.counts / shown[:, None]
        own = self.sums - share[:, :, None] * self.sums.sum(axis=1)[:, None]
        shared = self.counts[:, :, None] * share[:, None]

        def made(block: np.ndarray) -> np.ndarray:
            normal = -np.einsum("bi,ief->bef", block, shared)
            _add_to_diagonal(normal, block @ self.counts)
            return _solved(normal, np.tensordot(block, own, axes=1))

        return self._in_blocks(made, drawn)

    def groups_of(self, level: np.ndarray, levels: int, drawn: np.ndarray | None = None) -> np.ndarray:
        """Effects of a group's levels beside emotions (drawings, levels, width).

        `level` is every identity's, as a whole number below `levels`, -1 where it has none: (identities,), or
        (dealings, identities) for several dealings, each with every identity once. NaN where a drawing lacks a level.
        """
        dealt = np.broadcast_to(level, drawn.shape) if drawn is not None else np.atleast_2d(level)
        weights = np.ones(dealt.shape) if drawn is None else drawn
        of_person = self.sums.sum(axis=1)

        def made(block: np.ndarray) -> np.ndarray:
            there = (block[:, 0, :, None] == np.arange(levels)) * block[:, 1, :, None]
            counts = np.einsum("bil,ie->ble", there, self.counts)
            by_emotion = np.maximum(counts.sum(axis=1), _ROUNDING)
            kept = there.sum(axis=2)
            means = np.tensordot(kept, self.sums, axes=1) / by_emotion[:, :, None]
            found = np.matmul(there.transpose(0, 2, 1), of_person) - counts @ means
            normal = -(counts / by_emotion[:, None]) @ counts.transpose(0, 2, 1)
            _add_to_diagonal(normal, counts.sum(axis=2))
            return _solved(normal, found)

        return self._in_blocks(made, np.stack([dealt, weights], axis=1))

    def _in_blocks(self, made: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> np.ndarray:
        size = max(1, BLOCK // self.sums[0].size)
        return np.concatenate([made(rows[start : start + size]) for start in range(0, len(rows), size)])


def unit_of(effects: np.ndarray) -> np.ndarray:
    """Effects (..., width) at length 1; NaN where there is none at all."""
    lengths = np.linalg.norm(effects, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(lengths > 0, effects / lengths, np.nan)


def narrow(*values: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same rows (rows, width) in no more dimensions than there are rows, lengths and angles kept."""
    stacked = np.vstack(values).astype(np.float64)
    if len(stacked) < stacked.shape[1]:
        stacked = np.linalg.qr(stacked.T).R.T
    ends = np.cumsum([len(rows) for rows in values])[:-1]
    return tuple(np.split(stacked, ends))


def _add_to_diagonal(matrices: np.ndarray, diagonal: np.ndarray) -> None:
    places = np.arange(matrices.shape[1])
    matrices[:, places, places] += diagonal


def _solved(normal: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Effects that sum to zero, of normal equations (drawings, n, n) that say nothing of their sum."""
    n = normal.shape[1]
    # One more equation says that the sum is 0; where the others are too few, the smallest eigenvalue is 0 all the same.
    whole = normal + np.trace(normal, axis1=1, axis2=2)[:, None, None] / n**2
    spread = np.linalg.eigvalsh(whole)
    told = spread[:, 0] > _ROUNDING * np.maximum(spread[:, -1], 1.0)
    whole[~told] = np.eye(n)
    solved = np.linalg.solve(whole, found)
    solved[~told] = np.nan
    return np.asarray(solved)
