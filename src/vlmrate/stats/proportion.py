"""The interval of a single proportion that also holds at 0 and 1."""

from __future__ import annotations

import math

from scipy.special import ndtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import is_number, require_level
from vlmrate.stats.estimate import Estimate, Outcome, Skipped


def wilson(successes: int, n: int, level: float = 0.95, *, name: str = "proportion") -> Outcome:
    """Return successes / n with Wilson's score interval, in [0, 1].

    (p + z²/2n ± z sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n), Wilson 1927, JASA 22, 209-212. It takes the n
    trials for independent. Skipped where n is 0.

    >>> fear = wilson(240, 240)
    >>> fear.value, round(fear.ci_low, 4), fear.ci_high
    (1.0, 0.9842, 1.0)
    """
    require_level(level)
    if not (is_number(successes) and is_number(n) and 0 <= successes <= n < math.inf):
        raise AnalysisError(f"{name}: {successes} of {n} is no proportion.")
    if n == 0:
        return Skipped(f"{name}: nothing to take a proportion of")
    z, p = float(ndtri((1 + level) / 2)), successes / n
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
    return Estimate(p, low if successes else 0.0, high if successes < n else 1.0, level, n, f"{name}; Wilson")
