"""What print shows of a result."""

from __future__ import annotations

import numpy as np
import pytest

from vlmrate.stats import Estimate, Skipped, TestResult


def test_an_estimate_is_a_line() -> None:
    """Value, interval, n and method; the level where it is not the usual one; numpy's numbers look like others."""
    accuracy = Estimate(np.float64(0.7619), 0.6208, 0.8549, 0.95, np.int64(1440), "accuracy, Wilson")  # type: ignore[arg-type]
    assert str(accuracy) == "0.762 [0.621, 0.855], n = 1,440; accuracy, Wilson"
    wide = Estimate(-0.5, -1.25, 0.00042, 0.9, 40, "mean")
    assert f"{wide}" == "-0.500 [-1.250, 0.00042] (90 %), n = 40; mean"


@pytest.mark.parametrize(
    ("p", "df", "shown"),
    [
        (0.04, 39.0, "statistic 2.100, df = 39, p = 0.040, n = 40; t"),
        (1e-9, None, "statistic 2.100, p < 0.001, n = 40; t"),
    ],
)
def test_a_test_is_a_line(p: float, df: float | None, shown: str) -> None:
    """Statistic, df where there are any, p, n and method."""
    assert str(TestResult(2.1, p, df, "t", 40)) == shown


def test_what_was_skipped_says_so() -> None:
    """A reason alone would read like a result."""
    assert str(Skipped("no image")) == "skipped: no image"
