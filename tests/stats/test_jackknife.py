"""The jackknife on the log scale: one sample, two samples, groups, and what it cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import t

from vlmrate.errors import AnalysisError
from vlmrate.stats import Skipped
from vlmrate.stats.jackknife import LeftOut, leave_out, log_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mean(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean of the squares 1, 4, 9 and so on: (B, 1)."""
    values = np.arange(1.0, weights.shape[1] + 1)[:, None] ** 2
    return np.asarray(weights @ values / weights.sum(axis=1, keepdims=True))


def variance_of_logs(left_out: NDArray[np.float64]) -> float:
    """The jackknife variance of the logarithm."""
    logs, k = np.log(left_out), len(left_out)
    return float((k - 1) / k * ((logs - logs.mean()) ** 2).sum())


def test_every_cluster_is_left_out_whole_and_once() -> None:
    """Three clusters of two: three values, each the mean of the four others."""
    told = leave_out(mean, 6, of="identities", clusters=list("aabbcc"))
    assert isinstance(told, LeftOut)
    assert told.observed[0] == pytest.approx(91 / 6)
    np.testing.assert_allclose(told.left_out[:, 0], [86 / 4, 66 / 4, 30 / 4])
    assert told.words == "3 identities"


def test_two_samples_add_their_variances_and_share_degrees_of_freedom() -> None:
    """A quotient of two means drawn apart: se² is the sum, df Satterthwaite's, between the samples' own."""
    first, second = leave_out(mean, 5, of="images"), leave_out(mean, 9, of="raters")
    assert isinstance(first, LeftOut)
    assert isinstance(second, LeftOut)
    observed = np.concatenate([first.observed, second.observed])
    samples = [
        LeftOut(observed, np.column_stack([first.left_out[:, 0], np.full(5, observed[1])]), 5, "images"),
        LeftOut(observed, np.column_stack([np.full(9, observed[0]), second.left_out[:, 0]]), 9, "raters"),
    ]
    told = log_limits(lambda q: q[:, 0] / q[:, 1], samples, name="quotient", level=0.9)
    v, w = variance_of_logs(first.left_out[:, 0]), variance_of_logs(second.left_out[:, 0])
    df = (v + w) ** 2 / (v**2 / 4 + w**2 / 8)
    assert 4 < df < 12
    half, value = t.ppf(0.95, df) * np.sqrt(v + w), observed[0] / observed[1]
    assert told == pytest.approx((value, value * np.exp(-half), value * np.exp(half)))


def test_a_value_without_a_logarithm_is_skipped_unless_nothing_moves_it() -> None:
    """0 whoever is left out is 0 without width; 0 with only some left out has no limits."""
    still = LeftOut(np.zeros(1), np.zeros((4, 1)), 4, "images")
    assert log_limits(lambda q: q[:, 0], [still], name="variance", level=0.95) == (0.0, 0.0, 0.0)
    moved = LeftOut(np.ones(1), np.array([[1.0], [0.0], [2.0], [1.0]]), 4, "images")
    told = log_limits(lambda q: q[:, 0], [moved], name="variance", level=0.95)
    assert told == Skipped("variance is not defined with one of 4 images left out, 1 of 4 times")
    gone = LeftOut(np.zeros(1), np.array([[1.0], [0.0], [2.0], [1.0]]), 4, "images")
    told = log_limits(lambda q: q[:, 0], [gone], name="variance", level=0.95)
    assert told == Skipped("variance is 0 for these data, but not with some left out")


def test_few_clusters_and_few_groups() -> None:
    """Two raters cannot be left out in turn, and two groups are a mistake."""
    assert leave_out(mean, 2, of="raters") == Skipped("a jackknife needs three raters to leave out, there are 2")
    with pytest.raises(AnalysisError, match="whole number of 3 or more"):
        leave_out(mean, 9, of="raters", groups=2)


def test_limits_that_bound_nothing_are_skipped() -> None:
    """A factor above a million says nothing, and e to a thousand is beyond all numbers."""
    for size in (8.0, 300.0):
        wild = LeftOut(np.ones(1), np.exp([[-size], [0.0], [size]]), 3, "raters")
        told = log_limits(lambda q: q[:, 0], [wild], name="variance", level=0.95)
        reason = "3 raters are too few to bound variance: a limit lies more than 1,000,000 times away"
        assert told == Skipped(reason)
