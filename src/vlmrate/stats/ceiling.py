"""What can be expected at best: reliability of more raters, and the ceiling it sets for a correlation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, overload

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import is_number, require_share
from vlmrate.stats.estimate import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable


@overload
def spearman_brown(reliability: float, k: float) -> float: ...
@overload
def spearman_brown(reliability: Outcome, k: float) -> Outcome: ...
def spearman_brown(reliability: float | Outcome, k: float) -> float | Outcome:
    """Return the reliability of k times as many raters, k r / (1 + (k - 1) r); of an estimate, with its interval.

    k is 50 from one rater to the mean of fifty, 1/50 back to one. Spearman 1910, British Journal of Psychology
    3, 271-295; Brown 1910, British Journal of Psychology 3, 296-322. It takes the raters for exchangeable. The
    step is monotone, so the ends of the interval step with the value. Raises `AnalysisError` for k not above
    0 and for a reliability above 1. A number at or below -1 / (k - 1) has no step: an error for a number,
    Skipped for an estimate.

    >>> round(spearman_brown(0.471, 50), 4), round(spearman_brown(0.9780, 1 / 50), 3)
    (0.978, 0.471)
    """
    if not (is_number(k) and 0 < k < math.inf):
        raise AnalysisError(f"A number of raters lies above 0 and is finite, not {k}.")
    if isinstance(reliability, Skipped):
        return reliability
    if not isinstance(reliability, Estimate):
        return _step(reliability, k)
    ends = (reliability.value, reliability.ci_low, reliability.ci_high)
    if min(1 + (k - 1) * end for end in ends) <= 0:
        return Skipped(f"a reliability whose interval begins at {min(ends):.3g} cannot be stepped by {k:.4g}")
    return _mapped(reliability, lambda r: _step(r, k), f"Spearman-Brown, {k:.4g} times the raters")


def raters_needed(reliability: float, target: float) -> float:
    """Return how many times the raters lift the reliability to the target, target (1 - r) / (r (1 - target)).

    Round up for a number of raters. Both lie between 0 and 1, 0 and 1 excluded.

    >>> round(raters_needed(0.125, 0.8), 6)
    28.0
    """
    require_share(reliability, "The reliability to start from")
    require_share(target, "The reliability to reach")
    return target * (1 - reliability) / (reliability * (1 - target))


def ceiling_r(reliability: Outcome) -> Outcome:
    """Return the highest r to be expected of a rater without error against ratings of this reliability, its root.

    Take the reliability of the ratings correlated with: for people's means that of the mean of k. r between
    true values is r observed over the root of the reliabilities' product (Spearman 1904, American Journal of
    Psychology 15, 72-101), and at most 1. A lower limit below 0 counts as 0. Skipped where the reliability is
    not above 0.

    >>> mean_of_50 = Estimate(0.978, 0.97, 0.985, 0.95, 1440, "reliability")
    >>> best = ceiling_r(mean_of_50)
    >>> round(best.value, 4), round(best.ci_low, 4), round(best.ci_high, 4)
    (0.9889, 0.9849, 0.9925)
    """
    if isinstance(reliability, Skipped):
        return reliability
    if reliability.value <= 0:
        return Skipped(f"a reliability of {reliability.value:.3g} sets no ceiling: there is nothing to agree with")
    return _mapped(reliability, lambda r: math.sqrt(max(0.0, r)), "ceiling for r, the root of it")


def _step(reliability: float, k: float) -> float:
    base = 1 + (k - 1) * reliability if is_number(reliability) else math.nan
    if not (base > 0 and reliability <= 1):
        raise AnalysisError(f"A reliability of {reliability} has no Spearman-Brown step by {k}.")
    return k * reliability / base


def _mapped(estimate: Estimate, step: Callable[[float], float], name: str) -> Estimate:
    value, low, high = step(estimate.value), step(estimate.ci_low), step(estimate.ci_high)
    return Estimate(value, low, high, estimate.level, estimate.n, f"{estimate.method}; {name}")
