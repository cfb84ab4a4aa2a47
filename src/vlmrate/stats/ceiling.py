"""What can be expected at best: reliability of more raters, and the ceiling it sets for a correlation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, overload

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import is_number, require_raters, require_share
from vlmrate.stats._printed import shown
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
    require_raters(k)
    if isinstance(reliability, Skipped):
        return reliability
    if not isinstance(reliability, Estimate):
        return _step(reliability, k)
    ends = (reliability.value, reliability.ci_low, reliability.ci_high)
    if min(1 + (k - 1) * end for end in ends) <= 0:
        return Skipped(f"a reliability whose interval begins at {min(ends):.3g} cannot be stepped by {k:.4g}")
    return _mapped(reliability, lambda r: _step(r, k), f"Spearman-Brown, {k:.4g} times the raters")


@overload
def raters_needed(reliability: float, target: float) -> float: ...
@overload
def raters_needed(reliability: Outcome, target: float) -> Outcome: ...
def raters_needed(reliability: float | Outcome, target: float) -> float | Outcome:
    """Return how many times the raters lift the reliability to the target, target (1 - r) / (r (1 - target)).

    Round up for a number of raters. Both lie between 0 and 1, 0 and 1 excluded: `AnalysisError`. Of an estimate, with
    its interval: the higher the reliability, the fewer raters, so the upper end of one makes the lower end of the
    other. An estimate whose interval does not lie above 0 is Skipped: no number of raters is sure to do.

    >>> round(raters_needed(0.125, 0.8), 6)
    28.0
    >>> print(raters_needed(Estimate(0.5, 0.4, 0.6, 0.95, 100, "ICC(A,1)"), 0.8))
    4.000 [2.667, 6.000], n = 100; ICC(A,1); times the raters for a reliability of 0.8
    """
    require_share(target, "The reliability to reach")
    if isinstance(reliability, Skipped):
        return reliability
    if not isinstance(reliability, Estimate):
        require_share(reliability, "The reliability to start from")
        return _times(reliability, target)
    if not (reliability.ci_low > 0 and max(reliability.value, reliability.ci_high) <= 1):
        ends = f"[{shown(reliability.ci_low)}, {shown(reliability.ci_high)}]"
        return Skipped(f"a reliability whose interval is {ends} tells no number of raters: it must lie above 0")
    name = f"times the raters for a reliability of {target:g}"
    few_last = _mapped(reliability, lambda r: _times(r, target), name)
    return replace(few_last, ci_low=few_last.ci_high, ci_high=few_last.ci_low)


@overload
def ceiling_r(reliability: float) -> float: ...
@overload
def ceiling_r(reliability: Outcome) -> Outcome: ...
def ceiling_r(reliability: float | Outcome) -> float | Outcome:
    """Return the highest r to be expected of a rater without error against ratings of this reliability, its root.

    Take the reliability of the ratings correlated with: for people's means that of the mean of k. r between
    true values is r observed over the root of the reliabilities' product (Spearman 1904, American Journal of
    Psychology 15, 72-101), and at most 1. A lower limit below 0 counts as 0. Skipped where the reliability is
    not above 0. Of a number, which lies above 0 and at most at 1 (`AnalysisError`), the number alone.

    >>> mean_of_50 = Estimate(0.978, 0.97, 0.985, 0.95, 1440, "reliability")
    >>> best = ceiling_r(mean_of_50)
    >>> round(best.value, 4), round(best.ci_low, 4), round(best.ci_high, 4)
    (0.9889, 0.9849, 0.9925)
    >>> ceiling_r(0.81)
    0.9
    """
    if isinstance(reliability, Skipped):
        return reliability
    if not isinstance(reliability, Estimate):
        if not (is_number(reliability) and 0 < reliability <= 1):
            raise AnalysisError(f"A reliability that sets a ceiling is above 0 and at most 1, not {reliability}.")
        return math.sqrt(reliability)
    if reliability.value <= 0:
        return Skipped(f"a reliability of {reliability.value:.3g} sets no ceiling: there is nothing to agree with")
    return _mapped(reliability, lambda r: math.sqrt(max(0.0, r)), "ceiling for r, the root of it")


def share_of_ceiling(r: Outcome, ceiling: Outcome) -> Outcome:
    """Return r over its ceiling, with limits recovered from those of both (MOVER-R), taken for independent.

    Donner & Zou 2012, Statistical Methods in Medical Research 21, 347-359: the limits R solve (r - R c)^2 =
    (r - l)^2 + R^2 (c - m)^2 with l the limit of r and m that of the ceiling c that pushes R outwards. Above 1 it is
    where r lies above the ceiling by chance. Skipped where either is, and where the ceiling may be 0.

    >>> r, best = Estimate(0.45, 0.3, 0.57, 0.95, 144, "r"), Estimate(0.9, 0.88, 0.92, 0.95, 144, "ceiling")
    >>> share = share_of_ceiling(r, best)
    >>> round(share.value, 4), round(share.ci_low, 4), round(share.ci_high, 4)
    (0.5, 0.3332, 0.6341)
    """
    if isinstance(r, Skipped):
        return r
    if isinstance(ceiling, Skipped):
        return ceiling
    if ceiling.ci_low <= 0:
        return Skipped("the ceiling is not told from 0, so that a share of it has no limit")
    low, high = (_limit(r, ceiling, end, sign) for end, sign in ((r.ci_low, -1), (r.ci_high, 1)))
    method = f"share of the ceiling, limits recovered from both: {r.method}; {ceiling.method}"
    return Estimate(r.value / ceiling.value, low, high, r.level, r.n, method)


def _limit(r: Estimate, ceiling: Estimate, end: float, sign: int) -> float:
    """One limit of a ratio: an upper one above 0 or a lower one below it lies further out under a lower ceiling."""
    outwards = ceiling.ci_low if sign * end >= 0 else ceiling.ci_high
    a, b = outwards * (2 * ceiling.value - outwards), r.value * ceiling.value
    k = end * (2 * r.value - end)
    root = sign * math.sqrt(max(0.0, b * b - a * k))
    # The same root of a R^2 - 2 b R + k; a is 0 where the ceiling's upper limit is twice its value.
    return (b + root) / a if sign * b >= 0 else k / (b - root)


def _times(reliability: float, target: float) -> float:
    return target * (1 - reliability) / (reliability * (1 - target))


def _step(reliability: float, k: float) -> float:
    base = 1 + (k - 1) * reliability if is_number(reliability) else math.nan
    if not (base > 0 and reliability <= 1):
        raise AnalysisError(f"A reliability of {reliability} has no Spearman-Brown step by {k}.")
    return k * reliability / base


def _mapped(estimate: Estimate, step: Callable[[float], float], name: str) -> Estimate:
    value, low, high = step(estimate.value), step(estimate.ci_low), step(estimate.ci_high)
    return Estimate(value, low, high, estimate.level, estimate.n, f"{estimate.method}; {name}")
