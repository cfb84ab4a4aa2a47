"""The ratio of two groups' accuracies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, as_codes, as_floats, as_names, require_aligned, require_level
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums
from vlmrate.stats.estimate import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray


def accuracy_ratio(correct: Column, groups: Column, group: Any, reference: Any, *, level: float = 0.95) -> Outcome:
    """Return accuracy(group) / accuracy(reference) with Katz's log interval, which takes images for independent.

    `correct` is 1 or True for each image answered rightly, else 0 or False. ln ratio ± z sqrt((1 - p1) / x1 +
    (1 - p2) / x2), x the number right and p the share: Katz, Baptista, Azen & Pike 1978, Biometrics 34, 469-474.
    Skipped: a group without a right answer, and two groups that are wholly right, where the interval would have no
    width. `AnalysisError`: a group that is not among `groups`, or that is compared with itself.

    >>> ratio = accuracy_ratio([1] * 49 + [0] * 31 + [1] * 18 + [0] * 62, ["B"] * 80 + ["K"] * 80, "B", "K")
    >>> round(ratio.value, 4), round(ratio.ci_low, 4), round(ratio.ci_high, 4)
    (2.7222, 1.7489, 4.2372)
    """
    require_level(level)
    right, inside, outside = _sides(correct, groups, group, reference, None)
    if (reason := _undefined(right, inside, outside, group, reference)) is not None:
        return reason
    (x1, n1), (x2, n2) = ((int(right[where].sum()), int(where.sum())) for where in (inside, outside))
    ratio = (x1 / n1) / (x2 / n2)
    half = float(ndtri((1 + level) / 2)) * math.sqrt((1 - x1 / n1) / x1 + (1 - x2 / n2) / x2)
    method = f"ratio of accuracies, {x1}/{n1} over {x2}/{n2}; Katz log"
    return Estimate(ratio, ratio * math.exp(-half), ratio * math.exp(half), level, n1 + n2, method)


def accuracy_ratio_bootstrap(
    correct: Column,
    groups: Column,
    group: Any,
    reference: Any,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return the same ratio with a bootstrap interval over clusters; Skipped as `accuracy_ratio`."""
    right, inside, outside = _sides(correct, groups, group, reference, clusters)
    if (reason := _undefined(right, inside, outside, group, reference)) is not None:
        return reason
    kept = inside | outside
    sums = np.column_stack([inside, inside & right, outside, outside & right]).astype(np.float64)[kept]
    return bootstrap_sums(
        sums,
        _ratio,
        name=f"ratio of accuracies, {group} over {reference}",
        clusters=None if clusters is None else as_names(clusters)[kept],
        bootstrap=bootstrap,
    )


def _ratio(t: FloatArray) -> FloatArray:
    of_reference = t[:, 3] / t[:, 2]
    return np.where(of_reference > 0, t[:, 1] / t[:, 0] / of_reference, np.nan)


def _sides(
    correct: Column, groups: Column, group: Any, reference: Any, clusters: Column | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    require_aligned(correct=correct, groups=groups, clusters=clusters)
    numbers = as_floats(correct, "correct")
    if not np.isin(numbers, [0.0, 1.0]).all():
        raise AnalysisError("correct must be 1 or 0 for every image: an invalid answer is 0.")
    if group == reference:
        raise AnalysisError(f"The group {group} is compared with itself: name another reference.")
    codes, names = as_codes(groups, "groups")
    for name in (group, reference):
        if name not in names:
            raise AnalysisError(f"No image belongs to the group {name}; there are {', '.join(map(str, names))}.")
    return numbers == 1, codes == names.index(group), codes == names.index(reference)


def _undefined(
    right: NDArray[np.bool_], inside: NDArray[np.bool_], outside: NDArray[np.bool_], group: Any, reference: Any
) -> Skipped | None:
    for name, where in ((group, inside), (reference, outside)):
        if not right[where].any():
            return Skipped(f"no answer is right in {name}: the ratio of accuracies has no interval")
    if right[inside].all() and right[outside].all():
        return Skipped(f"every answer is right in {group} and {reference}: the interval would have no width")
    return None
