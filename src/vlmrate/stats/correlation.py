"""How a model's ratings follow the people's over images: r over all, within groups and between groups.

`model` and `human` hold one value an image (for people usually the mean of their ratings); images with either
missing are left out, and the estimate's n counts those that stay. `groups` names each image's emotion (or any
factor), `clusters` its identity. Most of the variance of people's mean ratings lies between emotions, so an r
over all images says little without the r within them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from vlmrate.stats._arrays import Column, FloatArray, IntArray, Pairs, no_spread, one_hot, pairs, require_level
from vlmrate.stats._ranks import midranks
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums, bootstrap_weights
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, without_width

if TYPE_CHECKING:
    from collections.abc import Callable

NO_VARIANCE = 1e-12
"""Below this a mean square of standardised ratings, or what an r lacks of 1, is rounding and taken for 0."""


def pearson(model: Column, human: Column, *, level: float = 0.95) -> Outcome:
    """Return Pearson's r, in [-1, 1], with Fisher's interval: tanh(atanh r ± z / sqrt(n - 3)).

    Fisher 1921, Metron 1, 3-32; it takes images for independent and both ratings for normal. Skipped below
    four images, where either rating has no variance, and for r of -1 or 1, which has no z: `pearson_bootstrap` tells
    it.

    >>> r = pearson([1, 2, 4, 4, 7], [2.1, 2.0, 3.9, 5.2, 6.0])
    >>> round(r.value, 4), round(r.ci_low, 4), round(r.ci_high, 4)
    (0.9289, 0.2582, 0.9954)
    """
    both = pairs(model, human)
    require_level(level)
    return no_spread(both) or _fisher(_r(both.model, both.human), both.n, 1 / _root(both.n - 3), level, "Pearson r")


def pearson_bootstrap(
    model: Column, human: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT
) -> Outcome:
    """Return Pearson's r with a bootstrap interval; Skipped where either rating has no variance."""
    both = pairs(model, human, clusters=clusters)
    return no_spread(both) or _bootstrap_r(both, total_products, "Pearson r", bootstrap)


def spearman(model: Column, human: Column, *, level: float = 0.95) -> Outcome:
    """Return Spearman's rho, in [-1, 1], mid-ranks for ties: tanh(atanh rho ± z sqrt((1 + rho²/2) / (n - 3))).

    Interval: Bonett & Wright 2000, Psychometrika 65, 23-28. Skipped as `pearson`.

    >>> rho = spearman([1, 2, 4, 4, 7], [2.1, 2.0, 3.9, 5.2, 6.0])
    >>> round(rho.value, 4), round(rho.ci_low, 4), round(rho.ci_high, 4)
    (0.8721, -0.2789, 0.9947)
    """
    require_level(level)
    both = pairs(model, human)
    if (reason := no_spread(both)) is not None:
        return reason
    rho = _r(rankdata(both.model), rankdata(both.human))
    return _fisher(rho, both.n, math.sqrt(1 + rho**2 / 2) / _root(both.n - 3), level, "Spearman rho")


def spearman_bootstrap(
    model: Column, human: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT
) -> Outcome:
    """Return Spearman's rho with a bootstrap interval, ranked anew within every resample."""
    both = pairs(model, human, clusters=clusters)
    if (reason := no_spread(both)) is not None:
        return reason

    def rho(weights: FloatArray) -> FloatArray:
        middle = (weights.sum(axis=1, keepdims=True) + 1) / 2
        x, y = midranks(both.model, weights) - middle, midranks(both.human, weights) - middle
        xx, yy, xy = (np.einsum("bi,bi,bi->b", weights, a, b) for a, b in ((x, x), (y, y), (x, y)))
        return np.where((xx > 0) & (yy > 0), xy / np.sqrt(xx * yy), np.nan)

    return bootstrap_weights(rho, both.n, name="Spearman rho", clusters=both.clusters, bootstrap=bootstrap)


def pearson_within(model: Column, human: Column, groups: Column, *, level: float = 0.95) -> Outcome:
    """Return the pooled r within groups (emotions): both ratings centred on their group's mean, then Pearson's r.

    Fisher's interval with n - k - 2 in place of n - 3, k groups having taken k - 1 means more (Snedecor &
    Cochran 1989, Statistical Methods). Skipped where either rating has no variance within any group, where n < k + 3,
    and for r of -1 or 1.

    >>> r = pearson_within([1, 2, 3, 7, 8, 9], [2, 2, 3, 5, 7, 6], ["sad"] * 3 + ["happy"] * 3)
    >>> round(r.value, 4), round(r.ci_low, 4), round(r.ci_high, 4)
    (0.6124, -0.5871, 0.9704)
    """
    require_level(level)
    both = pairs(model, human, groups=groups)
    if (reason := no_spread_within(both)) is not None:
        return reason
    within = _r(_centred(both.model, both.groups), _centred(both.human, both.groups))
    k = len(both.group_names)
    return _fisher(within, both.n, 1 / _root(both.n - k - 2), level, f"Pearson r pooled within {k} groups")


