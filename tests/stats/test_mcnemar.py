"""McNemar: R's and statsmodels' values, the switch from exact to chi-square, and every pair of raters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import TestResult, holm, mcnemar, mcnemar_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances


def columns(both: int, only_first: int, only_second: int, neither: int) -> tuple[Any, Any]:
    """Two columns of right and wrong with these counts."""
    first = [True] * (both + only_first) + [False] * (only_second + neither)
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return first, second


def test_chi_square_is_rs(
    golden: dict[str, Any], tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """R's mcnemar.test with and without the continuity correction."""
    for told in golden["mcnemar"]:
        # R reads its matrix column by column: both, second only, first only, neither.
        both, only_second, only_first, neither = told["cells"]
        for continuity, expected in ((True, told["corrected"]), (False, told["plain"])):
            test = tested(mcnemar(*columns(both, only_first, only_second, neither), continuity=continuity))
            assert [test.statistic, test.p_value] == pytest.approx(expected, rel=tolerance.reference)
            assert test.df == 1
            assert ("Edwards" in test.method) is continuity


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 30), st.integers(0, 30))
def test_is_statsmodels_on_both_sides_of_the_switch(only_first: int, only_second: int) -> None:
    """Below 25 discordant images the exact test, from there on chi-square, each as statsmodels computes it."""
    told = mcnemar(*columns(5, only_first, only_second, 5))
    discordant = only_first + only_second
    if discordant == 0:
        assert "no discordant pair" in told.reason  # type: ignore[union-attr]
        return
    assert isinstance(told, TestResult)
    reference = statsmodels_mcnemar([[5, only_first], [only_second, 5]], exact=discordant < 25)
    assert ("exact" in told.method) is (discordant < 25)
    if only_first != only_second or discordant < 25:
        assert told.p_value == pytest.approx(reference.pvalue, rel=TOLERANCE.reference)
        assert told.statistic == pytest.approx(reference.statistic, rel=TOLERANCE.reference)
    else:
        assert told.p_value == 1, "the correction is not taken beyond no difference"


@pytest.mark.parametrize(("discordant", "exact"), [(24, True), (25, False)])
def test_the_switch_is_at_25(discordant: int, exact: bool, tested: Callable[[object], TestResult]) -> None:
    """Twenty-four discordant pairs are few, twenty-five are not; `exact_below` moves it."""
    pair = columns(0, discordant - 5, 5, 0)
    assert ("exact" in tested(mcnemar(*pair)).method) is exact
    assert "chi-square" in tested(mcnemar(*pair, exact_below=0)).method


def test_every_pair_is_tested_in_one_family() -> None:
    """Four raters make six tests; the pair that never differs is no member, and Holm counts five."""
    rng = np.random.default_rng(0)
    truth = rng.choice(["x", "y"], 60)
    answers = {
        rater: np.where(rng.random(60) < share, truth, "invalid")
        for rater, share in {"A": 0.9, "B": 0.6, "C": 0.5}.items()
    }
    answers["D"] = answers["A"].copy()
    result = mcnemar_pairs(truth, answers, ["x", "y"])
    assert [(pair.first, pair.second) for pair in result.pairs] == [
        ("A", "B"), ("A", "C"), ("A", "D"), ("B", "C"), ("B", "D"), ("C", "D"),
    ]  # fmt: skip
    assert result.family.skipped == ("A against D",)
    corrected = holm(result.family)
    assert {test.family_size for test in corrected} == {5}
    assert all(test.p_adjusted >= test.p_value for test in corrected)
    for pair in result.pairs:
        assert pair.both_right + pair.only_first + pair.only_second + pair.both_wrong == 60


def test_misuse_is_refused() -> None:
    """One rater makes no pair; columns must say true or false, and be as long as each other."""
    with pytest.raises(AnalysisError, match="two raters"):
        mcnemar_pairs(["x"], {"A": ["x"]}, ["x", "y"])
    with pytest.raises(AnalysisError, match="true or false"):
        mcnemar([1, 2], [True, False])
    with pytest.raises(AnalysisError, match="length"):
        mcnemar([True], [True, False])
