"""Against R on small data kept beside the tests: published, crossed and nested, singular, near-collinear."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from vlmrate.stats.mixed import fit_mixed_model, likelihood_ratio_test

if TYPE_CHECKING:
    from stats.tolerances import MixedTolerances

GOLDEN = Path(__file__).parents[3] / "tests" / "golden" / "mixed"


def _check_all(fit: Any, expected: dict[str, Any], compare: tuple[Any, Any, Any], mixed: MixedTolerances) -> None:
    """Coefficients, variances, likelihood, criteria, F tests, fitted values and effects of one fit."""
    same_coefficients, same_variances, same_f_tests = compare
    same_coefficients(fit.coefficients, expected["coefficients"]["names"], expected["coefficients"]["columns"])
    same_variances(fit, expected["variances"])
    np.testing.assert_allclose(fit.log_likelihood, expected["loglik"], rtol=mixed.log_likelihood)
    np.testing.assert_allclose([fit.aic, fit.bic], [expected["aic"], expected["bic"]], rtol=mixed.log_likelihood)
    same_f_tests(fit.anova(), expected["anova"])
    np.testing.assert_allclose(fit.fitted_values.head(8), expected["fitted"], rtol=mixed.effect)
    for name, effects in expected["effects"].items():
        scale = float(fit.variance_components.set_index("group").loc[name, "std_dev"])
        found = fit.random_effects[name].head(5)
        np.testing.assert_allclose(found, effects, rtol=mixed.effect, atol=mixed.effect * max(scale, 1e-3))


@pytest.fixture(scope="module")
def compare(same_coefficients: Any, same_variances: Any, same_f_tests: Any) -> tuple[Any, Any, Any]:
    """The three comparisons with R."""
    return same_coefficients, same_variances, same_f_tests


@pytest.mark.parametrize("reml", [True, False])
def test_sleepstudy_is_lme4_s(reml: bool, sleepstudy: Any, golden: Any, compare: Any, mixed: MixedTolerances) -> None:
    """One random intercept, by REML and ML, on lme4's own example."""
    answers = golden("sleepstudy")
    fit = fit_mixed_model(answers["formula"], sleepstudy, reml)
    _check_all(fit, answers["reml" if reml else "ml"], compare, mixed)


def test_sleepstudy_gives_the_numbers_that_lme4_prints(sleepstudy: Any) -> None:
    """Reaction ~ Days + (1 | Subject): 251.405 (9.747), 10.467 (0.804); SD 37.12 and 30.99; REML criterion 1786.5."""
    fit = fit_mixed_model("Reaction ~ Days + (1 | Subject)", sleepstudy)
    assert fit.coefficients["estimate"].round(4).tolist() == [251.4051, 10.4673]
    assert fit.coefficients["std_error"].round(4).tolist() == [9.7467, 0.8042]
    assert fit.variance_components["std_dev"].round(2).tolist() == [37.12, 30.99]
    assert round(-2 * fit.log_likelihood, 1) == 1786.5


def test_sleepstudy_by_kenward_roger(sleepstudy: Any, golden: Any, same_coefficients: Any, same_f_tests: Any) -> None:
    """Adjusted standard errors and df on a balanced design with a covariate."""
    answers = golden("sleepstudy")
    fit = fit_mixed_model(answers["formula"], sleepstudy)
    same_coefficients(fit.coefficient_table("kenward-roger"), answers["kr"]["names"], answers["kr"]["columns"])
    same_f_tests(fit.anova("kenward-roger"), answers["anova_kr"])


def test_a_likelihood_ratio_test_is_r_s_anova(sleepstudy: Any, golden: Any, mixed: MixedTolerances) -> None:
    """Two REML fits are refitted by ML; statistic, df and p as R's anova(m0, m1)."""
    expected = golden("sleepstudy")["lrt"]
    smaller = fit_mixed_model("Reaction ~ 1 + (1 | Subject)", sleepstudy)
    larger = fit_mixed_model("Reaction ~ Days + (1 | Subject)", sleepstudy)
    test = likelihood_ratio_test(smaller, larger)
    assert test.df == expected["Df"]
    np.testing.assert_allclose(test.statistic, expected["Chisq"], rtol=mixed.estimate)
    np.testing.assert_allclose(test.p_value, expected["Pr(>Chisq)"], rtol=mixed.p_value)
    assert "maximum likelihood" in test.method


@pytest.mark.parametrize("reml", [True, False])
def test_three_random_intercepts_crossed_and_nested(
    reml: bool, crossed: Any, golden: Any, compare: Any, mixed: MixedTolerances
) -> None:
    """Raters crossed with images within identities, unbalanced, by REML and ML; lme4's names for nested groups."""
    answers = golden("crossed")
    fit = fit_mixed_model(answers["formula"], crossed, reml)
    _check_all(fit, answers["reml" if reml else "ml"], compare, mixed)
    assert not fit.singular


