"""How well one person predicts the others: each rater against the mean of all the others, left out in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.stats._long import Ratings, code_ratings, too_few
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from vlmrate.stats._arrays import Column, FloatArray

NO_VARIANCE = 1e-12
"""A sum of squares below this share of all ratings' is rounding and taken for 0."""
LEAST_UNITS = 3
"""Units a rater must share with others: two leave only r = -1 or 1."""


@dataclass(frozen=True, slots=True)
class LeftOutRater:
    """One rater against the mean of all the others on the units they share."""

    rater: Any
    n: int
    """Units rated by this rater and someone else."""
    r: float | None
    """Pearson's r; None below three units, and where either side has no variance."""
    mae: float | None
    """Mean absolute difference in scale points; None without a shared unit."""


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """Every rater left out in turn, and their means: what one person reaches against people."""

    n_units: int
    r: Outcome
    """Mean r over the raters that have one; each rater counts once, raters are resampled."""
    mae: Outcome
    raters: tuple[LeftOutRater, ...]
    """In ascending order of their names."""

    def __str__(self) -> str:
        return f"r: {self.r}\nMAE: {self.mae}\n{len(self.raters):,} raters, {self.n_units:,} units of two or more"


def leave_one_rater_out(
    units: Column, raters: Column, values: Column, *, bootstrap: Bootstrap = DEFAULT
) -> LeaveOneOut | Skipped:
    """Compare each rater with the mean of the others, unit by unit; long rows, cells may be missing.

    The mean of the others on unit i is (sum_i - y_ij) / (n_i - 1), so a unit that only one rater saw tells
    nothing. r and mean absolute error are what a model scored against the mean of people is to be held
    against: both meet nearly the same mean. The intervals resample raters, the units being these. Skipped
    below two raters, and where no unit has two ratings; the mean r where fewer than two raters have one.

    >>> judges = [9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    >>> told = leave_one_rater_out(np.repeat(range(6), 4), list("ABCD") * 6, judges)
    >>> round(told.r.value, 4), round(told.mae.value, 4)
    (0.8249, 2.6111)
    >>> [(str(one.rater), round(one.r, 3)) for one in told.raters]
    [('A', 0.806), ('B', 0.859), ('C', 0.844), ('D', 0.79)]
    """
    ratings = code_ratings(units, raters, values)
    if isinstance(ratings, Skipped):
        return ratings
    if (reason := too_few(ratings, units=1)) is not None:
        return reason
    n, r, mae, _ = against_others(ratings, ratings.value)
    if not n.any():
        return Skipped("no unit has two ratings to compare")
    told = tuple(
        LeftOutRater(name, int(n[j]), _or_none(r[j]), _or_none(mae[j])) for j, name in enumerate(ratings.rater_names)
    )
    shared = int((ratings.per_unit() >= 2).sum())
    r_name, mae_name = (
        "mean r of one rater with the mean of the others",
        "mean MAE of one rater to the mean of the others",
    )
    no_r = f"who have none (no variance, or fewer than {LEAST_UNITS} units)"
    return LeaveOneOut(
        shared, _mean(r, r_name, no_r, bootstrap), _mean(mae, mae_name, "who share no unit", bootstrap), told
    )


def against_others(ratings: Ratings, given: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return of every rater the shared units, and r, MAE and bias of `given` to the mean of the others; NaN where none.

    `given` has one value a rating: the rating itself, or what someone else said of the unit in that rater's place.
    """
    if not len(ratings.value):
        none = np.full(ratings.n_raters, np.nan)
        return np.zeros(ratings.n_raters), none, none, none
    origin = ratings.value.mean()
    centred = ratings.value - origin
    count, total = ratings.per_unit()[ratings.unit], ratings.per_unit(centred)[ratings.unit]
    shared = count >= 2
    rater, y = ratings.rater[shared], given[shared] - origin
    others = (total[shared] - centred[shared]) / (count[shared] - 1)

    def per_rater(weights: FloatArray | None = None) -> FloatArray:
        return np.bincount(rater, weights=weights, minlength=ratings.n_raters).astype(np.float64)

    n = per_rater()
    with np.errstate(divide="ignore", invalid="ignore"):
        mae, bias = per_rater(np.abs(y - others)) / n, per_rater(y - others) / n
        y, others = y - (per_rater(y) / n)[rater], others - (per_rater(others) / n)[rater]
        yy, oo, product = per_rater(y * y), per_rater(others * others), per_rater(y * others)
        floor = NO_VARIANCE * float((centred**2).sum())
        r = np.where((n >= LEAST_UNITS) & (np.minimum(yy, oo) > floor), product / np.sqrt(yy * oo), np.nan)
    return n, np.clip(r, -1.0, 1.0), mae, bias


def _or_none(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


def _mean(values: FloatArray, name: str, lost: str, bootstrap: Bootstrap) -> Outcome:
    there = values[np.isfinite(values)]
    if len(there) < 2:
        return Skipped(f"{name} needs two raters that have one, there are {len(there)} of {len(values)}")
    sums = np.column_stack([np.ones(len(there)), there])
    told = f"{name}, over raters"
    if len(there) < len(values):
        told += f" without {len(values) - len(there):,} of {len(values):,} {lost}"
    return bootstrap_sums(sums, lambda t: t[:, 1] / t[:, 0], name=told, bootstrap=bootstrap)
