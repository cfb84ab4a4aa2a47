"""Ratios of accuracies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.proportion import confint_proportions_2indep

from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, Estimate, accuracy_ratio, accuracy_ratio_bootstrap, bootstrap_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances

GROUPS = np.array(["B"] * 80 + ["K"] * 80 + ["C"] * 80)
CORRECT = np.concatenate([np.arange(80) < right for right in (49, 18, 40)])
FEW = Bootstrap(resamples=40)


def test_katz_is_statsmodels(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """Value and interval equal statsmodels' risk ratio and its log method."""
    ours = estimated(accuracy_ratio(CORRECT, GROUPS, "B", "K"))
    table = Table2x2(np.array([[49, 31], [18, 62]]))
    assert ours.value == pytest.approx(table.riskratio, rel=tolerance.reference)
    assert (ours.ci_low, ours.ci_high) == pytest.approx(table.riskratio_confint(), rel=tolerance.reference)
    log = confint_proportions_2indep(49, 80, 18, 80, method="log", compare="ratio", correction=False)
    assert (ours.ci_low, ours.ci_high) == pytest.approx(log, rel=tolerance.reference)
    assert (ours.n, "49/80 over 18/80; Katz" in ours.method) == (160, True)


def test_bootstrap_draws_identities(estimated: Callable[[object], Estimate]) -> None:
    """The interval is that of the ratio in every clustered resample of the two groups' images."""
    clusters = np.arange(240) // 4
    ours = estimated(accuracy_ratio_bootstrap(CORRECT, GROUPS, "B", "K", clusters=clusters, bootstrap=FEW))
    correct, inside = CORRECT[:160], GROUPS[:160] == "B"

    def ratio(rows: NDArray[np.int64]) -> float:
        return float(correct[rows][inside[rows]].mean() / correct[rows][~inside[rows]].mean())

    plain = estimated(bootstrap_rows(ratio, 160, name="ratio", clusters=clusters[:160], bootstrap=FEW))
    assert (ours.value, ours.ci_low, ours.ci_high) == pytest.approx((plain.value, plain.ci_low, plain.ci_high))


@settings(deadline=None)
@given(st.integers(1, 39), st.integers(1, 39))
def test_the_ratio_turned_round_is_its_inverse(x1: int, x2: int) -> None:
    """Interval and all: Katz is symmetric on the log scale, and so are quantiles of a bootstrap."""
    correct = np.concatenate([np.arange(40) < x1, np.arange(40) < x2])
    groups = np.repeat(["a", "b"], 40)
    one, other = (accuracy_ratio(correct, groups, *pair) for pair in (("a", "b"), ("b", "a")))
    assert isinstance(one, Estimate)
    assert isinstance(other, Estimate)
    assert (other.value, other.ci_low, other.ci_high) == pytest.approx((1 / one.value, 1 / one.ci_high, 1 / one.ci_low))


def test_undefined_ratios_are_skipped(
    skipped: Callable[[object], str], estimated: Callable[[object], Estimate]
) -> None:
    """No right answer on either side, or nothing but right answers on both."""
    for ratio in (accuracy_ratio, accuracy_ratio_bootstrap):
        assert "right in b" in skipped(ratio([1, 0, 0, 0], list("aabb"), "a", "b"))
        assert "right in a" in skipped(ratio([0, 0, 1, 0], list("aabb"), "a", "b"))
        assert "no width" in skipped(ratio([1, 1, 1, 1], list("aabb"), "a", "b"))
    assert estimated(accuracy_ratio([1, 1, 1, 0], list("aabb"), "a", "b")).value == 2
    few = accuracy_ratio_bootstrap([1, 1, 1, 0, 0, 0], list("aaabbb"), "a", "b", bootstrap=FEW)
    assert "right in b" in skipped(few)
    seldom = accuracy_ratio_bootstrap([1, 1, 1, 1, 0, 0], list("aaabbb"), "a", "b", bootstrap=FEW)
    assert "resamples" in skipped(seldom)


def test_only_ones_and_zeros_of_known_groups() -> None:
    """A missing answer must have been counted as wrong before; a misspelt group stops."""
    with pytest.raises(AnalysisError, match="1 or 0"):
        accuracy_ratio([1, None], ["a", "b"], "a", "b")
    with pytest.raises(AnalysisError, match="belongs to the group c"):
        accuracy_ratio([1, 0], ["a", "b"], "a", "c")
    for ratio in (accuracy_ratio, accuracy_ratio_bootstrap):
        with pytest.raises(AnalysisError, match="a is compared with itself"):
            ratio([1, 0], ["a", "b"], "a", "a")
    with pytest.raises(AnalysisError, match="confidence level"):
        accuracy_ratio([1, 0], ["a", "b"], "a", "b", level=95)
