"""TOST: statsmodels' values paired and clustered, what the interval says, and what moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import ttost_paired

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Equivalence, tost

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate


def done(told: object) -> Equivalence:
    """Unwrap the result."""
    assert isinstance(told, Equivalence), told
    return told


@pytest.mark.parametrize("margin", [0.3, (-0.1, 0.6)])
def test_paired_is_statsmodels(margin: float | tuple[float, float], tolerance: Tolerances) -> None:
    """Both one-sided tests and the p-value of ttost_paired."""
    rng = np.random.default_rng(0)
    human = rng.normal(5, 1, 80)
    model = human + rng.normal(0.15, 0.6, 80)
    low, high = (-margin, margin) if isinstance(margin, float) else margin
    p, above, below = ttost_paired(model, human, low, high)
    told = done(tost(model, human, margin))
    assert told.p_value == pytest.approx(p, rel=tolerance.reference)
    assert [told.above_low.statistic, told.above_low.p_value] == pytest.approx(above[:2], rel=tolerance.reference)
    assert [-told.below_high.statistic, told.below_high.p_value] == pytest.approx(below[:2], rel=tolerance.reference)


def test_clustered_has_statsmodels_robust_error(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """The standard error of an intercept-only OLS with cluster-robust covariance; t over the clusters."""
    rng = np.random.default_rng(1)
    identity = np.repeat(range(20), 6)
    d = rng.normal(0, 0.5, 20)[identity] + rng.normal(0.1, 0.5, 120)
    fit = sm.OLS(d, np.ones(120)).fit(cov_type="cluster", cov_kwds={"groups": identity}, use_t=True)
    told = done(tost(d, np.zeros(120), 0.5, clusters=identity))
    interval = estimated(told.difference)
    # statsmodels scales by G / (G - 1) x (N - 1) / (N - K), which for an intercept alone is G / (G - 1).
    low, high = np.ravel(fit.conf_int(alpha=0.1))
    assert [interval.ci_low, interval.ci_high] == pytest.approx([low, high], rel=tolerance.reference)
    assert told.above_low.df == 19
    plain = estimated(done(tost(d, np.zeros(120), 0.5)).difference)
    assert plain.ci_high - plain.ci_low < interval.ci_high - interval.ci_low


def test_single_images_as_clusters_change_nothing(
    estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """The clustered form is the plain one where every cluster is one image."""
    rng = np.random.default_rng(2)
    model, human = rng.normal(5, 1, 30), rng.normal(5, 1, 30)
    plain, clustered = done(tost(model, human, 1)), done(tost(model, human, 1, clusters=list(range(30))))
    assert clustered.p_value == pytest.approx(plain.p_value, rel=tolerance.reference)
    assert estimated(clustered.difference).ci_low == pytest.approx(
        estimated(plain.difference).ci_low, rel=TOLERANCE.reference
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(-2, 2), min_size=3, max_size=20).filter(lambda x: max(x) - min(x) > 0.01),
    st.floats(0.05, 2),
    st.floats(0.1, 10),
)
def test_interval_within_margin_is_the_verdict(d: list[float], margin: float, scale: float) -> None:
    """Equivalent exactly where the 90 % interval lies within the margin; a common scale and a swap leave p."""
    told = done(tost(d, [0.0] * len(d), margin))
    assert told.p_value == max(told.above_low.p_value, told.below_high.p_value)
    interval = told.difference
    inside = -margin <= interval.ci_low and interval.ci_high <= margin  # type: ignore[union-attr]
    if abs(told.p_value - 0.05) > 1e-6:
        assert told.equivalent is inside
    scaled = done(tost([scale * x for x in d], [0.0] * len(d), scale * margin))
    turned = done(tost([0.0] * len(d), d, margin))
    assert [scaled.p_value, turned.p_value] == pytest.approx([told.p_value] * 2, rel=1e-6, abs=1e-12)


@pytest.mark.slow
def test_it_errs_no_more_often_than_alpha() -> None:
    """A bias exactly at the margin is called equivalent in some 5 of 100 studies, and in no more."""
    rng = np.random.default_rng(3)
    called = sum(done(tost(rng.normal(0.3, 0.6, 60), np.zeros(60), 0.3)).equivalent for _ in range(2000))
    assert 70 <= called <= 130


def test_what_cannot_be_tested(skipped: Callable[[object], str]) -> None:
    """One image, constant differences, one cluster, clusters that cancel: Skipped; a margin turned round: refused."""
    assert "two images" in skipped(tost([1], [2], 1))
    assert "no variance" in skipped(tost([1, 2], [2, 3], 1))
    assert "two clusters" in skipped(tost([1, 2, 4], [1, 1, 1], 1, clusters=["a"] * 3))
    assert "cancel" in skipped(tost([1, -1, 1, -1], [0, 0, 0, 0], 1, clusters=list("aabb")))
    for margin, alpha in ((-1, 0.05), ((1, 1), 0.05), (float("nan"), 0.05), (1, 0.5)):
        with pytest.raises(AnalysisError):
            tost([1, 2, 4], [1, 1, 1], margin, alpha=alpha)
