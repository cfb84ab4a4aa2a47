"""Split-half reliability: how far the means of two random halves of the raters agree, over many random splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from vlmrate.stats._arrays import require_count
from vlmrate.stats._long import Ratings, code_ratings, too_few
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, require_bootstrap, resample_sums
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from vlmrate.stats._arrays import Column, FloatArray

SPLITS = 200
"""Random splits by default."""


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """Agreement of two halves of the raters."""

    n_units: int
    n_raters: int
    half: Outcome
    """Mean r of the two halves' means over the splits."""
    corrected: Outcome
    """Mean of the splits' Spearman-Brown steps 2r / (1 + r): reliability of the mean of all raters."""
    splits: tuple[float, ...]
    """The corrected r of every split that has one, ascending: how much the choice of halves matters."""


def split_half(
    units: Column,
    raters: Column,
    values: Column,
    *,
    splits: int = SPLITS,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> SplitHalf | Skipped:
    """Correlate the unit means of two random halves of the raters, step them up, and average over splits.

    Long rows (unit, rater, value), cells may be missing: a split uses the units that both halves rated. A
    rater belongs to one half throughout; of an odd number of raters one half has one more. The splits are
    drawn from the bootstrap's seed. r is stepped to the full number of raters by 2r / (1 + r) (Spearman 1910,
    British Journal of Psychology 3, 271-295; Brown 1910, ibid. 296-322). The interval resamples units (or
    whole `clusters` of them, one entry a row) with the splits held; `splits` in the result says how far single
    splits scatter. Skipped below two raters or three units, and where a half's means have no variance in most
    splits.

    >>> judges = [9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    >>> told = split_half(np.repeat(range(6), 4), list("ABCD") * 6, judges)
    >>> round(told.half.value, 3), round(told.corrected.value, 3), round(told.splits[0], 3), round(told.splits[-1], 3)
    (0.851, 0.919, 0.887, 0.94)
    """
    require_count(splits, 1, "The number of splits")
    require_bootstrap(bootstrap)
    ratings = code_ratings(units, raters, values, clusters=clusters)
    if isinstance(ratings, Skipped):
        return ratings
    if (reason := too_few(ratings, units=3)) is not None:
        return reason
    sums = _sums(ratings, splits, bootstrap.seed)
    drawn = resample_sums(sums, clusters=ratings.clusters, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return drawn
    each = _each_r(sums.sum(axis=0)[None, :])[0]
    stepped = np.sort(2 * each / (1 + each))
    told = f"{splits:,} random halves of {ratings.n_raters:,} raters"
    return SplitHalf(
        n_units=ratings.n_units,
        n_raters=ratings.n_raters,
        half=drawn.estimate(lambda t: _mean_r(t, stepped=False), name=f"split-half r, mean over {told}"),
        corrected=drawn.estimate(
            lambda t: _mean_r(t, stepped=True), name=f"split-half reliability (Spearman-Brown), mean over {told}"
        ),
        splits=tuple(float(r) for r in stepped if np.isfinite(r)),
    )


def _sums(ratings: Ratings, splits: int, seed: int) -> FloatArray:
    """Return 1, x, y, x², y², xy of each unit in each split, 0 where a half did not rate it: (units, splits x 6)."""
    rng = np.random.default_rng(seed)
    half = np.arange(ratings.n_raters) < ratings.n_raters // 2
    first = np.stack([rng.permutation(half) for _ in range(splits)]).astype(np.float64)
    centred = ratings.value - ratings.value.mean()
    shape, at = (ratings.n_units, ratings.n_raters), (ratings.unit, ratings.rater)
    counts = sparse.csr_array((np.ones(ratings.n), at), shape=shape)
    totals = sparse.csr_array((centred, at), shape=shape)
    n_first, total_first = np.asarray(counts @ first.T), np.asarray(totals @ first.T)
    n_second = ratings.per_unit()[:, None] - n_first
    total_second = ratings.per_unit(centred)[:, None] - total_first
    both = (n_first > 0) & (n_second > 0)
    x = np.where(both, total_first / np.maximum(n_first, 1), 0.0)
    y = np.where(both, total_second / np.maximum(n_second, 1), 0.0)
    return np.stack([both.astype(np.float64), x, y, x * x, y * y, x * y], axis=2).reshape(ratings.n_units, -1)


def _each_r(totals: FloatArray) -> FloatArray:
    """Return the r of each split: (B, splits x 6) to (B, splits); NaN where a half has no variance."""
    n, x, y, xx, yy, xy = np.moveaxis(totals.reshape(len(totals), -1, 6), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        vx, vy, cov = xx - x * x / n, yy - y * y / n, xy - x * y / n
        defined = (n >= 3) & (np.minimum(vx, vy) > 1e-12 * (xx + yy))
        # An r of exactly -1 has no Spearman-Brown step.
        return np.where(defined, np.clip(cov / np.sqrt(vx * vy), -1 + 1e-12, 1.0), np.nan)


def _mean_r(totals: FloatArray, *, stepped: bool) -> FloatArray:
    """Return the mean over splits; NaN where fewer than half of the splits have an r."""
    r = _each_r(totals)
    there = np.isfinite(r)
    used = np.where(there, 2 * r / (1 + r) if stepped else r, 0.0)
    count = there.sum(axis=1)
    return np.where(2 * count >= r.shape[1], used.sum(axis=1) / np.maximum(count, 1), np.nan)
