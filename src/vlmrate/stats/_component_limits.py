"""Variances, shares and intraclass correlations of a crossed table, with limits from those of its mean squares.

A variance is a mean square less the residual in it, and the odds of a share are an F ratio less the residual in that.
Where no cell is missing, ICC(C,1) is (F - 1) / (F - 1 + k), and the limits of F, less 1, are those of its odds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vlmrate.stats._mean_squares import ONE_WAY, RATER, RESIDUAL, ROUNDING, UNIT, WITHIN
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, without_width

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats._mean_squares import MeanSquares, Quantities
    from vlmrate.stats.estimators import Factor
    from vlmrate.stats.jackknife import Limits

BOTH: tuple[Factor, ...] = ("unit", "rater")


@dataclass(frozen=True, slots=True)
class ComponentLimits:
    """What the mean squares of one table say, at one level."""

    squares: MeanSquares
    n: int
    """Units."""
    level: float

    def residual(self) -> Outcome:
        """Return the residual variance, which is a mean square itself."""
        name = "residual variance"
        limits = self._limits(lambda q: q[:, RESIDUAL], name, ("unit",))
        return limits if isinstance(limits, Skipped) else self._not_below_0(limits, name, ("unit",))

    def variance(self, factor: Factor) -> Outcome:
        """Return a factor's variance, at least 0.

        Limits recovered from those of the mean square and of the residual c s²_e in it: s² - hypot(square - its
        lower limit, c (upper limit of s²_e - s²_e)), and likewise above.
        """
        name, (column, c) = f"{factor} variance", self._column(factor)
        square = self._limits(lambda q: q[:, column], name, (factor,))
        noise = self._limits(lambda q: q[:, RESIDUAL], name, ("unit",))
        if isinstance(square, Skipped):
            return square
        if isinstance(noise, Skipped):
            return noise
        value = square[0] - c * noise[0]
        low = value - math.hypot(square[0] - square[1], c * (noise[2] - noise[0]))
        high = value + math.hypot(square[2] - square[0], c * (noise[0] - noise[1]))
        return self._not_below_0((value, low, high), name, (factor,))

    def share(self, factor: Factor) -> Outcome:
        """Return a factor's share of the three variances, each at least 0: its odds are s² / (the two others)."""
        name, (column, c) = f"{factor} share of the variance", self._column(factor)
        other, in_other = self._column("rater" if factor == "unit" else "unit")

        def others(q: FloatArray) -> FloatArray:
            return np.asarray(np.maximum(q[:, other] - in_other * q[:, RESIDUAL], 0.0) + q[:, RESIDUAL])

        odds = self._odds(column, others, c, name=name)
        return odds if isinstance(odds, Skipped) else self._not_below_0(_shares(odds), name, BOTH)

    def residual_share(self) -> Outcome:
        """Return the residual's share, of odds one over s²_u / s²_e + s²_r / s²_e.

        The limits of that sum are recovered from those of its two parts, none below 0.
        """
        name = "residual share of the variance"
        if self.squares.observed[RESIDUAL] == 0:
            return without_width(name, 0.0)
        parts: list[Limits] = []
        for column, c in (self._column("unit"), self._column("rater")):
            odds = self._odds(column, lambda q: q[:, RESIDUAL], c, name=name)
            if isinstance(odds, Skipped):
                return odds
            parts.append((max(odds[0], 0.0), max(odds[1], 0.0), max(odds[2], 0.0)))
        if not any(part[2] for part in parts):
            return Skipped(f"{name}: the upper limits of both other variances lie at 0 or below")
        value = sum(part[0] for part in parts)
        low = value - math.hypot(*(part[0] - part[1] for part in parts))
        high = value + math.hypot(*(part[2] - part[0] for part in parts))
        others = _shares((value, low, high))
        return self._not_below_0((1 - others[0], 1 - others[2], 1 - others[1]), name, BOTH)

    def correlation(self, form: Literal["1", "A", "C"], k: float) -> Outcome:
        """Return ICC(1), ICC(A,1) or ICC(C,1), or for a k other than 1 the form for the mean of k raters."""
        one = "1" if k == 1 else "k"
        name, squares = f"ICC({one})" if form == "1" else f"ICC({form},{one})", self.squares
        over: tuple[Factor, ...] = ("unit",) if form == "C" else BOTH
        if form == "1":
            odds = self._odds(ONE_WAY, lambda q: q[:, WITHIN], squares.in_one_way, name=name, noise=WITHIN)
        elif form == "A":
            odds = self._odds(
                UNIT, lambda q: q[:, RATER] + (1 - squares.in_rater) * q[:, RESIDUAL], squares.in_unit, name=name
            )
        else:
            odds = self._odds(UNIT, lambda q: q[:, RESIDUAL], squares.in_unit, name=name, over=over)
        if isinstance(odds, Skipped):
            return odds
        if k * min(odds) <= ROUNDING - 1:
            return Skipped(f"{name} or its lower limit has no value: the units' means hardly differ")
        what = "a single rater" if k == 1 else f"the mean of {k:.4g} raters"
        limits = _shares((k * odds[0], k * odds[1], k * odds[2]))
        return self._estimate(limits, f"{name}, {what}, from variance components", over)

    def _column(self, factor: Factor) -> tuple[int, float]:
        """The factor's mean square, and how much of the residual variance is in it."""
        return (UNIT, self.squares.in_unit) if factor == "unit" else (RATER, self.squares.in_rater)

    def _odds(
        self,
        column: int,
        rest: Quantities,
        c: float,
        *,
        name: str,
        noise: int = RESIDUAL,
        over: tuple[Factor, ...] = BOTH,
    ) -> Limits | Skipped:
        """A mean square over what makes up the rest, less the share c of the noise in that."""
        limits = self._limits(lambda q: q[:, column] / rest(q), name, over)
        if isinstance(limits, Skipped):
            return limits
        observed = self.squares.observed[None, :]
        others = float(rest(observed)[0])
        return _less(limits, c * float(observed[0, noise]) / others if others > 0 else 0.0)

    def _limits(self, statistic: Quantities, name: str, over: tuple[Factor, ...]) -> Limits | Skipped:
        return self.squares.limits(statistic, over, name=name, level=self.level)

    def _not_below_0(self, limits: Limits, name: str, over: tuple[Factor, ...]) -> Outcome:
        value, low, high = limits
        if low < high <= 0:
            return Skipped(f"{name}, estimated at {value:.3g}, has its upper limit at {high:.3g}, at 0 or below")
        if value < 0:
            name = f"{name}, estimated at {value:.3g} and shown as 0"
        elif low < 0:
            name = f"{name}, its lower limit set to 0"
        return self._estimate((max(value, 0.0), max(low, 0.0), max(high, 0.0)), name, over)

    def _estimate(self, limits: Limits, name: str, over: tuple[Factor, ...]) -> Outcome:
        if limits[1] == limits[2]:
            return without_width(name, limits[0])
        method = f"{name}; jackknife over {self.squares.words(over)}, on the log scale"
        return Estimate(*limits, self.level, self.n, method)


def _less(limits: Limits, c: float) -> Limits:
    return limits[0] - c, limits[1] - c, limits[2] - c


def _shares(odds: Limits) -> Limits:
    value, low, high = (1 - 1 / (1 + x) for x in odds)
    return value, low, high
