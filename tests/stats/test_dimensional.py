"""Errors, means and spreads on a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from stats.tolerances import TOLERANCE
from vlmrate.stats import Bootstrap, bootstrap_rows, mae, mean_sd, rmse

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

RNG = np.random.default_rng(6)
HUMAN = RNG.uniform(1, 9, 50)
MODEL = np.clip(np.round(HUMAN + RNG.normal(0.5, 1, 50)), 1, 9)
IDENTITIES = np.arange(50) // 2
few_ratings = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=2, max_size=20)


def test_errors_are_sklearns(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """MAE and RMSE equal scikit-learn's."""
    assert estimated(mae(MODEL, HUMAN)).value == pytest.approx(
        metrics.mean_absolute_error(HUMAN, MODEL), rel=tolerance.reference
    )
    assert estimated(rmse(MODEL, HUMAN)).value == pytest.approx(
        metrics.root_mean_squared_error(HUMAN, MODEL), rel=tolerance.reference
    )


def test_clustered_interval_is_the_plain_one(estimated: Callable[[object], Estimate]) -> None:
    """The RMSE's interval is that of computing it afresh in every clustered resample."""
    few = Bootstrap(resamples=80)
    fast = estimated(rmse(MODEL, HUMAN, clusters=IDENTITIES, bootstrap=few))
    plain = estimated(
        bootstrap_rows(
            lambda rows: float(np.sqrt(np.mean((MODEL[rows] - HUMAN[rows]) ** 2))),
            50,
            name="rmse",
            clusters=IDENTITIES,
            bootstrap=few,
        )
    )
    assert (fast.ci_low, fast.ci_high) == pytest.approx((plain.ci_low, plain.ci_high), rel=TOLERANCE.same_algorithm)


@settings(deadline=None)
@given(few_ratings, st.integers(-50, 50))
def test_errors_are_symmetric_and_ignore_a_common_shift(rows: list[tuple[int, int]], shift: int) -> None:
    """Swapping the raters or moving both leaves the errors; MAE never exceeds RMSE."""
    model, human = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    few = Bootstrap(resamples=5)
    error = mae(model, human, bootstrap=few)
    assert error == mae(human, model, bootstrap=few)
    moved = mae(model + shift, human + shift, bootstrap=few)
    assert error.value == pytest.approx(moved.value)  # type: ignore[union-attr]
    root = rmse(model, human, bootstrap=few)
    assert error.value <= root.value + 1e-12  # type: ignore[union-attr]


def test_moments_are_numpys(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """Mean and SD (n - 1) equal numpy's, also far from 0, and missing values are left out."""
    far = np.append(HUMAN + 1e6, np.nan)
    told = mean_sd(far)
    assert estimated(told.mean).value == pytest.approx(np.nanmean(far), rel=tolerance.reference)
    assert estimated(told.sd).value == pytest.approx(np.nanstd(far, ddof=1), rel=TOLERANCE.invariant)
    assert estimated(told.sd).n == 50


def test_constant_ratings_have_an_sd_of_exactly_0(estimated: Callable[[object], Estimate]) -> None:
    """A rater who always answers 0.1 + 0.2 has SD 0, not the rounding of a difference of squares."""
    sd = estimated(mean_sd([0.1 + 0.2] * 7).sd)
    assert (sd.value, sd.ci_low, sd.ci_high) == (0, 0, 0)
    assert "no width" in sd.method


def test_too_few_are_skipped(skipped: Callable[[object], str]) -> None:
    """No image, one value, or values of one identity have no interval."""
    skipped(mae([], []))
    assert "rated by both" in skipped(rmse([1, np.nan], [np.nan, 2]))
    skipped(mean_sd([3]).sd)
    assert "two clusters" in skipped(mean_sd([3, 4], clusters=["a", "a"]).mean)
