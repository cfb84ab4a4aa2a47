"""Exchange tests: had the two ratings of an image been swapped, would the difference look any other?

Under the null hypothesis that both ratings of every image come from one rater, swapping them on any set of images
changes nothing but chance. Every swap is tried where the images that differ are few, else some thousands drawn by a
seed; images are taken for independent of each other. Source: Pitman 1937, Supplement to the Journal of the Royal
Statistical Society 4, 119-130; the greatest of several statistics: Westfall & Young 1993, Resampling-Based Multiple
Testing, section 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
DRAWS = 9_999
EXACT_UP_TO = 13
"""Images that differ up to which every swap is tried: 2 to the 13th are fewer than the draws."""
_LEVEL = 1e-9
"""How much smaller a statistic may be and still count as equal: what summing in another order leaves."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A two-sided exchange test: `spread` is the SD of the difference under swapping, in the difference's own unit."""

    p: float
    spread: float


def swaps(images: int) -> FloatArray:
    """1 where an image keeps its ratings and -1 where they are swapped: a row a swap, the first keeping all."""
    return _all_swaps(images) if images <= EXACT_UP_TO else _drawn_swaps(images)


@lru_cache(maxsize=4)
def _all_swaps(images: int) -> FloatArray:
    bits = (np.arange(2**images)[:, None] >> np.arange(images)) & 1
    return np.asarray(1.0 - 2.0 * bits, dtype=np.float64)


@lru_cache(maxsize=4)
def _drawn_swaps(images: int) -> FloatArray:
    drawn = 1.0 - 2.0 * np.random.default_rng(0).integers(0, 2, size=(DRAWS, images))
    return np.vstack([np.ones(images), drawn])


def exchange_means(differences: FloatArray, groups: BoolArray) -> tuple[Exchanged, ...]:
    """Test whether each group's mean difference is 0, the greatest of all groups' statistics being the yardstick.

    `differences` hold one value an image (NaN left out), `groups` a row a group. Each p-value is corrected for the
    number of groups. A group in which nothing differs has p = 1.

    >>> exchange_means(np.array([1.0] * 8), np.ones((1, 8), dtype=bool))[0].p
    0.0078125
    """
    d = np.nan_to_num(differences)
    moving = d != 0
    d, members = d[moving], groups[:, moving].astype(np.float64)
    size = np.sqrt(members @ d**2)
    safe = np.where(size > 0, size, 1.0)
    sums = swaps(len(d)) @ (members * d).T
    statistics = np.abs(sums) / safe
    greatest = statistics.max(axis=1)
    there = np.maximum((groups & ~np.isnan(differences)).sum(axis=1), 1)
    return tuple(
        Exchanged(float(np.mean(greatest >= own - _LEVEL)) if any_ > 0 else 1.0, float(any_ / n))
        for own, any_, n in zip(statistics[0], size, there, strict=True)
    )


def exchange_r(before: FloatArray, now: FloatArray, people: FloatArray) -> Exchanged | None:
    """Test whether two ratings correlate with people's means equally; None where an r is not defined.

    >>> people = np.arange(12.0)
    >>> exchange_r(people, people[::-1].copy(), people).p < .01
    True
    """
    there = ~(np.isnan(before) | np.isnan(now) | np.isnan(people))
    a, b, h = before[there], now[there], people[there]
    moving = a != b
    if len(h) < 3 or not moving.any() or np.ptp(h) == 0 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    h = h - h.mean()
    middle, half = (a + b) / 2 - a.mean(), (a - b) / 2
    kept = swaps(int(moving.sum())) @ _sums(half, middle, h)[moving]
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = _r(kept, middle, half, h) - _r(-kept, middle, half, h)
    gaps = np.nan_to_num(gaps)
    return Exchanged(float(np.mean(np.abs(gaps) >= abs(gaps[0]) - _LEVEL)), float(np.std(gaps)))


def _sums(half: FloatArray, middle: FloatArray, h: FloatArray) -> FloatArray:
    """What each image adds to the sum, the sum of squares and the sum of products of its rating, or takes away."""
    return np.column_stack([half, 2 * middle * half, half * h])


def _r(kept: FloatArray, middle: FloatArray, half: FloatArray, h: FloatArray) -> FloatArray:
    """Pearson's r of `middle` plus or minus `half` with people's means (about their mean), of every swap."""
    total = middle.sum() + kept[:, 0]
    squares = (middle**2 + half**2).sum() + kept[:, 1]
    products = middle @ h + kept[:, 2]
    found: FloatArray = products / np.sqrt((squares - total**2 / len(h)) * (h @ h))
    return found
