"""Bland-Altman: the published peak-flow figures, R's exact limits, scipy's regression, and shift and scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import linregress

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import BlandAltman, Estimate, bland_altman

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import TestResult


@pytest.fixture
def peak_flow(golden: dict[str, Any]) -> tuple[Any, Any]:
    """First reading by the large and by the mini meter, 17 subjects."""
    readings = golden["bland_altman"]
    return np.array(readings["large"])[:, 0], np.array(readings["mini"])[:, 0]


def done(told: object) -> BlandAltman:
    """Unwrap the result."""
    assert isinstance(told, BlandAltman), told
    return told


def test_published_figures_of_1986(peak_flow: tuple[Any, Any], estimated: Callable[[object], Estimate]) -> None:
    """Bias -2.1 (-22.0 to 17.8), SD 38.8, limits at two SD -79.7 and 75.5: Bland & Altman 1986."""
    told = done(bland_altman(*peak_flow, coverage=2 * float(ndtr(2)) - 1))
    bias, sd = estimated(told.bias), estimated(told.sd)
    assert [bias.value, bias.ci_low, bias.ci_high] == pytest.approx([-2.1, -22.0, 17.8], abs=TOLERANCE.printed1)
    assert sd.value == pytest.approx(38.8, abs=TOLERANCE.printed1)
    # The paper takes the limits from the rounded bias and SD.
    assert estimated(told.lower).value == pytest.approx(-79.7, abs=TOLERANCE.printed1_twice)
    assert estimated(told.upper).value == pytest.approx(75.5, abs=TOLERANCE.printed1_twice)


def test_exact_limits_and_slope_are_rs(
    peak_flow: tuple[Any, Any],
    golden: dict[str, Any],
    estimated: Callable[[object], Estimate],
    tested: Callable[[object], TestResult],
    tolerance: Tolerances,
) -> None:
    """R's noncentral t and lm; the lower limit's interval mirrors the upper one's."""
    told, expected = done(bland_altman(*peak_flow)), golden["bland_altman"]
    upper, lower, bias = estimated(told.upper), estimated(told.lower), estimated(told.bias)
    assert [upper.ci_low, upper.ci_high] == pytest.approx(expected["upper_exact"], rel=TOLERANCE.quantile)
    assert lower.ci_low - bias.value == pytest.approx(bias.value - upper.ci_high, rel=tolerance.reference)
    slope, test = estimated(told.slope), tested(told.slope_test)
    assert [slope.value, slope.ci_low, slope.ci_high, test.p_value] == pytest.approx(
        expected["slope"], rel=tolerance.reference
    )


