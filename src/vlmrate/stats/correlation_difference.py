"""Two correlations with people beside each other, on the same images and resamples: is one higher than the other?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.stats._arrays import Column, FloatArray, as_floats, as_names, pairs, require_aligned
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, resample_sums
from vlmrate.stats.correlation import grouped_products, no_spread_within, r_of, total_products, within_products
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vlmrate.stats._arrays import Pairs


@dataclass(frozen=True, slots=True)
class CorrelationDifference:
    """Two correlations over the same images."""

    n: int
    """Images that have all four ratings."""
    first: Outcome
    second: Outcome
    difference: Outcome
    """r of the first pair minus r of the second, from the same resamples."""


def compare_correlations(
    first: tuple[Column, Column],
    second: tuple[Column, Column],
    *,
    groups: Column | None = None,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> CorrelationDifference | Skipped:
    """Compare Pearson's r of two pairs of ratings, (model, human) each: of two scales, or of two readings of one.

    One entry an image in every column; images that lack any of the four are left out. With `groups` (emotions) both
    r are pooled within groups, as in `pearson_within_bootstrap`. The difference is taken within each resample, which
    keeps what both r have in common. A correlation that is not defined is Skipped, and with it the difference.

    >>> model, arousal = [1, 2, 4, 4, 7], [3, 5, 4, 6, 6]
    >>> told = compare_correlations((model, [2.1, 2.0, 3.9, 5.2, 6.0]), (arousal, [5.0, 4.0, 3.0, 6.0, 5.5]))
    >>> round(told.first.value, 4), round(told.second.value, 4), round(told.difference.value, 4)
    (0.9289, 0.5095, 0.4193)
    """
    require_aligned(model=first[0], human=first[1], second=second[0], other=second[1], groups=groups, clusters=clusters)
    rated = np.column_stack([as_floats(column, "ratings") for column in (*first, *second)])
    there = np.asarray(~np.isnan(rated).any(axis=1), dtype=np.bool_)
    if not there.any():
        return Skipped("no image has all four ratings")
    kept_groups, kept_clusters = _kept(groups, there), _kept(clusters, there)
    of_first, of_second = (pairs(x, y, groups=kept_groups) for x, y in (rated[there, :2].T, rated[there, 2:].T))
    reasons = no_spread_within(of_first), no_spread_within(of_second)
    sums = np.hstack([_products(both, reason) for both, reason in zip((of_first, of_second), reasons, strict=True)])
    drawn = resample_sums(sums, clusters=kept_clusters, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return drawn
    half, n = sums.shape[1] // 2, of_first.n
    r = r_of(total_products if groups is None else within_products, n)
    name = "Pearson r" if groups is None else f"Pearson r pooled within {len(of_first.group_names)} groups"
    return CorrelationDifference(
        n,
        first=reasons[0] or drawn.estimate(lambda t: r(t[:, :half]), name=name),
        second=reasons[1] or drawn.estimate(lambda t: r(t[:, half:]), name=name),
        difference=reasons[0]
        or reasons[1]
        or drawn.estimate(lambda t: r(t[:, :half]) - r(t[:, half:]), name=f"difference in {name}, first minus second"),
    )


def _kept(column: Column | None, there: NDArray[np.bool_]) -> NDArray[Any] | None:
    return None if column is None else as_names(column)[there]


def _products(both: Pairs, reason: Skipped | None) -> FloatArray:
    """Products of a pair that has no correlation are not defined; zeros keep the other pair's place."""
    return grouped_products(both) if reason is None else np.zeros((both.n, 6 * len(both.group_names)))
