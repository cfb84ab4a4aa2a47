"""Where the search over several variance ratios begins: the method of moments.

The sums of squares within the levels of each random intercept, and about the mean, are set equal to what they are
expected to be under the variances (Henderson 1953, Biometrics 9, 226-252, method 1, on least-squares residuals).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse

    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.mixed.crossing import Crossing

SMALLEST = 1e-3
"""Smallest ratio to start from, and smallest share of the variance left to the residual."""


def moment_ratios(crossing: Crossing) -> FloatArray:
    """Variance ratios in the order of `Crossing.order`, shape (K,), each positive."""
    n, count, p = crossing.n, len(crossing.sizes), crossing.p
    rows = [crossing.rows, *(crossing.rest_joint.diagonal()[block] for block in crossing.blocks)]
    sums = [crossing.sums[:, p], *(crossing.rest_sums[block, p] for block in crossing.blocks)]
    total = float(crossing.total[p, p])
    expected = np.zeros((count + 1, count + 1))
    observed = np.zeros(count + 1)
    for k in range(count):
        observed[k] = total - (sums[k] ** 2 / rows[k]).sum()
        expected[k, count] = n - len(rows[k])
        for other in range(count):
            if other != k:
                shared = _squares_by_row(_met(crossing, k, other))
                expected[k, other] = n - (shared / rows[k]).sum()
    observed[count] = total
    expected[count] = [*(n - (of_level**2).sum() / n for of_level in rows), n - 1]
    variances = np.linalg.lstsq(expected, observed, rcond=None)[0]
    residual = max(variances[count], SMALLEST * total / n)
    return np.maximum(variances[:count] / residual, SMALLEST)


def _met(crossing: Crossing, k: int, other: int) -> sparse.csr_array:
    """Rows at which levels of two random intercepts meet, a row a level of the first."""
    if k == 0:
        return crossing.joint[:, crossing.blocks[other - 1]].tocsr()
    if other == 0:
        return crossing.joint[:, crossing.blocks[k - 1]].T.tocsr()
    return crossing.rest_joint[crossing.blocks[k - 1], crossing.blocks[other - 1]].tocsr()


def _squares_by_row(met: sparse.csr_array) -> FloatArray:
    return np.asarray(met.multiply(met).sum(axis=1)).ravel()
