"""Data that do not define a model, and questions that a model does not answer: each is said in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed import fit_mixed_model, likelihood_ratio_test, memory
from vlmrate.stats.mixed.crossing import count_crossing

RNG = np.random.default_rng(7)
RATER, IMAGE = np.repeat(np.arange(8), 10), np.tile(np.arange(10), 8)
DATA = pd.DataFrame(
    {
        "rater": [f"r{number}" for number in RATER],
        "image_id": IMAGE,
        "copy": [f"p{number}" for number in IMAGE],
        "emotion": np.where(IMAGE % 2, "happy", "sad"),
        "x": RNG.normal(size=80),
        "rating": 5 + RNG.normal(size=8)[RATER] + RNG.normal(size=10)[IMAGE] + RNG.normal(0, 0.5, 80),
        "exact": RNG.normal(size=8)[RATER] + RNG.normal(size=10)[IMAGE],
        "by_image": RNG.normal(size=10)[IMAGE],
        "row": np.arange(80),
        "same": 3,
    }
)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("ratin ~ x + (1 | rater)", "no column ratin: did you mean rating"),
        ("rating ~ emotoin + (1 | rater)", "did you mean emotion"),
        ("rating ~ x + (1 | zzzzzz)", "the columns are"),
        ("same ~ x + (1 | rater)", "same is 3 in all 80 rows"),
        ("emotion ~ x + (1 | rater)", "something that is not a number"),
        ("rating ~ x + (1 | same)", "same has one level only"),
        ("rating ~ x + (1 | row)", "a level for each of the 80 rows"),
        ("rating ~ x + (1 | image_id) + (1 | copy)", "divide the rows in the same way"),
        ("rating ~ copy + (1 | image_id)", "already tells all levels of image_id apart"),
        ("exact ~ x + (1 | rater) + (1 | image_id)", "to the last digit"),
        ("by_image ~ 1 + (1 | image_id)", "to the last digit"),
        ("by_image ~ 1 + (1 | image_id) + (1 | rater)", "to the last digit"),
        ("by_image ~ copy + (1 | rater)", "explains by_image to the last digit"),
        ("rating ~ 0 + (1 | rater)", "no fixed part"),
    ],
)
def test_data_that_do_not_define_the_model_are_refused(formula: str, said: str) -> None:
    """The sentence names the column and what is wrong with it; no number comes back."""
    with pytest.raises(AnalysisError, match=said):
        fit_mixed_model(formula, DATA)


@pytest.mark.parametrize(("column", "value", "said"), [("rating", np.inf, "rating"), ("x", -np.inf, "x")])
def test_infinite_values_are_refused(column: str, value: float, said: str) -> None:
    """They are no missing values, and no numbers to fit."""
    with pytest.raises(AnalysisError, match=f"{said} holds an infinite value"):
        fit_mixed_model("rating ~ x + (1 | rater)", DATA.assign(**{column: value}))


def test_no_more_rows_than_coefficients_is_refused() -> None:
    """Five rows for an intercept, a slope and four images more."""
    few = DATA.iloc[[0, 1, 10, 11, 20]].assign(copy=["a", "b", "c", "d", "e"])
    with pytest.raises(AnalysisError, match="5 rows cannot determine 5 fixed coefficients"):
        fit_mixed_model("rating ~ copy + x + (1 | rater)", few)


def test_rows_without_a_value_are_left_out_and_counted() -> None:
    """The fit is that of the complete rows; the message names the columns."""
    holes = DATA.copy()
    holes.loc[[3, 4], "rating"] = np.nan
    holes.loc[[4, 5, 6], "emotion"] = None
    fit = fit_mixed_model("rating ~ emotion + (1 | rater)", holes)
    assert fit.n == 76
    assert fit.messages[0] == "4 of 80 rows have no value in rating (2), emotion (3) and are left out."
    complete = fit_mixed_model("rating ~ emotion + (1 | rater)", DATA.drop(index=[3, 4, 5, 6]))
    assert complete.messages == ()
    assert fit.log_likelihood == complete.log_likelihood
    assert list(fit.residuals.index) == [row for row in range(80) if row not in {3, 4, 5, 6}]
    with pytest.raises(AnalysisError, match="nothing to fit"):
        fit_mixed_model("rating ~ x + (1 | rater)", DATA.assign(rating=np.nan))


@pytest.mark.parametrize(
    ("theta", "said"),
    [({}, "it has none"), ({"image_id": 1.0}, "each of rater"), ({"rater": -1.0}, "from 0 up")],
)
def test_theta_needs_a_value_for_each_group(theta: dict[str, float], said: str) -> None:
    """Names are those of the groups; values are ratios of standard deviations."""
    with pytest.raises(AnalysisError, match=said):
        fit_mixed_model("rating ~ x + (1 | rater)", DATA, theta=theta)


def test_kenward_roger_is_for_one_random_intercept_by_reml() -> None:
    """For others it says what to use."""
    several = fit_mixed_model("rating ~ x + (1 | rater) + (1 | image_id)", DATA)
    with pytest.raises(AnalysisError, match="satterthwaite"):
        several.coefficient_table("kenward-roger")
    with pytest.raises(AnalysisError, match="satterthwaite"):
        fit_mixed_model("rating ~ x + (1 | rater)", DATA, reml=False).anova("kenward-roger")
    with pytest.raises(AnalysisError, match="no method"):
        several.coefficient_table("kenward")  # type: ignore[arg-type]


def test_questions_about_what_is_no_factor_are_refused() -> None:
    """A covariate has no levels, a factor is asked for once, a level of confidence lies between 0 and 1."""
    fit = fit_mixed_model("rating ~ emotion + x + (1 | rater)", DATA)
    for ask, said in (
        (lambda: fit.marginal_means("x"), "x is no factor of this model: its factors are emotion"),
        (lambda: fit.contrasts("emotion", by="emotion"), "named twice"),
        (lambda: fit.marginal_means("emotion", level=95), "between 0 and 1"),
        (lambda: fit.confidence_intervals(0), "between 0 and 1"),
    ):
        with pytest.raises(AnalysisError, match=said):
            ask()


def test_likelihoods_that_do_not_compare_are_refused() -> None:
    """Other rows, the larger model first, restricted likelihoods of different fixed parts."""
    small = fit_mixed_model("rating ~ 1 + (1 | rater)", DATA)
    large = fit_mixed_model("rating ~ x + (1 | rater)", DATA)
    other = fit_mixed_model("rating ~ x + (1 | rater)", DATA.iloc[1:])
    for pair, refit, said in (
        ((small, other), True, "different rows"),
        ((large, small), True, "give the smaller one first"),
        ((small, large), False, "use refit=True"),
    ):
        with pytest.raises(AnalysisError, match=said):
            likelihood_ratio_test(*pair, refit=refit)


def test_a_model_larger_than_memory_is_refused_before_it_is_fitted(monkeypatch: Any) -> None:
    """The sentence says how much is needed and how much there is."""
    crossing = count_crossing(np.ones((80, 1)), DATA["rating"].to_numpy(), [RATER, IMAGE], [8, 10])
    assert memory.bytes_needed(crossing) > 2 * 8 * crossing.width**2
    monkeypatch.setattr(memory, "bytes_available", lambda: 1000)
    with pytest.raises(AnalysisError, match="GB of memory"):
        fit_mixed_model("rating ~ x + (1 | rater) + (1 | image_id)", DATA)
    monkeypatch.setattr(memory, "bytes_available", lambda: None)
    assert fit_mixed_model("rating ~ x + (1 | rater) + (1 | image_id)", DATA).n == 80


def test_what_memory_there_is_can_be_found_here() -> None:
    """On Linux and macOS the free memory is known, and is no more than a machine has."""
    available = memory.bytes_available()
    assert available is not None
    assert 1e7 < available < 1e14
