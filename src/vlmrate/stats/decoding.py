"""Is a collapse onto few values in the decoding, or in the model? Ratings weighted by probability beside spoken ones.

A model that speaks one number an image may know more than it says: sum p x value over the options moves where the
most probable option does not. If the weighted ratings follow people within an emotion and the spoken ones do not,
decoding loses it; if neither does, the model has collapsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.stats._arrays import Column, FloatArray, as_codes, as_floats, as_names, in_order, require_aligned
from vlmrate.stats._moments import FIRST, NO_VARIANCE, SECOND, moment_sums, r_at, sd_at
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, resample_sums
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

DECIMALS = 2
"""Weighted ratings count as distinct where they differ after rounding to this."""


@dataclass(frozen=True, slots=True)
class SpokenAndWeighted:
    """Spread of spoken and of weighted ratings over one group of images, and how each follows people."""

    group: Any
    n: int
    """Images with the spoken rating, the weighted one and people's mean."""
    distinct_spoken: int
    distinct_weighted: int
    """Different values after rounding to two decimals."""
    sd_spoken: Outcome
    sd_weighted: Outcome
    sd_ratio: Outcome
    """SD weighted / SD spoken; Skipped where every spoken rating is the same."""
    r_spoken: Outcome
    r_weighted: Outcome
    r_gain: Outcome
    """r weighted - r spoken, both from the same resamples."""


def spoken_and_weighted(
    spoken: Column,
    weighted: Column,
    human: Column,
    *,
    groups: Column | None = None,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
    order: Sequence[Any] | None = None,
) -> tuple[SpokenAndWeighted, ...]:
    """Compare spoken with probability-weighted ratings in every group (emotion), or over all images.

    One entry an image: `spoken` the rating given, `weighted` the sum of p x value over the options, `human` the mean
    of people. Images with any of them missing are left out. SDs have n - 1 in the denominator; r is Pearson's.
    Intervals: bootstrap over clusters, one set of resamples for all. Skipped: r of ratings without variance.

    >>> spoken, weighted = [7, 7, 7, 7, 8, 7], [6.8, 7.1, 6.6, 7.2, 7.6, 7.0]
    >>> (all_images,) = spoken_and_weighted(spoken, weighted, [5.9, 6.6, 5.5, 6.4, 7.3, 6.1])
    >>> all_images.distinct_spoken, all_images.distinct_weighted
    (2, 6)
    >>> round(all_images.sd_weighted.value, 4), round(all_images.r_weighted.value, 4)
    (0.345, 0.9773)
    """
    require_aligned(spoken=spoken, weighted=weighted, human=human, groups=groups, clusters=clusters)
    columns = np.column_stack([as_floats(spoken, "spoken"), as_floats(weighted, "weighted"), as_floats(human, "human")])
    codes, names = as_codes(["all images"] * len(columns) if groups is None else groups, "groups")
    told = []
    for group in in_order(names, order):
        inside = (codes == names.index(group)) & ~np.isnan(columns).any(axis=1)
        identities = None if clusters is None else as_names(clusters)[inside]
        told.append(_compare(group, columns[inside], identities, bootstrap))
    return tuple(told)


def _compare(group: Any, columns: FloatArray, clusters: Column | None, bootstrap: Bootstrap) -> SpokenAndWeighted:
    n = len(columns)
    distinct = [len(np.unique(np.round(columns[:, j], DECIMALS))) for j in (0, 1)]
    if n < 2:
        few = Skipped(f"a spread needs two images, there are {n}")
        return SpokenAndWeighted(group, n, distinct[0], distinct[1], *([few] * 6))
    drawn = resample_sums(moment_sums(columns), clusters=clusters, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return SpokenAndWeighted(group, n, distinct[0], distinct[1], *([drawn] * 6))
    flat = _flat(columns)
    r_spoken, r_weighted, r_gain = _correlations(drawn, flat)
    return SpokenAndWeighted(
        group,
        n,
        distinct[0],
        distinct[1],
        sd_spoken=drawn.estimate(lambda t: sd_at(t, FIRST), name="SD of spoken ratings"),
        sd_weighted=drawn.estimate(lambda t: sd_at(t, SECOND), name="SD of weighted ratings"),
        sd_ratio=flat["spoken"] or drawn.estimate(_sd_ratio, name="SD of weighted / SD of spoken ratings"),
        r_spoken=r_spoken,
        r_weighted=r_weighted,
        r_gain=r_gain,
    )


def _flat(columns: FloatArray) -> dict[str, Skipped | None]:
    """Say of each column why it has no correlation, or None."""
    return {
        name: Skipped(f"the {name} ratings have no variance") if np.ptp(column) < NO_VARIANCE else None
        for name, column in zip(("spoken", "weighted", "human"), columns.T, strict=True)
    }


def _correlations(drawn: ResampledSums, flat: dict[str, Skipped | None]) -> tuple[Outcome, Outcome, Outcome]:
    no_spoken, no_weighted = flat["human"] or flat["spoken"], flat["human"] or flat["weighted"]
    return (
        no_spoken or drawn.estimate(lambda t: r_at(t, FIRST), name="Pearson r of spoken ratings"),
        no_weighted or drawn.estimate(lambda t: r_at(t, SECOND), name="Pearson r of weighted ratings"),
        no_spoken
        or no_weighted
        or drawn.estimate(
            lambda t: r_at(t, SECOND) - r_at(t, FIRST), name="Pearson r of weighted minus spoken ratings"
        ),
    )


def _sd_ratio(t: FloatArray) -> FloatArray:
    of_spoken = sd_at(t, FIRST)
    return np.where(of_spoken > NO_VARIANCE, sd_at(t, SECOND) / of_spoken, np.nan)
