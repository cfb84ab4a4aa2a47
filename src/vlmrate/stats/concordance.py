"""Lin's concordance correlation: correlation that also counts a shift and a stretch of the scale as disagreement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from vlmrate.stats._arrays import Column, FloatArray, Pairs, pairs, require_level
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, without_width

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "Lin's concordance correlation"
NO_VARIANCE = 1e-12
"""Below this share of the mean square about the common mean a variance is rounding and taken for 0."""


def ccc(model: Column, human: Column, *, level: float = 0.95) -> Outcome:
    """Return Lin's concordance correlation coefficient, in [-1, 1], with the interval of its z-transform.

    CCC = 2 s_xy / (s_x² + s_y² + (mean_x - mean_y)²), all with n in the denominator: 1 where every model
    rating is the human one; r times a factor for shift and scale. Lin 1989, Biometrics 45, 255-268; interval
    tanh(atanh CCC ± z se / (1 - CCC²)) with se² = ((1 - r²) c² (1 - CCC²) + 2 CCC² c (1 - CCC) u² - CCC² c²
    u⁴ / 2) / (n - 2), c = CCC / r and u² = (mean_x - mean_y)² / (s_x s_y), as corrected in Lin 2000,
    Biometrics 56, 324-325. It takes images for independent and both ratings for normal. Skipped below four
    images, where either rating has no variance, and for a value of -1 or 1, which has no z.

    >>> agreement = ccc([1, 2, 4, 4, 7], [2.1, 2.0, 3.9, 5.2, 6.0])
    >>> round(agreement.value, 4), round(agreement.ci_low, 4), round(agreement.ci_high, 4)
    (0.8937, 0.4577, 0.9832)
    """
    require_level(level)
    both = pairs(model, human)
    if (reason := _undefined(both)) is not None:
        return reason
    if both.n < 4:
        return Skipped(f"Lin's interval needs four images, there are {both.n}")
    totals = moments(both.model, both.human).sum(axis=0)[None, :]
    value, r = float(ccc_of(totals)[0]), float(pearson_of(totals)[0])
    if 1 - abs(value) < NO_VARIANCE:
        return without_width(NAME, value)
    half = float(ndtri((1 + level) / 2)) * _standard_error(both, value, r) / (1 - value**2)
    low, high = math.tanh(math.atanh(value) - half), math.tanh(math.atanh(value) + half)
    return Estimate(value, low, high, level, both.n, f"{NAME}; z-transform (Lin 1989, 2000)")


def ccc_bootstrap(
    model: Column, human: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT
) -> Outcome:
    """Return Lin's CCC with a bootstrap interval; Skipped where either rating has no variance."""
    both = pairs(model, human, clusters=clusters)
    if (reason := _undefined(both)) is not None:
        return reason
    sums = moments(both.model, both.human)
    return bootstrap_sums(sums, ccc_of, name=NAME, clusters=both.clusters, bootstrap=bootstrap)


def moments(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return 1, x, y, x², y², xy of each image about the common mean of both: shape (n, 6)."""
    # About the common mean nothing is lost in the differences of large squares, and x - y stays what it is.
    origin = (x.mean() + y.mean()) / 2
    x, y = x - origin, y - origin
    return np.column_stack([np.ones(len(x)), x, y, x * x, y * y, x * y])


def ccc_of(totals: FloatArray) -> FloatArray:
    """Return Lin's CCC of totals of `moments`: (B, 6) to (B,); NaN where either has no variance."""
    return _of_variances(totals, lambda xx, yy, xy, apart: 2 * xy / (xx + yy + apart**2))


def pearson_of(totals: FloatArray) -> FloatArray:
    """Return Pearson's r of totals of `moments`: (B, 6) to (B,); NaN where either has no variance."""
    return _of_variances(totals, lambda xx, yy, xy, _: np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0))


def _of_variances(
    totals: FloatArray, formula: Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]
) -> FloatArray:
    n, x, y, xx, yy, xy = totals.T
    x, y, xx, yy, xy = x / n, y / n, xx / n, yy / n, xy / n
    floor = NO_VARIANCE * (xx + yy)
    defined = np.minimum(xx - x * x, yy - y * y) > floor
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(defined, formula(xx - x * x, yy - y * y, xy - x * y, x - y), np.nan)


def _undefined(both: Pairs) -> Skipped | None:
    if both.n < 2:
        return Skipped(f"a concordance needs two images rated by both, there are {both.n}")
    for name, values in (("model", both.model), ("human", both.human)):
        if np.ptp(values) == 0:
            return Skipped(f"the {name} ratings have no variance: all {both.n} are {values[0]:g}")
    return None


def _standard_error(both: Pairs, value: float, r: float) -> float:
    spread = float(both.model.std() * both.human.std())
    apart = float(both.difference.mean()) ** 2
    u2 = apart / spread
    # c = CCC / r, written so that r = 0 needs no division.
    c = 2 * spread / (float(both.model.var() + both.human.var()) + apart)
    variance = (1 - r**2) * c**2 * (1 - value**2)
    variance += 2 * value**2 * c * (1 - value) * u2 - value**2 * c**2 * u2**2 / 2
    return math.sqrt(max(0.0, variance) / (both.n - 2))
