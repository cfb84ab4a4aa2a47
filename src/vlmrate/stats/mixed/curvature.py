"""The exact second derivatives for several random intercepts: one product of dense matrices, or sparse ones.

tr(T K_k T K_l) is the squared Frobenius norm of Z_k' T Z_l. In terms of the inverse E of the dense system:

    Z_k' T Z_l = I(k=l) / g_k - E_kl / (g_k g_l)           for k, l >= 2
    Z_1' T Z_k = D^-1 F_1 E_.k / g_k                        with F_1 the rows f_i, D = diag(1 + g_1 n_i)
    Z_1' T Z_1 = diag(n_i) D^-1 - D^-1 F_1 E F_1' D^-1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.linalg import blas

from vlmrate.stats.mixed.pairs import weighted_gram

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.mixed.crossed import Crossed, Inverse
    from vlmrate.stats.mixed.criterion import Point

SLICE = 1024
"""Rows mirrored, or leading levels multiplied, at a time."""
SPARSE_COST = 15
"""How many times a multiplication costs more in a sparse product than in a dense one."""


def curvature(system: Crossed, point: Point, inverse: Inverse) -> FloatArray:
    """d2D/dg_k dg_l at fixed s, shape (K, K); turns the inverse's lower triangle into the full matrix in place."""
    crossing, g = system.crossing, point.ratios
    _mirror(inverse.lower)
    count = len(g)
    norms = np.empty((count, count))
    for k, block in enumerate(crossing.blocks, start=1):
        for other, other_block in enumerate(crossing.blocks, start=1):
            part = inverse.lower[block, other_block]
            norms[k, other] = np.einsum("ij,ij->", part, part) / (g[k] * g[other]) ** 2
        diagonal = np.diag(inverse.lower)[block].sum()
        norms[k, k] += crossing.sizes[k] / g[k] ** 2 - 2 * diagonal / g[k] ** 3
    inflation = 1 + g[0] * crossing.rows
    sparse_work = SPARSE_COST * crossing.joint.nnz * (crossing.width + crossing.sizes[0])
    products = _by_level if sparse_work < crossing.width**3 else _by_matrix
    whole, by_block = products(system, inverse.lower, 1 / inflation)
    scaled = crossing.rows / inflation
    norms[0, 0] = scaled @ scaled - 2 * (scaled * inflation**-2.0) @ inverse.forms + whole
    norms[0, 1:] = norms[1:, 0] = by_block / g[1:] ** 2
    exact: FloatArray = -norms + 2 * point.second / point.residual_variance
    return exact


def _by_matrix(system: Crossed, inverse: FloatArray, scale: FloatArray) -> tuple[float, FloatArray]:
    """|D^-1 F E F' D^-1|^2 and |D^-1 F E_.k|^2 for each block k, by the product of E with F' D^-2 F."""
    gram = weighted_gram(system.crossing, system.pairs, scale**2)
    _mirror(gram)
    product = blas.dgemm(1.0, inverse, gram)
    blocks = [np.einsum("ij,ij->", product[block], inverse[block]) for block in system.crossing.blocks]
    whole = 0.0
    for start in range(0, len(product), SLICE):
        some = slice(start, start + SLICE)
        whole += float(np.einsum("ij,ji->", product[some], product[:, some]))
    return whole, np.array(blocks)


def _by_level(system: Crossed, inverse: FloatArray, scale: FloatArray) -> tuple[float, FloatArray]:
    """The same, some leading levels at a time and with the sparse F: less work and memory in large studies."""
    crossing = system.crossing
    met = sparse.hstack([crossing.joint, sparse.csr_array(crossing.sums[:, : crossing.p])]).tocsr()
    scaled = sparse.diags_array(scale).tocsr() @ met
    whole, blocks = 0.0, np.zeros(len(crossing.blocks))
    for start in range(0, crossing.sizes[0], SLICE):
        part = scaled[start : start + SLICE] @ inverse.T  # symmetric: its transpose lies in the order wanted
        for place, block in enumerate(crossing.blocks):
            blocks[place] += np.einsum("ij,ij->", part[:, block], part[:, block])
        closed = scaled[start:] @ np.ascontiguousarray(part.T)
        square = np.einsum("ij,ij->j", closed, closed)
        own = closed[: part.shape[0]]
        whole += float(2 * square.sum() - np.einsum("ij,ij->", own, own))
    return whole, blocks


def _mirror(lower: FloatArray) -> None:
    """Copy the lower triangle onto the upper, in place, without a second matrix."""
    size = len(lower)
    for start in range(0, size, SLICE):
        end = min(start + SLICE, size)
        lower[start:end, end:] = lower[end:, start:end].T
        corner = lower[start:end, start:end]
        below = np.tril(corner, -1)
        corner[:] = below + below.T + np.diag(np.diag(corner).copy())
