"""Lin's CCC: R's value and interval, the bootstrap twin, and what shift and scale do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stats.tolerances import TOLERANCE
from vlmrate.stats import Bootstrap, Estimate, ccc, ccc_bootstrap, pearson

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances


def test_peak_flow_is_rs(
    golden: dict[str, Any], estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """Bland & Altman's first readings: value and z-transform interval as R computes Lin's formulas."""
    readings = golden["bland_altman"]
    ours = estimated(ccc(np.array(readings["large"])[:, 0], np.array(readings["mini"])[:, 0]))
    assert [ours.value, ours.ci_low, ours.ci_high] == pytest.approx(golden["ccc"], rel=tolerance.reference)


def test_two_intervals_agree_on_many_images(estimated: Callable[[object], Estimate]) -> None:
    """On 1,500 normal images the bootstrap has the asymptotic interval to a tenth of its width."""
    rng = np.random.default_rng(0)
    human = rng.normal(5, 1.5, 1500)
    model = 0.8 * human + 1.6 + rng.normal(0, 0.8, 1500)
    by_formula, resampled = estimated(ccc(model, human)), estimated(ccc_bootstrap(model, human))
    width = by_formula.ci_high - by_formula.ci_low
    assert resampled.value == pytest.approx(by_formula.value, abs=TOLERANCE.same_algorithm)
    assert [resampled.ci_low, resampled.ci_high] == pytest.approx(
        [by_formula.ci_low, by_formula.ci_high], abs=0.1 * width
    )


@pytest.mark.slow
def test_interval_covers_the_true_value() -> None:
    """Of 1,000 samples of 40 images, 93 to 97 in a hundred intervals hold the population's CCC."""
    rng = np.random.default_rng(1)
    true = 2 * 0.8 * 1.2 / (1 + 1.2**2 + 0.3**2)
    held = 0
    for _ in range(1000):
        x = rng.normal(size=40)
        y = 1.2 * (0.8 * x + 0.6 * rng.normal(size=40)) + 0.3
        told = ccc(x, y)
        assert isinstance(told, Estimate)
        held += told.ci_low <= true <= told.ci_high
    assert 930 <= held <= 970


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=4, max_size=25),
    st.floats(-50, 50),
    st.floats(0.1, 20),
)
def test_common_shift_and_scale_leave_it_and_it_never_exceeds_r(
    ratings: list[tuple[int, int]], shift: float, scale: float
) -> None:
    """Moved and stretched together both keep their concordance; swapped too; |CCC| <= |r|."""
    x, y = np.array(ratings, dtype=float).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    assume((x != y).any())
    told = ccc(x, y)
    assert isinstance(told, Estimate)
    for other in (ccc(scale * x + shift, scale * y + shift), ccc(y, x)):
        assert isinstance(other, Estimate)
        assert [other.value, other.ci_low] == pytest.approx([told.value, told.ci_low], abs=TOLERANCE.invariant)
    r = pearson(x, y)
    assert not isinstance(r, Estimate) or abs(told.value) <= abs(r.value) + 1e-12


def test_shift_alone_lowers_it(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str], quick: Bootstrap
) -> None:
    """Ratings one point too high follow perfectly and still do not agree; equal ones reach 1, which has no z."""
    human = [1.0, 2, 4, 5, 7]
    assert estimated(ccc([x + 1 for x in human], human)).value < 1
    assert ": 1 with a standard error of 0" in skipped(ccc(human, human))
    assert "no width" in estimated(ccc_bootstrap(human, human, bootstrap=quick)).method


def test_uncorrelated_ratings_have_an_interval(estimated: Callable[[object], Estimate]) -> None:
    """r = 0 is no division by zero."""
    told = estimated(ccc([1, 2, 1, 2], [1, 1, 2, 2]))
    assert told.value == pytest.approx(0, abs=TOLERANCE.same_algorithm)
    assert told.ci_low < 0 < told.ci_high


def test_what_has_no_concordance_is_skipped(skipped: Callable[[object], str], quick: Bootstrap) -> None:
    """Too few images, and a rater who always says the same."""
    assert "four images" in skipped(ccc([1, 2, 3], [1, 3, 2]))
    assert "two images" in skipped(ccc_bootstrap([1, None], [1, 2], bootstrap=quick))
    assert "model ratings have no variance" in skipped(ccc([3] * 5, [1, 2, 3, 4, 5]))
    assert "human ratings have no variance" in skipped(ccc_bootstrap([1, 2, 3], [2] * 3, bootstrap=quick))
