"""Arguments of another kind, columns that are not what they seem: one sentence each, no traceback and no number."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed import MixedModelFit, fit_mixed_model, likelihood_ratio_test

if TYPE_CHECKING:
    from collections.abc import Callable

RNG = np.random.default_rng(11)
RATER, IMAGE = np.repeat(np.arange(8), 10), np.tile(np.arange(10), 8)
DATA = pd.DataFrame(
    {
        "rater": [f"r{number}" for number in RATER],
        "image_id": IMAGE,
        "emotion": np.where(IMAGE % 2, "happy", "sad"),
        "group": np.where(RATER % 2, "student", "worker"),
        "x": RNG.normal(size=80),
        "rating": 5 + RNG.normal(size=8)[RATER] + RNG.normal(size=10)[IMAGE] + RNG.normal(0, 0.5, 80),
    }
)
FORMULA = "rating ~ x + (1 | rater)"


def _fit(formula: str = FORMULA, **columns: Any) -> MixedModelFit:
    return fit_mixed_model(formula, DATA.assign(**columns))


@pytest.mark.parametrize(
    ("formula", "data", "said"),
    [
        (DATA, FORMULA, "The formula is a DataFrame, not text"),
        (FORMULA, None, "The data are a NoneType, not a pandas DataFrame"),
        (FORMULA, {"rating": [1, 2]}, "The data are a dict"),
        (FORMULA, pd.concat([DATA, DATA[["x"]]], axis=1), "2 columns named x"),
        (FORMULA, pd.concat([DATA, DATA[["rating", "rating"]]], axis=1), "3 columns named rating"),
    ],
)
def test_arguments_of_another_kind_are_refused(formula: Any, data: Any, said: str) -> None:
    """Swapped arguments, no table, a column that is there twice."""
    with pytest.raises(AnalysisError, match=said):
        fit_mixed_model(formula, data)


@pytest.mark.parametrize("reml", ["ML", None, 0])
def test_reml_is_true_or_false(reml: Any) -> None:
    """A text such as "ML" would else count as true."""
    with pytest.raises(AnalysisError, match="reml is True or False, not"):
        fit_mixed_model(FORMULA, DATA, reml)
    with pytest.raises(AnalysisError, match="reml is True or False"):
        _fit().refitted(reml=reml)
    assert not fit_mixed_model(FORMULA, DATA, np.bool_(False)).reml


@pytest.mark.parametrize("theta", [1.0, [1.0], {"rater": "a"}, {"rater": None}, {1: 1.0}])
def test_theta_of_another_kind_is_refused(theta: Any) -> None:
    """It is a mapping to numbers."""
    with pytest.raises(AnalysisError, match="theta"):
        fit_mixed_model(FORMULA, DATA, theta=theta)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("rating", ["n/a" if row == 5 else str(row) for row in range(80)], "first 'n/a' in row 5"),
        ("rating", [str(row) for row in range(80)], "numbers written as text.*to_numeric"),
        ("rating", pd.Categorical(RATER), "numbers written as categories"),
        ("rating", RATER > 3, "first False in row 0"),
        ("rating", DATA["rating"] + 1j, "not a number"),
        ("x", DATA["rating"] + 1j, "x holds complex128"),
        ("x", pd.date_range("2020-01-01", periods=80), "x holds datetime64"),
        ("x", [dt.datetime(2020, 1, 1 + row % 9) for row in range(80)], "x holds datetime64"),
        ("x", [[1]] * 80, "x holds lists"),
        ("rater", [[1]] * 80, "rater holds lists"),
        ("x", [1, "1"] * 40, "two levels that are both written 1"),
        ("x", [f"level {row}" for row in range(80)], "x is a factor of 80 levels here"),
        ("x", DATA["x"] * 1e200, "measure it in another unit"),
        ("rating", DATA["rating"] * 1e200, "measure it in another unit"),
        ("rating", DATA["rating"] * 1e-200, "measure it in another unit"),
    ],
)
def test_columns_that_are_not_what_they_seem_are_refused(column: str, values: Any, said: str) -> None:
    """The sentence names the column, and the first value and its row where one value is at fault."""
    with pytest.raises(AnalysisError, match=said):
        _fit(**{column: values})


def test_numbers_kept_as_objects_are_numbers() -> None:
    """They have a slope as they would in a column of floats, with missing values too."""
    fit = _fit(rating=DATA["rating"].astype(object), x=DATA["x"].astype(object))
    assert fit.terms == ("(Intercept)", "x")
    assert fit.log_likelihood == _fit().log_likelihood
    holes = _fit(x=DATA["x"].astype(object).where(DATA["x"] > -1, None))
    assert holes.terms == ("(Intercept)", "x")
    assert fit.predict(DATA.astype({"x": object})).equals(fit.predict(DATA))


def test_numbers_written_as_text_are_a_factor_and_said_so() -> None:
    """As in R; a categorical was made on purpose, and is not mentioned."""
    text = [str(number % 3) for number in range(80)]
    fit = _fit(x=text)
    assert fit.terms == ("(Intercept)", "x1", "x2")
    assert fit.messages[0].startswith("x holds numbers written as text and is taken as a factor of 3 levels")
    assert _fit(x=pd.Categorical(text)).messages == ()


MODEL = fit_mixed_model("rating ~ group * emotion + x + (1 | rater) + (1 | image_id)", DATA)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: MODEL.marginal_means("zzz"), "zzz is no factor of this model: its factors are group, emotion"),
        (lambda: MODEL.marginal_means("group:emotion"), r"as a list, \['group', 'emotion'\]"),
        (lambda: MODEL.marginal_means("x"), "x is a number, and its slope is among the coefficients"),
        (lambda: MODEL.marginal_means("emotion", by="rater"), "rater is no factor"),
        (lambda: MODEL.marginal_means(["emotion", "group"], by="group"), "named twice"),
        (lambda: MODEL.marginal_means([]), "Name a factor"),
        (lambda: MODEL.marginal_means(3), "text or a list of texts"),
        (lambda: MODEL.contrasts("emotion", level="95"), "between 0 and 1"),
        (lambda: MODEL.confidence_intervals(None), "between 0 and 1"),
        (lambda: MODEL.anova("KR"), "There is no method 'KR'"),
        (lambda: MODEL.predict(None), "not a pandas DataFrame"),
        (lambda: MODEL.predict(DATA, random="no"), "random is True or False"),
        (lambda: MODEL.predict(DATA.drop(columns="x")), "no column x"),
        (lambda: MODEL.predict(pd.concat([DATA, DATA[["x"]]], axis=1)), "2 columns named x"),
        (lambda: MODEL.predict(DATA.assign(x="1")), "x is a number in this model"),
        (lambda: MODEL.predict(DATA.assign(x=np.inf)), "x holds an infinite value"),
        (lambda: MODEL.predict(DATA.assign(emotion=1)), "emotion has no level 1: happy, sad"),
        (lambda: likelihood_ratio_test(MODEL, None), "one is a NoneType"),
        (lambda: likelihood_ratio_test(MODEL, MODEL, refit="no"), "refit is True or False"),
    ],
)
def test_questions_that_make_no_sense_are_refused(ask: Callable[[], Any], said: str) -> None:
    """No traceback of pandas or numpy."""
    with pytest.raises(AnalysisError, match=said):
        ask()


def test_no_rows_have_no_predictions() -> None:
    """An empty table yields an empty series."""
    assert MODEL.predict(DATA.head(0)).empty


def test_models_that_are_not_nested_are_not_compared() -> None:
    """Neither where the fixed parts differ, nor the random intercepts; another coding of the same part is nested."""
    larger = _fit("rating ~ group * emotion + (1 | rater)")
    with pytest.raises(AnalysisError, match=r"fixed part does not contain.*not nested"):
        likelihood_ratio_test(_fit(), larger)
    with pytest.raises(AnalysisError, match="no random intercept of image_id"):
        likelihood_ratio_test(_fit("rating ~ emotion + (1 | image_id)"), larger)
    assert likelihood_ratio_test(_fit("rating ~ 0 + emotion + (1 | rater)"), larger).df == 2


def test_a_fit_is_shown_where_it_is_the_last_line() -> None:
    """A prompt and a notebook show the summary, as R does."""
    assert repr(MODEL) == str(MODEL)
    assert repr(MODEL).startswith("Linear mixed model fit by REML")