def test_slope_is_scipys(
    peak_flow: tuple[Any, Any], tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """linregress of the difference on the mean: slope and p."""
    large, mini = peak_flow
    told = done(bland_altman(large, mini))
    reference = linregress((large + mini) / 2, large - mini)
    assert told.slope.value == pytest.approx(reference.slope, rel=tolerance.reference)  # type: ignore[union-attr]
    assert tested(told.slope_test).p_value == pytest.approx(reference.pvalue, rel=tolerance.reference)


def test_approximate_interval_is_the_formula_of_1999(
    peak_flow: tuple[Any, Any], estimated: Callable[[object], Estimate]
) -> None:
    """Half a width is t s sqrt(1/n + z² / (2 (n - 1))), the same on both limits, and symmetric."""
    told = done(bland_altman(*peak_flow, interval="approximate"))
    lower, upper, s = estimated(told.lower), estimated(told.upper), estimated(told.sd).value
    half = 2.1199052992 * s * math.sqrt(1 / 17 + 1.9599639845**2 / 32)
    for limit in (lower, upper):
        assert limit.ci_high - limit.value == pytest.approx(half, rel=TOLERANCE.reference)
        assert limit.value - limit.ci_low == pytest.approx(half, rel=TOLERANCE.reference)
        assert "approximate" in limit.method


@pytest.mark.slow
def test_exact_intervals_cover_the_true_limits() -> None:
    """Of 4,000 samples of 12 normal differences, 94 to 96 in a hundred exact intervals hold each true limit."""
    rng = np.random.default_rng(0)
    held = np.zeros(2)
    for _ in range(4000):
        told = done(bland_altman(rng.normal(0.5, 1, 12), np.zeros(12)))
        for i, (limit, true) in enumerate(((told.lower, 0.5 - 1.9599640), (told.upper, 0.5 + 1.9599640))):
            assert isinstance(limit, Estimate)
            held[i] += limit.ci_low <= true <= limit.ci_high
    assert (held >= 3760).all()
    assert (held <= 3840).all()


def test_exact_interval_stays_accurate_for_many_images(estimated: Callable[[object], Estimate]) -> None:
    """With 1,440 images exact and approximate intervals are within a hundredth of a width of each other."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(0, 1, 1440), rng.normal(0, 1, 1440)
    exact = estimated(done(bland_altman(x, y)).upper)
    approximate = estimated(done(bland_altman(x, y, interval="approximate")).upper)
    width = approximate.ci_high - approximate.ci_low
    assert [exact.ci_low, exact.ci_high] == pytest.approx([approximate.ci_low, approximate.ci_high], abs=0.03 * width)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=4, max_size=20),
    st.floats(-20, 20),
    st.floats(0.2, 10),
)
def test_shift_and_scale_move_it_as_they_should(ratings: list[tuple[int, int]], shift: float, scale: float) -> None:
    """A shift of the model moves bias and limits by itself; a common scale stretches them; swapping turns them."""
    x, y = np.array(ratings, dtype=float).T
    assume(np.ptp(x - y) > 0 and np.ptp(x + y) > 0)
    told, moved = done(bland_altman(x, y)), done(bland_altman(scale * x + shift, scale * y))
    turned = done(bland_altman(y, x))
    for name, other in (("bias", "bias"), ("lower", "upper"), ("upper", "lower")):
        a, b, c = getattr(told, name), getattr(moved, name), getattr(turned, other)
        assert [b.value, b.ci_low, b.ci_high] == pytest.approx(
            [scale * v + shift for v in (a.value, a.ci_low, a.ci_high)], abs=1e-6
        )
        assert [-c.value, -c.ci_high] == pytest.approx([a.value, a.ci_low], abs=TOLERANCE.invariant)
    assert type(moved.slope) is type(told.slope)
    if isinstance(told.slope, Estimate):
        assert moved.slope.value == pytest.approx(told.slope.value, abs=1e-6)  # type: ignore[union-attr]


def test_a_planted_proportional_bias_is_found(tested: Callable[[object], TestResult]) -> None:
    """A model that stretches the scale about its middle by a fifth has a slope near .18 and a small p."""
    rng = np.random.default_rng(3)
    human = rng.uniform(1, 9, 300)
    told = done(bland_altman(5 + 1.2 * (human - 5) + rng.normal(0, 0.3, 300), human))
    assert told.slope.value == pytest.approx(0.18, abs=0.03)  # type: ignore[union-attr]
    assert tested(told.slope_test).p_value < 1e-10


def test_what_has_no_limits_is_skipped(skipped: Callable[[object], str]) -> None:
    """Too few images, constant differences; constant means and differences on a line leave out the slope."""
    assert "three images" in skipped(bland_altman([1, 2], [2, 3]))
    assert "no variance" in skipped(bland_altman([2, 3, 4], [1, 2, 3]))
    assert "no variance" in skipped(done(bland_altman([1, 2, 3], [3, 2, 1])).slope)
    line = done(bland_altman([1, 2, 3, 4], [2, 4, 6, 8]))
    assert "-0.6667 with a standard error of 0" in skipped(line.slope)
    assert line.slope_test == line.slope


@pytest.mark.parametrize("wrong", [{"coverage": 1.0}, {"interval": "boot"}])
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    """Limits of all differences, and an interval that does not exist."""
    with pytest.raises(AnalysisError):
        bland_altman([1, 2, 3], [1, 3, 2], **wrong)
