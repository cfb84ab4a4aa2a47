"""How the levels of several random intercepts meet in the rows: all that fitting needs of n rows, counted once.

The random intercept with the most levels (the *leading* one) has a diagonal block in the mixed model equations and is
eliminated. What remains, the *rest*, are the other random intercepts side by side and the fixed part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from vlmrate.stats._arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Crossing:
    """Counts and sums over the rows; q levels of the leading random intercept, r of the others together."""

    n: int
    p: int
    order: tuple[int, ...]
    """Which of the model's random intercepts comes where: the leading one first."""
    sizes: tuple[int, ...]
    """Levels of each, in that order."""
    rows: FloatArray
    """Rows of each leading level, shape (q,)."""
    sums: FloatArray
    """Sums of (X, y) by leading level, shape (q, p + 1)."""
    rest_sums: FloatArray
    """Sums of (X, y) by level of the others, shape (r, p + 1)."""
    joint: sparse.csr_array
    """Rows at which a leading level meets a level of the others, shape (q, r)."""
    rest_joint: sparse.csr_array
    """Rows at which levels of the others meet, shape (r, r); diagonal where there is one other."""
    total: FloatArray
    """y'y, X'y and X'X as the cross-products of (X, y), shape (p + 1, p + 1)."""

    @property
    def rest(self) -> int:
        """r."""
        return sum(self.sizes[1:])

    @property
    def width(self) -> int:
        """Unknowns left after the elimination: r + p."""
        return self.rest + self.p

    @property
    def blocks(self) -> list[slice]:
        """Where each of the other random intercepts lies among the rest."""
        ends = np.cumsum([0, *self.sizes[1:]])
        return [slice(int(start), int(end)) for start, end in zip(ends[:-1], ends[1:], strict=True)]


def count_crossing(
    vectors: FloatArray, response: FloatArray, codes: Sequence[IntArray], sizes: Sequence[int]
) -> Crossing:
    """Count how levels meet, from an orthonormal basis (n, p), the response and each random intercept's codes."""
    n, p = vectors.shape
    order = tuple(int(place) for place in np.argsort(sizes, kind="stable")[::-1])
    ordered = [codes[place] for place in order]
    levels = tuple(int(sizes[place]) for place in order)
    both = np.column_stack([vectors, response])
    sums = [_sums(both, code, size) for code, size in zip(ordered, levels, strict=True)]
    offsets = np.cumsum([0, *levels[1:]])
    shifted = [code + offset for code, offset in zip(ordered[1:], offsets[:-1], strict=True)]
    rest = int(offsets[-1])
    leading = np.tile(ordered[0], len(shifted))
    side_by_side = np.concatenate(shifted)
    pairs = [(first, second) for first in shifted for second in shifted]
    rest_joint = _meet(*(np.concatenate(side) for side in zip(*pairs, strict=True)), (rest, rest))
    return Crossing(
        n=n,
        p=p,
        order=order,
        sizes=levels,
        rows=np.bincount(ordered[0], minlength=levels[0]).astype(np.float64),
        sums=sums[0],
        rest_sums=np.vstack(sums[1:]),
        joint=_meet(leading, side_by_side, (levels[0], rest)),
        rest_joint=rest_joint,
        total=both.T @ both,
    )


def _sums(values: FloatArray, codes: IntArray, size: int) -> FloatArray:
    return np.column_stack([np.bincount(codes, column, minlength=size) for column in values.T])


def _meet(first: IntArray, second: IntArray, shape: tuple[int, int]) -> sparse.csr_array:
    """Number of rows at which each two levels meet."""
    met: sparse.csr_array = sparse.coo_array((np.ones(len(first)), (first, second)), shape).tocsr()
    return met
