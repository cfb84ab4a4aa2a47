"""A chart of exponentially weighted moving averages: slow drift shows before any single check stands out.

z_t = weight * x_t + (1 - weight) * z_(t-1), from the baseline's value on, with limits at the baseline's value plus and
minus width * sigma * sqrt(weight / (2 - weight) * (1 - (1 - weight)^(2 t))): Roberts 1959, Technometrics 1, 239-250;
weight .2 and width 2.86 raise a false alarm about once in 380 checks (simulated, sigma known): Lucas & Saccucci 1990,
Technometrics 32, 1-12. sigma is the median moving range over 0.954, which a single jump does not widen: Montgomery,
Introduction to Statistical Quality Control, chapter 6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WEIGHT = 0.2
WIDTH = 2.86
LEAST = 8
"""Checks from which sigma can be told."""
_MEDIAN_RANGE = 0.954
BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Chart:
    """Values with their moving average and its limits, one a check; `low` and `high` are empty below LEAST checks."""

    target: float
    values: tuple[float, ...]
    averages: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def outside(self) -> tuple[int, ...]:
        """Which checks (from 0) have an average beyond the limits."""
        there = enumerate(zip(self.averages, self.low, self.high, strict=False))
        return tuple(i for i, (average, low, high) in there if not low - 1e-9 <= average <= high + 1e-9)


def chart_of(values: Sequence[float], target: float) -> Chart:
    """The chart of values about a target.

    >>> chart_of([5.0] * 8, 5.0).outside
    ()
    >>> chart_of([5.0] * 8 + [5.5], 5.0).outside
    (8,)
    """
    averages, average = [], target
    for value in values:
        average = WEIGHT * value + (1 - WEIGHT) * average
        averages.append(average)
    halves = _halves(values)
    low, high = tuple(target - half for half in halves), tuple(target + half for half in halves)
    return Chart(target, tuple(values), tuple(averages), low, high)


def _halves(values: Sequence[float]) -> list[float]:
    if len(values) < LEAST:
        return []
    sigma = median(abs(b - a) for a, b in pairwise(values)) / _MEDIAN_RANGE
    steady = WEIGHT / (2 - WEIGHT)
    return [WIDTH * sigma * math.sqrt(steady * (1 - (1 - WEIGHT) ** (2 * t))) for t in range(1, len(values) + 1)]


def sparkline(values: Sequence[float], most: int = 40) -> str:
    """The last `most` values as bars, the lowest at the bottom; all alike stand in the middle.

    >>> sparkline([1.0, 2.0, 3.0])
    '▁▅█'
    """
    last = values[-most:]
    low, high = min(last), max(last)
    if high - low < 1e-12:
        return BARS[3] * len(last)
    return "".join(BARS[round((value - low) / (high - low) * (len(BARS) - 1))] for value in last)
