"""How far a model's ratings on a scale lie from the people's, and how both are spread: MAE, RMSE, mean and SD.

`model` and `human` hold one value an image (for people usually the mean of their ratings); images with either
missing are left out, and the estimate's n counts those that stay. `clusters` names each image's identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats._arrays import Column, FloatArray, Pairs, as_floats, as_names, pairs, require_aligned
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums, resample_sums
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable


def mae(model: Column, human: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT) -> Outcome:
    """Return the mean absolute error, mean |model - human|, in scale points, 0 or more, with a bootstrap interval.

    >>> mae([1, 2, 4, 4], [2, 2, 3, 6]).value
    1.0
    """
    both = pairs(model, human, clusters=clusters)
    return _mean_of(np.abs(both.difference), both, lambda mean: mean, "mean absolute error", bootstrap)


def rmse(model: Column, human: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT) -> Outcome:
    """Return the root mean square error, sqrt(mean (model - human)²), in scale points, with a bootstrap interval.

    >>> round(rmse([1, 2, 4, 4], [2, 2, 3, 6]).value, 4)
    1.2247
    """
    both = pairs(model, human, clusters=clusters)
    return _mean_of(both.difference**2, both, np.sqrt, "root mean square error", bootstrap)


@dataclass(frozen=True, slots=True)
class MeanSd:
    """A mean and a standard deviation (n - 1 in the denominator), each with its interval, in the values' unit."""

    mean: Outcome
    sd: Outcome


def mean_sd(values: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT) -> MeanSd:
    """Return mean and SD of the values that are there, with bootstrap intervals from one draw.

    An SD of 0 is a value like any other (a rater who always answers the same); of a single value it is
    Skipped.

    >>> told = mean_sd([1, 2, 4, 4, 7])
    >>> told.mean.value, round(told.sd.value, 4)
    (3.6, 2.3022)
    """
    require_aligned(values=values, clusters=clusters)
    x = as_floats(values, "values")
    there = ~np.isnan(x)
    x, kept = x[there], None if clusters is None else as_names(clusters)[there]
    if len(x) < 2:
        few = Skipped(f"mean and SD with an interval need two values, there are {len(x)}")
        return MeanSd(few, few)
    # Sums about one of the values: exact for a constant, and safe from cancellation for the rest.
    origin = x[0]
    drawn = resample_sums(power_sums(x - origin), clusters=kept, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return MeanSd(drawn, drawn)
    return MeanSd(
        mean=drawn.estimate(lambda t: origin + t[:, 1] / t[:, 0], name="mean"),
        sd=drawn.estimate(lambda t: sd_of(t[:, 0], t[:, 1], t[:, 2]), name="standard deviation"),
    )


def power_sums(x: FloatArray) -> FloatArray:
    """Return each value's 1, x, x²: shape (n, 3)."""
    return np.column_stack([np.ones(len(x)), x, x * x])


def sd_of(n: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    """Return the SD (n - 1 in the denominator) from n, sum x and sum x²; NaN below two values."""
    variance = (squares - total**2 / n) / (n - 1)
    return np.where(n > 1, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _mean_of(
    losses: FloatArray, both: Pairs, link: Callable[[FloatArray], FloatArray], name: str, bootstrap: Bootstrap
) -> Outcome:
    if both.n == 0:
        return Skipped(f"{name} needs an image rated by both")
    sums = np.column_stack([np.ones(both.n), losses])
    return bootstrap_sums(
        sums, lambda t: link(t[:, 1] / t[:, 0]), name=name, clusters=both.clusters, bootstrap=bootstrap
    )
