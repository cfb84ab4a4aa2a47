"""What a statistic hands back: an estimate with its interval, a test's result, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

NO_ERROR = 1e-10
"""A standard error below this is rounding and taken for 0."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, how sure one can be of it, and how both were computed.

    >>> Estimate(value=0.725, ci_low=0.701, ci_high=0.748, level=0.95, n=1440, method="accuracy, Wilson")
    Estimate(value=0.725, ci_low=0.701, ci_high=0.748, level=0.95, n=1440, method='accuracy, Wilson')
    """

    value: float
    """The statistic on the data as they are."""
    ci_low: float
    """Lower end of the confidence interval, in the statistic's own unit."""
    ci_high: float
    """Upper end of the confidence interval."""
    level: float
    """Confidence level of the interval, in (0, 1)."""
    n: int
    """Units (images, pairs, ratings) the value rests on, after what is missing was left out."""
    method: str
    """The statistic and the way its interval was made, in words for a table's note."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test of a null hypothesis: statistic, p-value and, where the test has them, degrees of freedom."""

    __test__ = False  # the name begins with "Test": pytest would collect it

    statistic: float
    p_value: float
    """Two-sided unless `method` says otherwise, in [0, 1]."""
    df: float | None
    """Degrees of freedom; None for a rank test."""
    method: str
    n: int
    """Units tested, after what is missing was left out."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A statistic that these data do not define, and why.

    It stands in the place of the estimate, so that no table shows 0, 1 or NaN for something never computed.
    """

    reason: str


def without_width(name: str, value: float) -> Skipped:
    """Say why a value whose standard error is 0 gets no interval by formula: one of no width would claim certainty."""
    return Skipped(f"{name}: {value:.4g} with a standard error of 0, so that no interval can be had by formula")


Outcome: TypeAlias = Estimate | Skipped
TestOutcome: TypeAlias = TestResult | Skipped
