"""A model in each person's place: told by hand for few, and by leave_one_rater_out for the persons' part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats import InPlace, LeaveOneOut, in_place_of_person, leave_one_rater_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats import Estimate


def crowd(seed: int = 0, units: int = 60, persons: int = 20) -> tuple[Any, Any, Any, Any]:
    """Ratings of about half the cells, and what is true of the units."""
    rng = np.random.default_rng(seed)
    true = rng.normal(5, 1.5, units)
    unit, person = (index.ravel() for index in np.meshgrid(np.arange(units), np.arange(persons), indexing="ij"))
    kept = rng.random(len(unit)) < 0.5
    unit, person = unit[kept], person[kept]
    return unit, person, true[unit] + rng.normal(0, 1, len(unit)), pd.Series(true)


def test_it_is_what_a_loop_over_persons_finds(estimated: Callable[[object], Estimate]) -> None:
    """Person for person: the same units, the mean of the others, r, error and shift of both, then their means."""
    unit, person, value, true = crowd()
    model = true + np.random.default_rng(1).normal(0.3, 0.5, len(true))
    told = in_place_of_person(unit, person, value, model)
    assert isinstance(told, InPlace)
    table = pd.DataFrame({"unit": unit, "person": person, "value": value})
    rows = []
    for _, own in table.groupby("person"):
        rest = table.drop(own.index).groupby("unit")["value"].mean().reindex(own["unit"]).to_numpy()
        both = own["value"].to_numpy(), model.to_numpy()[own["unit"]]
        rows.append([f(x, rest) for x in both for f in (r_of, error_of, shift_of)])
    means = np.mean(rows, axis=0)
    found = [
        getattr(told, name)
        for name in ("person_r", "person_mae", "person_shift", "model_r", "model_mae", "model_shift")
    ]
    assert [estimated(outcome).value for outcome in found] == pytest.approx(list(means))
    assert estimated(told.mae_difference).value == pytest.approx(means[4] - means[1])
    assert estimated(told.shift_difference).value == pytest.approx(means[5] - means[2])
    assert (told.n_persons, told.n_units) == (20, 60)


def r_of(x: Any, y: Any) -> float:
    """Pearson's r."""
    return float(np.corrcoef(x, y)[0, 1])


def error_of(x: Any, y: Any) -> float:
    """Mean absolute error."""
    return float(np.abs(x - y).mean())


def shift_of(x: Any, y: Any) -> float:
    """Size of the mean difference."""
    return float(abs((x - y).mean()))


def test_persons_are_as_leave_one_out_has_them(estimated: Callable[[object], Estimate]) -> None:
    """Where the model rated everything, the persons' r and MAE are those of leave_one_rater_out, interval and all."""
    unit, person, value, true = crowd()
    told, alone = in_place_of_person(unit, person, value, true), leave_one_rater_out(unit, person, value)
    assert isinstance(told, InPlace)
    assert isinstance(alone, LeaveOneOut)
    for mine, theirs in ((told.person_r, alone.r), (told.person_mae, alone.mae)):
        one, other = estimated(mine), estimated(theirs)
        assert (one.value, one.ci_low, one.ci_high) == pytest.approx((other.value, other.ci_low, other.ci_high))


def test_a_person_in_their_own_place_loses_nothing(estimated: Callable[[object], Estimate]) -> None:
    """Someone as noisy as people has a difference about 0; the truth itself is better in all three."""
    unit, person, value, true = crowd(seed=4, units=200, persons=40)
    noisy = true + np.random.default_rng(2).normal(0, 1, len(true))
    alike, better = (in_place_of_person(unit, person, value, model) for model in (noisy, true))
    assert isinstance(alike, InPlace)
    assert isinstance(better, InPlace)
    assert abs(estimated(alike.mae_difference).value) < 0.12
    assert estimated(better.r_difference).ci_low > 0
    assert estimated(better.mae_difference).ci_high < 0
    assert estimated(better.shift_difference).ci_high < 0


def test_units_that_the_model_left_out_count_for_nobody() -> None:
    """The comparison is over the units of both, so persons are judged on those alone too."""
    unit, person, value, true = crowd()
    half = true.where(true.index < 30)
    told = in_place_of_person(unit, person, value, half)
    there = unit < 30
    assert told == in_place_of_person(unit[there], person[there], value[there], half.dropna())


def test_what_is_not_defined_is_skipped(skipped: Callable[[object], str]) -> None:
    """One person, no unit in common, a model of one number, a unit rated twice: each has its reason."""
    model = pd.Series([3.0, 4.0, 5.0])
    assert "2 raters" in skipped(in_place_of_person([0, 1, 2], ["a"] * 3, [1, 2, 3], model))
    strangers = in_place_of_person([0, 1, 2, 3], list("aabb"), [1, 2, 3, 4], model)
    assert "fewer than two persons" in skipped(strangers)
    twice = in_place_of_person([0, 0, 1, 1], ["a", "a", "a", "b"], [1, 2, 3, 4], model)
    assert "more than once" in skipped(twice)
    unit, person, value, true = crowd()
    flat = in_place_of_person(unit, person, value, true * 0 + 5)
    assert isinstance(flat, InPlace)
    assert "two persons with a value" in skipped(flat.model_r)


def test_a_model_that_names_a_unit_twice_is_refused() -> None:
    """Which of two ratings would stand in is not for the function to choose."""
    with pytest.raises(AnalysisError, match="every unit once"):
        in_place_of_person([0, 0], ["a", "b"], [1, 2], pd.Series([1.0, 2.0], index=[0, 0]))