def test_without_an_intercept_factors_are_coded_as_in_r(
    crossed: Any, golden: Any, compare: Any, mixed: MixedTolerances
) -> None:
    """`0 + emotion + group:emotion`: all levels of emotion, and group within each."""
    answers = golden("crossed")["no_intercept"]
    _check_all(fit_mixed_model(answers["formula"], crossed), answers["reml"], compare, mixed)


def test_a_random_intercept_without_variance_is_left_at_zero(
    crossed: Any, golden: Any, compare: Any, mixed: MixedTolerances
) -> None:
    """Batches do not matter: their variance is exactly zero, a message says so, all else is R's."""
    answers = golden("crossed")["singular"]
    fit = fit_mixed_model(answers["formula"], crossed)
    assert fit.singular
    assert fit.theta["batch"] == 0.0
    assert any("singular" in message and "batch" in message for message in fit.messages)
    assert (fit.random_effects["batch"] == 0).all()
    _check_all(fit, answers["reml"], compare, mixed)


def test_marginal_means_and_contrasts_of_crossed_models(crossed: Any, golden: Any, mixed: MixedTolerances) -> None:
    """Means of emotions within groups, and all their differences, as emmeans gives them (unadjusted)."""
    answers = golden("crossed")
    fit = fit_mixed_model(answers["formula"], crossed)
    means, contrasts = fit.marginal_means("emotion", by="group"), fit.contrasts("emotion", by="group")
    assert list(contrasts["contrast"]) == ["happy - neutral", "sad - neutral", "sad - happy"] * 2
    for ours, rows, estimate in ((means, "means", "emmean"), (contrasts, "contrasts", "estimate")):
        theirs = pd.DataFrame(answers[rows])
        assert list(ours["group"]) == list(theirs["group"])
        np.testing.assert_allclose(ours["estimate"], theirs[estimate], rtol=mixed.estimate)
        np.testing.assert_allclose(ours["std_error"], theirs["SE"], rtol=mixed.estimate)
        np.testing.assert_allclose(ours["df"], theirs["df"], rtol=mixed.df)
        np.testing.assert_allclose(ours["ci_high"], theirs["upper.CL"], rtol=mixed.df)
    np.testing.assert_allclose(contrasts["p_value"], pd.DataFrame(answers["contrasts"])["p.value"], rtol=mixed.p_value)


def test_a_likelihood_ratio_test_of_an_interaction(crossed: Any, golden: Any, mixed: MixedTolerances) -> None:
    """Two coefficients more, three random intercepts."""
    answers = golden("crossed")
    larger = fit_mixed_model(answers["formula"], crossed, reml=False)
    smaller = fit_mixed_model(answers["formula"].replace("*", "+"), crossed, reml=False)
    test = likelihood_ratio_test(smaller, larger)
    assert test.df == answers["lrt"]["Df"]
    np.testing.assert_allclose(test.statistic, answers["lrt"]["Chisq"], rtol=mixed.variance)


def test_kenward_roger_of_an_unbalanced_interaction(
    crossed: Any, golden: Any, same_coefficients: Any, same_f_tests: Any, mixed: MixedTolerances
) -> None:
    """Groups of many sizes: coefficients, F tests and contrasts as pbkrtest and emmeans give them."""
    answers = golden("crossed")["one"]
    fit = fit_mixed_model(answers["formula"], crossed)
    same_coefficients(fit.coefficient_table("kenward-roger"), answers["kr"]["names"], answers["kr"]["columns"])
    same_f_tests(fit.anova("kenward-roger"), answers["anova_kr"])
    contrasts = fit.contrasts("group", by="emotion", method="kenward-roger")
    expected = pd.DataFrame(answers["contrasts_kr"])
    np.testing.assert_allclose(contrasts["std_error"], expected["SE"], rtol=mixed.estimate)
    np.testing.assert_allclose(contrasts["df"], expected["df"], rtol=mixed.df)
    np.testing.assert_allclose(contrasts["p_value"], expected["p.value"], rtol=mixed.p_value)


def test_a_near_repeat_of_a_column_keeps_all_digits(golden: Any, mixed: MixedTolerances) -> None:
    """The coefficient of a covariate that differs from a column by 1e-5 is that of the difference, rescaled."""
    answers = golden("collinear")
    expected = answers["reparametrised"]["coefficients"]
    fit = fit_mixed_model(answers["formula"], pd.read_csv(GOLDEN / "collinear.csv"))
    ours = fit.coefficients.set_index("term").loc["x"]
    place = expected["names"].index("z")
    estimate, std_error, df = (column[place] for column in expected["columns"][:3])
    np.testing.assert_allclose(ours["estimate"], estimate * answers["scale"], rtol=mixed.estimate)
    np.testing.assert_allclose(ours["std_error"], std_error * answers["scale"], rtol=mixed.estimate)
    np.testing.assert_allclose(ours["df"], df, rtol=mixed.df)
