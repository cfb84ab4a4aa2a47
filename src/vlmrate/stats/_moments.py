"""SD and Pearson's r of two ratings with a third, as functions of resampled totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats.dimensional import sd_of

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray

NO_VARIANCE = 1e-6
"""An SD below this, in scale points, is rounding and taken for 0."""
FIRST, SECOND = 1, 2
"""Which of the two ratings: its column among the totals."""


def moment_sums(columns: FloatArray) -> FloatArray:
    """Return n and the first and second moments of columns (first, second, third), shape (n, 3), as (n, 9).

    Taken about the first row: sums of squares of a constant are then exactly 0.
    """
    a, b, y = (columns - columns[0]).T
    return np.column_stack([np.ones(len(a)), a, b, y, a * a, b * b, y * y, a * y, b * y])


def sd_at(totals: FloatArray, which: int) -> FloatArray:
    """Return the SD (n - 1 in the denominator) of the first or second rating: totals (B, 9) to (B,)."""
    return sd_of(totals[:, 0], totals[:, which], totals[:, which + 3])


def r_at(totals: FloatArray, which: int) -> FloatArray:
    """Return Pearson's r of the first or second rating with the third; NaN where either has no variance."""
    n = totals[:, 0]
    xx = totals[:, which + 3] - totals[:, which] ** 2 / n
    yy = totals[:, 6] - totals[:, 3] ** 2 / n
    xy = totals[:, which + 6] - totals[:, which] * totals[:, 3] / n
    defined = np.minimum(xx, yy) > NO_VARIANCE**2 * n
    return np.where(defined, np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0), np.nan)
