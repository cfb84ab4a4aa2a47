"""A finding: one plain sentence, the estimate it rests on, how much it matters, and where to look it up.

No finding stands without an interval, and none comes from a p-value alone: a difference is a finding where its interval
leaves out no difference and, where it was one of many tests, its corrected p-value agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from vlmrate.apa import bounded, decimal
from vlmrate.stats import Adjusted, Estimate, Skipped, TestResult

Severity: TypeAlias = Literal["large", "moderate", "small", "note"]
SEVERITIES: tuple[Severity, ...] = ("large", "moderate", "small", "note")
"""In the order in which findings are told; a note says how things stand, whether good or bad."""
About: TypeAlias = Literal[
    "agreement", "label", "overall bias", "bias", "groups", "group accuracy", "spread", "decoding", "replacement", "run"
]
ALPHA = 0.05

LARGE_SHARE_OF_RANGE = 1 / 8
MODERATE_SHARE_OF_RANGE = 1 / 16
"""A difference of one point on a scale from 1 to 9 is large, half a point moderate: the margin of equivalence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one rater on one item (empty where it is of the whole run).

    `test` is the test that goes with it, `adjusted` the same after correction; None where there is none. `rests_on` is
    the kind of table of the report that it rests on (its id is this word with the item's name, if it is of one item).
    """

    rater: str
    item: str
    about: About
    severity: Severity
    sentence: str
    evidence: Estimate
    test: TestResult | None
    adjusted: Adjusted | None
    rests_on: str


def in_points(estimate: Estimate) -> str:
    """The interval of a number in scale points, or of a ratio.

    >>> in_points(Estimate(-1.99, -2.104, -1.871, 0.95, 240, ""))
    '95 % CI −2.10 to −1.87'
    """
    return f"{_level(estimate)} {decimal(estimate.ci_low, 2)} to {decimal(estimate.ci_high, 2)}"


def in_bounds(estimate: Estimate) -> str:
    """The interval of a number that cannot exceed 1.

    >>> in_bounds(Estimate(0.891, 0.88, 0.9012, 0.95, 240, ""))
    '95 % CI .880 to .901'
    """
    return f"{_level(estimate)} {bounded(estimate.ci_low)} to {bounded(estimate.ci_high)}"


def in_per_cent(estimate: Estimate) -> str:
    """The interval of a share.

    >>> in_per_cent(Estimate(0.725, 0.7012, 0.748, 0.95, 1440, ""))
    '95 % CI 70.1 to 74.8 %'
    """
    return f"{_level(estimate)} {100 * estimate.ci_low:.1f} to {100 * estimate.ci_high:.1f} %"


def per_cent(value: float) -> str:
    """A share as per cent."""
    return f"{100 * value:.1f} %"


def leaves_out(estimate: Estimate, value: float) -> bool:
    """Whether a value lies outside the interval."""
    return not estimate.ci_low <= value <= estimate.ci_high


def holds(adjusted: Adjusted | Skipped) -> bool:
    """Whether a difference that was one of many tests stays one after correction."""
    return isinstance(adjusted, Adjusted) and adjusted.p_adjusted <= ALPHA


def of_range(points: float, low: int, high: int) -> Severity:
    """How much a difference in scale points matters on a scale from `low` to `high`.

    >>> of_range(-1.99, 1, 9), of_range(0.6, 1, 9), of_range(0.2, 1, 9)
    ('large', 'moderate', 'small')
    """
    share = abs(points) / (high - low)
    if share >= LARGE_SHARE_OF_RANGE:
        return "large"
    return "moderate" if share >= MODERATE_SHARE_OF_RANGE else "small"


def _level(estimate: Estimate) -> str:
    return f"{100 * estimate.level:g} % CI"
