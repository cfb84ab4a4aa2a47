"""Weighted sums over the leading levels of what their rows share: F' diag(w) F and the quadratic forms f_i' E f_i.

f_i, the row of F = [joint, sums of X] of leading level i, is sparse: where a level meets few of the others, the pairs
that occur together are listed once, and each weighted sum is one sparse product. Where most pairs occur, dense
products of a slice of levels at a time are faster, and need less memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.linalg import blas

from vlmrate.stats._arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.stats.mixed.crossing import Crossing

MOST_PAIRS = 80_000_000
"""Beyond that many pairs their list would need more than a gigabyte."""
DENSE_SHARE = 0.1
"""Share of the others that a leading level meets above which dense products are faster."""
SLICE_VALUES = 4_000_000
"""Values that a dense slice of leading levels holds at once."""
LISTED_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class PairList:
    """For each leading level the pairs (i >= j) of others it meets, as places in a square Fortran matrix."""

    products: sparse.csc_array
    """Shape (width^2, q): rows at i times rows at j."""
    squares: sparse.csr_array
    """Shape (q, r): the squares of the counts, the pairs with i = j."""


def count_pairs(crossing: Crossing) -> int:
    """How many pairs a list would hold."""
    met = np.diff(crossing.joint.indptr).astype(np.int64)
    return int((met * (met + 1) // 2).sum())


def list_pairs(crossing: Crossing) -> PairList | None:
    """List the pairs, or return None where dense products serve better."""
    crowded = crossing.joint.nnz > DENSE_SHARE * crossing.sizes[0] * crossing.rest
    if crowded or count_pairs(crossing) > MOST_PAIRS or crossing.width**2 >= 2**31:
        return None
    met = np.diff(crossing.joint.indptr).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(met * (met + 1) // 2)])
    place, value = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1])
    for number in np.unique(met[met > 0]):
        levels = np.flatnonzero(met == number)
        each = max(1, LISTED_AT_ONCE // int(number) ** 2)
        for some in np.array_split(levels, -(-len(levels) // each)):
            _fill(crossing, some, int(number), starts, place, value)
    shape = (crossing.width**2, crossing.sizes[0])
    products = sparse.csc_array((value, place, starts.astype(np.int32)), shape=shape)
    return PairList(products, crossing.joint.multiply(crossing.joint).tocsr())


def _fill(
    crossing: Crossing, levels: IntArray, number: int, starts: IntArray, place: IntArray, value: FloatArray
) -> None:
    """Write the pairs of those leading levels that each meet the same number of others."""
    joint = crossing.joint
    entries = joint.indptr[levels][:, None] + np.arange(number)
    others, counts = joint.indices[entries].astype(np.int64), joint.data[entries]
    high, low = np.tril_indices(number)  # columns ascend within a row, so the first is the larger
    to = starts[levels][:, None] + np.arange(len(high))
    place[to] = others[:, high] + others[:, low] * crossing.width
    value[to] = counts[:, high] * counts[:, low]


def weighted_gram(crossing: Crossing, pairs: PairList | None, weights: FloatArray) -> FloatArray:
    """F' diag(w) F for the lower triangle, shape (width, width) in Fortran order; w of shape (q,), of one sign."""
    if pairs is None:
        return _dense_gram(crossing, weights)
    width, r, design = crossing.width, crossing.rest, crossing.sums[:, : crossing.p]
    weighted = design * weights[:, None]
    gram: FloatArray = (pairs.products @ weights).reshape((width, width), order="F")
    gram[r:, :r] = (crossing.joint.T @ weighted).T
    gram[r:, r:] = design.T @ weighted
    return gram


def _dense_gram(crossing: Crossing, weights: FloatArray) -> FloatArray:
    gram = np.zeros((crossing.width, crossing.width), order="F")
    sign = -1.0 if weights.min() < 0 else 1.0
    roots = np.sqrt(sign * weights)
    for some, dense in _slices(crossing):
        gram = blas.dsyrk(sign, (dense * roots[some, None]).T, beta=1.0, c=gram, lower=1, overwrite_c=1)
    return gram


def quadratic_forms(crossing: Crossing, pairs: PairList | None, inverse: FloatArray) -> FloatArray:
    """f_i' E f_i for each leading level, shape (q,); of E, shape (width, width), the lower triangle is read."""
    if pairs is None:
        return np.concatenate(
            [np.einsum("ij,ji->i", f, blas.dsymm(1.0, inverse, f.T, lower=1)) for _, f in _slices(crossing)]
        )
    r, design = crossing.rest, crossing.sums[:, : crossing.p]
    fixed = np.einsum("ij,ij->i", design @ symmetric(inverse[r:, r:]), design)
    mixed = np.einsum("ij,ij->i", crossing.joint @ np.ascontiguousarray(inverse[r:, :r].T), design)
    random = 2 * (pairs.products.T @ inverse.ravel(order="F")) - pairs.squares @ np.diag(inverse)[:r]
    forms: FloatArray = fixed + 2 * mixed + random
    return forms


def _slices(crossing: Crossing) -> Iterator[tuple[slice, FloatArray]]:
    """The rows of F as dense ones, some leading levels at a time."""
    step = max(1, SLICE_VALUES // crossing.width)
    for start in range(0, crossing.sizes[0], step):
        some = slice(start, min(start + step, crossing.sizes[0]))
        yield some, np.hstack([crossing.joint[some].toarray(), crossing.sums[some, : crossing.p]])


def symmetric(lower: FloatArray) -> FloatArray:
    """The symmetric matrix whose lower triangle is given."""
    below = np.tril(lower, -1)
    full: FloatArray = below + below.T + np.diag(np.diag(lower))
    return full
