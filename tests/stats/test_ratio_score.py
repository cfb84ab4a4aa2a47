"""The ratio of accuracies by the score method: against its definition, R's chi-squared test, and simulated studies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import ndtri
from scipy.stats import chi2_contingency

from vlmrate.errors import AnalysisError
from vlmrate.stats import Estimate, Skipped, accuracy_ratio_score

TABLES = [(49, 80, 18, 80), (31, 40, 40, 40), (40, 40, 36, 40), (3, 25, 7, 61), (1, 9, 8, 9)]


def likeliest(x1: int, n1: int, x0: int, n0: int, ratio: float) -> float:
    """The share of the reference that is most likely when the other's is `ratio` times it, by search."""

    def against(p: float) -> float:
        parts = ((x1, ratio * p), (n1 - x1, 1 - ratio * p), (x0, p), (n0 - x0, 1 - p))
        return -sum(count * math.log(max(share, 1e-300)) for count, share in parts if count)

    found = minimize_scalar(
        against, bounds=(1e-12, min(1.0, 1 / ratio) - 1e-12), method="bounded", options={"xatol": 1e-12}
    )
    return float(found.x)


@pytest.mark.parametrize("table", TABLES)
def test_the_interval_ends_where_the_score_reaches_the_normal_quantile(table):
    """At both ends, z with the likeliest shares (found by search, not by the formula) is 1.96."""
    x1, n1, x0, n0 = table
    ratio, _ = accuracy_ratio_score(*table)
    assert isinstance(ratio, Estimate)
    assert ratio.value == pytest.approx(x1 / n1 / (x0 / n0))
    for end, sign in ((ratio.ci_low, 1), (ratio.ci_high, -1)):
        q0 = likeliest(*table, end)
        q1 = end * q0
        variance = (q1 * (1 - q1) / n1 + end**2 * q0 * (1 - q0) / n0) * (n1 + n0) / (n1 + n0 - 1)
        z = (x1 / n1 - end * x0 / n0) / math.sqrt(variance)
        assert z == pytest.approx(sign * float(ndtri(0.975)), abs=2e-3)


@pytest.mark.parametrize("table", TABLES)
def test_the_test_is_the_chi_squared_one_with_n_minus_1(table):
    """z² is Pearson's chi-squared without continuity correction, times (N - 1) / N."""
    x1, n1, x0, n0 = table
    _, test = accuracy_ratio_score(*table)
    chi = chi2_contingency([[x1, n1 - x1], [x0, n0 - x0]], correction=False)[0]
    assert test.statistic**2 == pytest.approx(chi * (n1 + n0 - 1) / (n1 + n0), rel=1e-9)


def test_interval_and_test_agree():
    """Over all tables of 12 and 15 images, the interval leaves out 1 exactly where p is below .05."""
    for x1 in range(13):
        for x0 in range(1, 16):
            ratio, test = accuracy_ratio_score(x1, 12, x0, 15)
            if isinstance(test, Skipped):
                continue
            assert (test.p_value < 0.05) == (not ratio.ci_low <= 1 <= ratio.ci_high), (x1, x0)


def test_turning_the_groups_round_turns_the_ratio_round():
    """B over A has the reciprocal ratio and interval of A over B, and the same p."""
    ratio, test = accuracy_ratio_score(9, 25, 49, 61)
    turned, again = accuracy_ratio_score(49, 61, 9, 25)
    assert turned.value == pytest.approx(1 / ratio.value)
    assert (turned.ci_low, turned.ci_high) == pytest.approx((1 / ratio.ci_high, 1 / ratio.ci_low), rel=1e-6)
    assert again.p_value == pytest.approx(test.p_value)


def test_the_borders_have_an_interval_or_a_reason():
    """Nothing right above: 0 with an upper end. All right in both: 1, an interval, no test. Nothing below: no ratio."""
    none, _ = accuracy_ratio_score(0, 40, 12, 40)
    assert (none.value, none.ci_low) == (0.0, 0.0)
    assert 0 < none.ci_high < 0.5
    every, test = accuracy_ratio_score(40, 40, 40, 40)
    assert every.ci_low < 1 == every.value < every.ci_high
    assert isinstance(test, Skipped)
    unbounded, tested = accuracy_ratio_score(12, 40, 0, 40)
    assert isinstance(unbounded, Skipped)
    assert tested.p_value < 0.001
    assert accuracy_ratio_score(0, 0, 3, 4) == (Skipped("a group has no image"),) * 2


def test_counts_that_are_no_share_are_refused():
    """More right than images."""
    with pytest.raises(AnalysisError, match="5 right of 4"):
        accuracy_ratio_score(5, 4, 1, 4)


def test_it_holds_its_level_near_the_border():
    """40 images a group, 95 % right in both: 3 to 7 % of 4,000 tests reject, where Wald's log interval is far off."""
    rng = np.random.default_rng(8)
    drawn = rng.binomial(40, 0.95, (4000, 2))
    tests = [accuracy_ratio_score(int(a), 40, int(b), 40)[1] for a, b in drawn]
    rejected = np.mean([not isinstance(test, Skipped) and test.p_value < 0.05 for test in tests])
    assert 0.02 < rejected < 0.07
