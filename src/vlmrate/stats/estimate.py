"""What a statistic hands back: an estimate with its interval, a test's result, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from vlmrate.stats._printed import shown, shown_p

NO_ERROR = 1e-10
"""A standard error below this share of the values that it is computed from is rounding and taken for 0."""
UNSAID_LEVEL = 0.95
"""The confidence level that a printed estimate does not name."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, how sure one can be of it, and how both were computed.

    >>> accuracy = Estimate(value=0.725, ci_low=0.701, ci_high=0.748, level=0.95, n=1440, method="accuracy, Wilson")
    >>> accuracy
    Estimate(value=0.725, ci_low=0.701, ci_high=0.748, level=0.95, n=1440, method='accuracy, Wilson')
    >>> print(accuracy)
    0.725 [0.701, 0.748], n = 1,440; accuracy, Wilson
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

    def __str__(self) -> str:
        level = "" if self.level == UNSAID_LEVEL else f" ({100 * self.level:g} %)"
        return (
            f"{shown(self.value)} [{shown(self.ci_low)}, {shown(self.ci_high)}]{level}, n = {self.n:,}; {self.method}"
        )


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

    def __str__(self) -> str:
        df = "" if self.df is None else f", df = {self.df:.6g}"
        return f"statistic {shown(self.statistic)}{df}, {shown_p(self.p_value)}, n = {self.n:,}; {self.method}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A statistic that these data do not define, and why.

    It stands in the place of the estimate, so that no table shows 0, 1 or NaN for something never computed.
    """

    reason: str

    def __str__(self) -> str:
        return f"skipped: {self.reason}"


def without_width(name: str, value: float) -> Skipped:
    """Say why a value whose standard error is 0 gets no interval by formula: one of no width would claim certainty."""
    return Skipped(f"{name}: {value:.4g} with a standard error of 0, so that no interval can be had by formula")


Outcome: TypeAlias = Estimate | Skipped
TestOutcome: TypeAlias = TestResult | Skipped
