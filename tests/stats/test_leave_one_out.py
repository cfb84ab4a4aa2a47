"""Leave-one-rater-out: the slow way with numpy, missing cells, and what must not change it."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.tables import planted
from stats.tolerances import TOLERANCE
from vlmrate.stats import LeaveOneOut, Skipped, in_place_of_person, leave_one_rater_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats import Bootstrap, Estimate


def done(told: object) -> LeaveOneOut:
    """Unwrap the result."""
    assert isinstance(told, LeaveOneOut), told
    return told


@pytest.mark.parametrize("each", [3, 8])
def test_every_rater_is_numpys(each: int, estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """r and MAE of each rater against the nanmean of the others, on tables with gaps; the means are theirs."""
    unit, rater, value = planted(0, units=25, raters=8, each=each)
    table = np.full((25, 8), np.nan)
    table[unit, rater] = value
    told = done(leave_one_rater_out(unit, rater, value, bootstrap=quick))
    rs, maes = [], []
    for j, one in enumerate(told.raters):
        others = np.nanmean(np.delete(table, j, axis=1), axis=1)
        both = ~np.isnan(table[:, j]) & ~np.isnan(others)
        rs.append(np.corrcoef(table[both, j], others[both])[0, 1])
        maes.append(np.abs(table[both, j] - others[both]).mean())
        assert one.n == both.sum()
        assert [one.r, one.mae] == pytest.approx([rs[-1], maes[-1]], abs=TOLERANCE.reference)
    assert estimated(told.r).value == pytest.approx(np.mean(rs), abs=TOLERANCE.reference)
    assert estimated(told.mae).value == pytest.approx(np.mean(maes), abs=TOLERANCE.reference)


def test_london_is_fast_and_in_the_range_of_its_reliability(
    london: pd.DataFrame, estimated: Callable[[object], Estimate]
) -> None:
    """One of 2,513 raters follows the rest by about the root of ICC(3,1) = .3349, which is .579."""
    started = time.perf_counter()
    told = done(leave_one_rater_out(london["image_id"], london["rater_id"], london["attractiveness"]))
    assert time.perf_counter() - started < 5
    assert estimated(told.r).value == pytest.approx(0.5787, abs=0.03)
    assert len(told.raters) == 2513


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 500), st.floats(-20, 20), st.floats(0.1, 10), st.randoms())
def test_rows_names_shift_and_scale(seed: int, shift: float, scale: float, random: Any) -> None:
    """Shuffled rows and a shift leave both, a scale stretches the MAE."""
    unit, rater, value = planted(seed, units=10, raters=5, each=4)
    order = random.sample(range(40), 40)
    told = done(leave_one_rater_out(unit, rater, value))
    again = done(leave_one_rater_out(unit[order], rater[order], scale * value[order] + shift))
    assert again.r.value == pytest.approx(told.r.value, abs=TOLERANCE.invariant)  # type: ignore[union-attr]
    assert again.mae.value == pytest.approx(scale * told.mae.value, rel=TOLERANCE.invariant)  # type: ignore[union-attr]


def test_duplicated_raters_follow_each_other_more(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """With every rater there twice, each has a double among the others: the mean r rises."""
    unit, rater, value = planted(5, units=30, raters=4, each=4)
    told = done(leave_one_rater_out(unit, rater, value, bootstrap=quick))
    twice = done(leave_one_rater_out(np.tile(unit, 2), np.append(rater, rater + 4), np.tile(value, 2), bootstrap=quick))
    assert estimated(twice.r).value > estimated(told.r).value


def test_a_rater_without_an_r_has_none(
    skipped: Callable[[object], str], estimated: Callable[[object], Estimate]
) -> None:
    """A constant rater, and one who shares two units, have no r but an MAE; one who shares none has neither."""
    units, raters = [1, 2, 3, 4] * 2 + [1, 2, 9], ["A"] * 4 + ["B"] * 4 + ["C", "C", "D"]
    told = done(leave_one_rater_out(units, raters, [5, 5, 5, 5, 1, 2, 3, 4, 1, 2, 3]))
    a, b, c, d = told.raters
    assert (a.r, c.r, d.r, d.mae, d.n) == (None, None, None, None, 0)
    assert b.r is not None
    assert estimated(told.mae).n == 3
    assert "two raters" in skipped(told.r)


def test_what_cannot_be_compared_is_skipped(skipped: Callable[[object], str]) -> None:
    """One rater, a repeat, no shared unit."""
    assert "2 raters" in skipped(leave_one_rater_out([1, 2], ["A", "A"], [1, 2]))
    assert "more than once" in skipped(leave_one_rater_out([1, 1], ["A", "A"], [1, 2]))
    assert "two ratings" in skipped(leave_one_rater_out([1, 2], ["A", "B"], [1, 2]))


def test_no_rating_at_all_is_no_warning() -> None:
    """Against a model that read no image there is nobody to compare: a reason, and no mean of an empty slice."""
    model = pd.Series([np.nan, np.nan], index=[1, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        told = in_place_of_person([1, 2, 1, 2], ["A", "A", "B", "B"], [1, 2, 2, 3], model)
    assert isinstance(told, Skipped)


def test_raters_without_an_r_are_counted_in_the_method(estimated: Callable[[object], Estimate]) -> None:
    """Whoever reads the mean r learns how many raters are not in it; without any, nothing is said."""
    table = np.random.default_rng(3).integers(1, 10, (12, 5))
    table[:, 0] = 5
    units, raters = np.repeat(range(12), 5), np.tile(range(5), 12)
    told = done(leave_one_rater_out(units, raters, table.ravel()))
    assert "over raters without 1 of 5 who have none (no variance" in estimated(told.r).method
    assert "without" not in estimated(told.mae).method
    alone = done(leave_one_rater_out(np.append(units, 99), np.append(raters, 7), np.append(table, 4)))
    assert "without 1 of 6 who share no unit" in estimated(alone.mae).method
    assert str(alone).splitlines()[-1] == "6 raters, 12 units of two or more"
    assert repr(alone.raters[0]).startswith("LeftOutRater(rater=0, n=12, r=None")