def pearson_within_bootstrap(
    model: Column,
    human: Column,
    groups: Column,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return the pooled r within groups with a bootstrap interval, centred anew within every resample."""
    both = pairs(model, human, groups=groups, clusters=clusters)
    name = f"Pearson r pooled within {len(both.group_names)} groups"
    return no_spread_within(both) or _bootstrap_r(both, within_products, name, bootstrap)


def pearson_between(
    model: Column,
    human: Column,
    groups: Column,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return the r of the group means, each weighted by its images, with a bootstrap interval over images.

    The groups stay the same in every resample: the interval speaks of these groups. Skipped below three
    groups, where r can only be -1 or 1, and where the group means of either do not differ.
    """
    both = pairs(model, human, groups=groups, clusters=clusters)
    k = len(both.group_names)
    if k < 3:
        return Skipped(f"a correlation of group means needs three groups, there are {k}")
    return no_spread(both) or _bootstrap_r(both, _between, f"Pearson r of {k} group means", bootstrap)


def share_between(
    values: Column, groups: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT
) -> Outcome:
    """Return eta squared, the share of the values' variance that lies between groups, in [0, 1].

    eta² = sum_g n_g (mean_g - mean)² / sum_i (x_i - mean)². Where it is near 1, answering the group's mean
    alone earns a correlation of about sqrt(eta²). Skipped without variance, or with one group.

    >>> round(share_between([1, 2, 3, 7, 8, 9], ["sad"] * 3 + ["happy"] * 3).value, 4)
    0.931
    """
    both = pairs(values, values, groups=groups, clusters=clusters)
    k = len(both.group_names)
    if k < 2:
        return Skipped(f"a share between groups needs two groups, there are {k}")
    if (reason := no_spread(both)) is not None:
        return reason
    products = grouped_products(both)

    def eta_squared(totals: FloatArray) -> FloatArray:
        between, total = _between(_by_group(totals)), total_products(_by_group(totals))
        return np.where(total[0] > NO_VARIANCE * both.n, between[0] / total[0], np.nan)

    name = f"share of variance between {k} groups (eta squared)"
    return bootstrap_sums(products, eta_squared, name=name, clusters=both.clusters, bootstrap=bootstrap)


def _root(df: int) -> float:
    return math.sqrt(df) if df > 0 else math.nan


def _r(x: FloatArray, y: FloatArray) -> float:
    x, y = x - x.mean(), y - y.mean()
    r = float(x @ y) / (float(np.linalg.norm(x)) * float(np.linalg.norm(y)))
    return max(-1.0, min(1.0, r))


def _fisher(r: float, n: int, se: float, level: float, name: str) -> Outcome:
    if math.isnan(se):
        return Skipped(f"Fisher's interval needs more images than {n}")
    if 1 - abs(r) < NO_VARIANCE:
        return without_width(name, r)
    half = float(ndtri((1 + level) / 2)) * se
    return Estimate(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half), level, n, f"{name}; Fisher z")


def _centred(x: FloatArray, groups: IntArray) -> FloatArray:
    means = np.bincount(groups, weights=x) / np.bincount(groups)
    return x - means[groups]


def no_spread_within(both: Pairs) -> Skipped | None:
    """Say why no correlation within groups can be had from these pairs, or return None where one can."""
    if (reason := no_spread(both)) is not None:
        return reason
    for name, values in (("model", both.model), ("human", both.human)):
        if all(np.ptp(values[both.groups == g]) == 0 for g in range(len(both.group_names))):
            return Skipped(f"the {name} ratings have no variance within any group")
    return None


def _standardised(x: FloatArray) -> FloatArray:
    return np.asarray((x - x.mean()) / x.std(), dtype=np.float64)


def grouped_products(both: Pairs) -> FloatArray:
    """Return 1, x, y, x², y², xy of each image in the columns of its group: shape (n, groups x 6)."""
    x, y = _standardised(both.model), _standardised(both.human)
    products = np.column_stack([np.ones(both.n), x, y, x * x, y * y, x * y])
    indicator = one_hot(both.groups, len(both.group_names))
    return (indicator[:, :, None] * products[:, None, :]).reshape(both.n, -1)


def _by_group(totals: FloatArray) -> FloatArray:
    """Return totals (B, groups x 6) as six arrays (B, groups)."""
    return np.moveaxis(totals.reshape(len(totals), -1, 6), -1, 0)


def _between(sums: FloatArray) -> FloatArray:
    """Return the sums of squares and products between groups: three arrays (B,): xx, yy, xy."""
    n, x, y = sums[:3]
    occupied = np.where(n > 0, n, 1.0)
    all_n, all_x, all_y = n.sum(axis=1), x.sum(axis=1), y.sum(axis=1)
    return np.stack(
        [
            (x * x / occupied).sum(axis=1) - all_x**2 / all_n,
            (y * y / occupied).sum(axis=1) - all_y**2 / all_n,
            (x * y / occupied).sum(axis=1) - all_x * all_y / all_n,
        ]
    )


def total_products(sums: FloatArray) -> FloatArray:
    """Return the sums of squares and products about the grand means: three arrays (B,): xx, yy, xy."""
    n, x, y, xx, yy, xy = sums.sum(axis=-1)
    return np.stack([xx - x * x / n, yy - y * y / n, xy - x * y / n])


def within_products(sums: FloatArray) -> FloatArray:
    """Return the pooled sums of squares and products within groups: three arrays (B,): xx, yy, xy."""
    return total_products(sums) - _between(sums)


def r_of(squares: Callable[[FloatArray], FloatArray], n: int) -> Callable[[FloatArray], FloatArray]:
    """Return the statistic that makes r of totals of `grouped_products` of n images: NaN where a side is constant."""

    def r(totals: FloatArray) -> FloatArray:
        xx, yy, xy = squares(_by_group(totals))
        defined = np.minimum(xx, yy) > NO_VARIANCE * n
        return np.where(defined, np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0), np.nan)

    return r


def _bootstrap_r(both: Pairs, squares: Callable[[FloatArray], FloatArray], name: str, bootstrap: Bootstrap) -> Outcome:
    products, r = grouped_products(both), r_of(squares, both.n)
    return bootstrap_sums(products, r, name=name, clusters=both.clusters, bootstrap=bootstrap)
