"""Mean squares of raters crossed with units, each left-out sample moving what was drawn with it.

A variance can be estimated at 0 or below and has then no logarithm. The mean square that it is computed from, s²_u +
c s²_e with c about 1 / ratings a unit, is above 0. Where no cell is missing the mean squares of units, of raters and of
the residual are independent of one another: the first and the last move with the units, the second with the raters, and
nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vlmrate.stats._arrays import FloatArray
from vlmrate.stats._crossed import SumsOfSquares, connected_parts, one_way, transposed
from vlmrate.stats.estimate import Skipped
from vlmrate.stats.jackknife import LeftOut, Limits, leave_out, log_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._long import Ratings
    from vlmrate.stats.estimators import Estimator, Factor

UNIT, RATER, RESIDUAL, ONE_WAY, WITHIN = range(5)
"""Columns: mean squares as variances of a single rating, s²_u + c_u s²_e, s²_r + c_r s²_e, s²_e; between and within
units of the one-way analysis."""
MOVE_WITH_UNITS, MOVE_WITH_RATERS = [UNIT, RESIDUAL, ONE_WAY], [RATER, WITHIN]
ROUNDING = 1e-12
"""A mean square below this share of all is rounding and taken for 0."""

Quantities: TypeAlias = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """The mean squares over all ratings, and with units and with raters left out."""

    observed: FloatArray
    """Shape (5,)."""
    in_unit: float
    """How much of the residual variance is in the mean square of units: about 1 / ratings a unit."""
    in_rater: float
    in_one_way: float
    units: LeftOut
    raters: LeftOut | Skipped

    @property
    def variances(self) -> tuple[float, float, float]:
        """Variance of unit, rater, residual: the mean squares less what is residual in them."""
        unit, rater, residual = (float(square) for square in self.observed[: RESIDUAL + 1])
        return unit - self.in_unit * residual, rater - self.in_rater * residual, residual

    def limits(self, statistic: Quantities, over: Sequence[Factor], *, name: str, level: float) -> Limits | Skipped:
        """Return a statistic of the mean squares, (B, 5) to (B,), with limits that leave out one sample or both."""
        samples: list[LeftOut] = []
        for factor in over:
            sample = self.units if factor == "unit" else self.raters
            if isinstance(sample, Skipped):
                return Skipped(f"{name} has no interval: {sample.reason}")
            samples.append(sample)
        return log_limits(statistic, samples, name=name, level=level)

    def words(self, over: Sequence[Factor]) -> str:
        """Say what is left out, for a method."""
        samples = [self.units if factor == "unit" else self.raters for factor in over]
        return " and ".join(sample.words for sample in samples if isinstance(sample, LeftOut))


def mean_squares(ratings: Ratings, estimator: Estimator, groups: int | None) -> MeanSquares | Skipped:
    """Compute the mean squares over all ratings, and with each unit (or cluster) and with each rater left out.

    `groups` pools units and raters into at most so many. Skipped below three units or clusters; below three
    raters only `raters` is.
    """
    of_units, of_raters = _of_units(ratings, estimator), _of_raters(ratings, estimator)
    of = "units" if ratings.clusters is None else "clusters"
    units = leave_out(of_units, ratings.n_units, of=of, clusters=ratings.clusters, groups=groups)
    if isinstance(units, Skipped):
        return units
    raters = leave_out(of_raters, ratings.n_raters, of="raters", groups=groups)
    observed = np.empty(5)
    observed[MOVE_WITH_UNITS] = units.observed
    observed[MOVE_WITH_RATERS] = of_raters(np.ones((1, ratings.n_raters)))[0]
    n0 = one_way(SumsOfSquares(ratings).of(np.ones((1, ratings.n_units))))[0, 1]
    return MeanSquares(
        _floored(observed),
        _residual_in("unit", ratings),
        _residual_in("rater", ratings),
        1 / float(n0),
        _placed(units, MOVE_WITH_UNITS, observed),
        raters if isinstance(raters, Skipped) else _placed(raters, MOVE_WITH_RATERS, observed),
    )


def _of_units(ratings: Ratings, estimator: Estimator) -> Quantities:
    """Weights of units to the mean squares that move with them: (B, 3)."""
    sums, variances, parts = SumsOfSquares(ratings), estimator(ratings, "unit"), connected_parts(ratings)

    def squares(weights: FloatArray) -> FloatArray:
        q, (unit, residual) = sums.of(weights), variances(weights).T
        return np.column_stack([unit + (q.units - parts) / (q.n - q.raters) * residual, residual, one_way(q)[:, 0]])

    return squares


def _of_raters(ratings: Ratings, estimator: Estimator) -> Quantities:
    """Weights of raters to the mean squares that move with them: (B, 2)."""
    # Transposed, the table's units are raters: within its raters is within units.
    sums, variances, parts = SumsOfSquares(transposed(ratings)), estimator(ratings, "rater"), connected_parts(ratings)

    def squares(weights: FloatArray) -> FloatArray:
        q, (rater, residual) = sums.of(weights), variances(weights).T
        within_units = (q.total - q.of_raters) / (q.n - q.raters)
        return np.column_stack([rater + (q.units - parts) / (q.n - q.raters) * residual, within_units])

    return squares


def _residual_in(factor: Factor, ratings: Ratings) -> float:
    levels, others = ratings.n_units, ratings.n_raters
    if factor == "rater":
        levels, others = others, levels
    return (levels - connected_parts(ratings)) / (ratings.n - others)


def _placed(sample: LeftOut, columns: list[int], observed: FloatArray) -> LeftOut:
    """Fill the columns that do not move with a sample with what was observed."""
    left_out = np.tile(observed, (len(sample.left_out), 1))
    left_out[:, columns] = sample.left_out
    return LeftOut(_floored(observed), _floored(left_out), sample.clusters, sample.of)


def _floored(squares: FloatArray) -> FloatArray:
    total = squares[..., : RESIDUAL + 1].sum(axis=-1, keepdims=True)
    return np.where(np.abs(squares) < ROUNDING * total, 0.0, squares)
