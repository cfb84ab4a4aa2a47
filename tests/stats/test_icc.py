"""The six intraclass correlations: Shrout & Fleiss' table, psych, pingouin, London, and what must not change them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.tables import JUDGES, long
from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Icc, icc, icc_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

FORMS = ("one_way", "agreement", "consistency", "one_way_k", "agreement_k", "consistency_k")
NAMES = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")


def done(told: object) -> Icc:
    """Unwrap the result."""
    assert isinstance(told, Icc), told
    return told


def limits(told: Icc, unwrap: Callable[[object], Estimate]) -> Any:
    """Value, low and high of all six forms, shape (6, 3)."""
    outcomes = [unwrap(getattr(told, form)) for form in FORMS]
    return np.array([[o.value, o.ci_low, o.ci_high] for o in outcomes])


def test_shrout_and_fleiss_table(estimated: Callable[[object], Estimate]) -> None:
    """.17 .29 .71 for one judge, .44 .62 .91 for the mean of four."""
    told = limits(done(icc(*long(JUDGES))), estimated)
    assert np.round(told[:, 0], 2).tolist() == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


@pytest.mark.parametrize(("name", "judges"), [("judges", 4), ("two", 2)])
def test_values_and_intervals_are_psychs(
    name: str, judges: int, golden: dict[str, Any], estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """R's psych::ICC on the table, and on its first two judges, who agree less than by chance in one form."""
    expected = golden["icc"][name]
    told = limits(done(icc_matrix(JUDGES[:, :judges])), estimated)
    reference = np.transpose([expected[k] for k in ("value", "low", "high")])
    np.testing.assert_allclose(told, reference, rtol=tolerance.reference)


@pytest.mark.parametrize("seed", range(4))
def test_values_and_intervals_are_pingouins(
    seed: int, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """On random complete tables all six values equal pingouin's, and its intervals to the two digits it prints."""
    rng = np.random.default_rng(seed)
    n, k = rng.integers(5, 30), rng.integers(2, 8)
    table = rng.normal(0, 1, (n, 1)) + rng.normal(0, 0.5, (1, k)) + rng.normal(0, 1, (n, k))
    units, raters, values = long(table)
    frame = pd.DataFrame({"unit": units, "rater": raters, "value": values})
    reference = pingouin.intraclass_corr(frame, targets="unit", raters="rater", ratings="value").set_index("Type")
    told = limits(done(icc(units, raters, values)), estimated)
    np.testing.assert_allclose(told[:, 0], reference.loc[list(NAMES), "ICC"], rtol=tolerance.reference)
    np.testing.assert_allclose(told[:, 1:], np.vstack(reference.loc[list(NAMES), "CI95"]), atol=TOLERANCE.printed2)


def test_london_attractiveness(
    london: pd.DataFrame, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """2,513 raters of 102 faces: ICC(2,1) .2398, ICC(3,1) .3349, ICC(2,k) .9987, in well under a few seconds."""
    started = time.perf_counter()
    told = done(icc(london["image_id"], london["rater_id"], london["attractiveness"]))
    assert time.perf_counter() - started < 3
    assert (told.n_units, told.n_raters) == (102, 2513)
    assert estimated(told.agreement).value == pytest.approx(0.2398, abs=tolerance.printed4)
    assert estimated(told.consistency).value == pytest.approx(0.3349, abs=tolerance.printed4)
    assert estimated(told.agreement_k).value == pytest.approx(0.9987, abs=tolerance.printed4)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(0.01, 50), st.randoms())
def test_rows_names_shift_and_scale_do_not_matter(seed: int, shift: float, scale: float, random: Any) -> None:
    """Shuffled rows, renamed raters and a linear map of all ratings leave all six and their intervals."""
    units, raters, values = long(np.random.default_rng(seed).integers(1, 8, (6, 3)).astype(float))
    order = random.sample(range(18), 18)
    told = icc(units, raters, values)
    again = icc(units[order], [f"rater {r}" for r in raters[order]], scale * values[order] + shift)
    assert type(told) is type(again)
    if isinstance(told, Icc) and isinstance(again, Icc):
        for form in FORMS:
            a, b = getattr(told, form), getattr(again, form)
            if hasattr(a, "value"):
                assert [a.value, a.ci_low, a.ci_high] == pytest.approx([b.value, b.ci_low, b.ci_high], abs=1e-6)


def test_raters_means_matter_to_agreement_alone(estimated: Callable[[object], Estimate]) -> None:
    """A rater who is two points stricter throughout lowers ICC(A,1) and leaves ICC(C,1)."""
    strict = JUDGES + np.array([0, 0, 0, -2])
    before, after = done(icc_matrix(JUDGES)), done(icc_matrix(strict))
    assert estimated(before.consistency).value == pytest.approx(
        estimated(after.consistency).value, abs=TOLERANCE.same_algorithm
    )
    apart = JUDGES + np.array([0, 7, 4, 0])
    assert estimated(before.agreement).value < estimated(done(icc_matrix(apart)).agreement).value


def test_perfect_agreement_has_no_interval(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """Raters who always say the same reach 1, raters a constant apart reach it in consistency: no F, value told."""
    same = np.repeat([[1.0], [2], [4], [7]], 3, axis=1)
    told = done(icc_matrix(same))
    for form in FORMS:
        assert ": 1 with a standard error of 0" in skipped(getattr(told, form))
    shifted = done(icc_matrix(same + np.array([0.0, 1, 2])))
    assert ": 1 with a standard error of 0" in skipped(shifted.consistency)
    assert 0 < estimated(shifted.agreement).value < 1


def test_units_that_do_not_differ(skipped: Callable[[object], str]) -> None:
    """Where only raters differ there is nothing to be consistent about: Skipped, not 0/0."""
    told = done(icc_matrix([[1, 2, 3], [1, 2, 3], [1, 2, 3]]))
    for form in ("agreement", "consistency", "one_way_k", "agreement_k"):
        assert "hardly differ" in skipped(getattr(told, form))
    assert "-0.5 with a standard error of 0" in skipped(told.one_way)


def test_what_has_no_icc_is_skipped(skipped: Callable[[object], str]) -> None:
    """A missing cell, one rater, one unit, a repeat, no variance: each names its reason."""
    assert "1 of 4 cells are missing" in skipped(icc([1, 1, 2, 2], list("ABAB"), [1, 2, 3, None]))
    assert "2 raters, there is one rater" in skipped(icc([1, 2], ["A", "A"], [1, 2]))
    assert "2 units, there is one unit" in skipped(icc([1, 1], ["A", "B"], [1, 2]))
    assert "two raters, there is one rater" in skipped(icc_matrix([[1], [2], [4]]))
    assert "no raters" in skipped(icc([], [], []))
    assert "more than once" in skipped(icc([1, 1], ["A", "A"], [1, 2]))
    assert "no variance" in skipped(icc_matrix([[3, 3], [3, 3]]))
    assert "two units" in skipped(icc_matrix([[1, 2]]))
    assert icc_matrix([[1, 2], [3, np.nan]]) == icc([1, 1, 2, 2], list("ABAB"), [1, 2, 3, None])
    with pytest.raises(AnalysisError, match="infinite"):
        icc_matrix([[1, np.inf], [2, 3]])


@pytest.mark.parametrize("table", [[["a", "b"], ["c", "d"]], [[1, 2], [3]], "12"])
def test_what_is_no_table_is_refused(table: Any) -> None:
    """Text and rows of different length are told as such, not by numpy's traceback."""
    with pytest.raises(AnalysisError, match="table"):
        icc_matrix(table)
