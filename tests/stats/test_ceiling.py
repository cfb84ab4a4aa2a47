"""Spearman-Brown both ways, the number of raters needed, and the ceiling for r."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrate.errors import AnalysisError
from vlmrate.stats import Estimate, Skipped, ceiling_r, raters_needed, share_of_ceiling, spearman_brown

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances


def of(value: float, low: float, high: float) -> Estimate:
    """An estimate of a reliability."""
    return Estimate(value, low, high, 0.95, 100, "reliability")


def test_papers_alpha_steps_to_its_mean_of_fifty(tolerance: Tolerances) -> None:
    """.471 for one rater is .978 for the mean of fifty; .125 is .877."""
    assert spearman_brown(0.471, 50) == pytest.approx(0.978, abs=tolerance.printed3)
    assert spearman_brown(0.125, 50) == pytest.approx(0.877, abs=tolerance.printed3)


@given(st.floats(0.01, 0.99), st.floats(0.02, 500))
def test_a_step_and_its_inverse_cancel(reliability: float, k: float) -> None:
    """k times the raters and back gives the reliability; the raters needed to get there are k."""
    stepped = spearman_brown(reliability, k)
    assert 0 < stepped < 1
    assert spearman_brown(stepped, 1 / k) == pytest.approx(reliability, rel=1e-9)
    assert raters_needed(reliability, stepped) == pytest.approx(k, rel=1e-6)


def test_an_interval_steps_with_its_value(estimated: Callable[[object], Estimate]) -> None:
    """Value and both ends, each by the formula; a Skipped stays one."""
    told = estimated(spearman_brown(of(0.5, 0.2, 0.7), 4))
    assert [told.value, told.ci_low, told.ci_high] == [spearman_brown(x, 4) for x in (0.5, 0.2, 0.7)]
    assert "Spearman-Brown, 4 times" in told.method
    assert spearman_brown(Skipped("why"), 4) == Skipped("why")
    assert ceiling_r(Skipped("why")) == Skipped("why")


def test_raters_needed_of_an_interval(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """The most reliable end needs the fewest raters; where reliability may be 0 no number of raters is sure to do."""
    told = estimated(raters_needed(of(0.5, 0.4, 0.6), 0.8))
    assert [told.value, told.ci_low, told.ci_high] == [raters_needed(x, 0.8) for x in (0.5, 0.6, 0.4)]
    assert "times the raters for a reliability of 0.8" in told.method
    assert "must lie above 0" in skipped(raters_needed(of(0.3, -0.1, 0.6), 0.8))
    assert raters_needed(Skipped("why"), 0.8) == Skipped("why")


def test_ceiling_is_the_root(estimated: Callable[[object], Estimate], skipped: Callable[[object], str]) -> None:
    """r against ratings of reliability .81 reaches .9; a lower end below 0 is 0; no reliability, no ceiling."""
    told = estimated(ceiling_r(of(0.81, -0.1, 0.9025)))
    assert [told.value, told.ci_low, told.ci_high] == pytest.approx([0.9, 0, 0.95])
    assert ceiling_r(0.81) == pytest.approx(0.9)
    assert "nothing to agree with" in skipped(ceiling_r(of(-0.2, -0.4, 0.1)))


@pytest.mark.parametrize("r", [(0.3, 0.2, 0.4), (0.1, -0.1, 0.3), (-0.3, -0.4, -0.2), (0.0, -0.1, 0.1)])
@pytest.mark.parametrize("best", [(0.9, 0.8, 0.95), (0.5, 0.2, 1.0), (0.4, 0.1, 0.85)])
def test_limits_of_a_share_solve_their_equation(
    r: tuple[float, float, float], best: tuple[float, float, float], estimated: Callable[[object], Estimate]
) -> None:
    """That of Donner and Zou, the limits on both sides of the share; also where a limit is twice the ceiling."""
    told = estimated(share_of_ceiling(of(*r), of(*best)))
    assert told.ci_low < told.value < told.ci_high
    for limit, end, sign in ((told.ci_low, r[1], -1), (told.ci_high, r[2], 1)):
        other = best[1] if sign * end >= 0 else best[2]
        assert (r[0] - limit * best[0]) ** 2 == pytest.approx((r[0] - end) ** 2 + (limit * (best[0] - other)) ** 2)


def test_a_share_needs_both(skipped: Callable[[object], str]) -> None:
    """And a ceiling that is told from 0."""
    why = Skipped("why")
    assert share_of_ceiling(why, of(0.9, 0.8, 0.95)) == share_of_ceiling(of(0.3, 0.2, 0.4), why) == why
    assert "not told from 0" in skipped(share_of_ceiling(of(0.3, 0.2, 0.4), of(0.5, 0.0, 0.7)))


def test_impossible_figures_are_refused(skipped: Callable[[object], str]) -> None:
    """No raters, a reliability above 1, one that the step turns round, a target of 1."""
    for reliability, k in ((0.5, 0), (1.2, 2), (-0.5, 3)):
        with pytest.raises(AnalysisError):
            spearman_brown(reliability, k)
    with pytest.raises(AnalysisError):
        raters_needed(0.5, 1)
    for none in (0, -0.2, 1.2, float("nan"), "high"):
        with pytest.raises(AnalysisError, match="above 0"):
            ceiling_r(none)  # type: ignore[call-overload]
    assert "cannot be stepped" in skipped(spearman_brown(of(0.1, -0.6, 0.5), 3))
