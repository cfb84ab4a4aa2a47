"""Against R on the reference material: balanced, thinned, empty cell, no variance, near-collinear, crossed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from vlmrate.stats.mixed import fit_mixed_model

if TYPE_CHECKING:
    from stats.tolerances import MixedTolerances

SETS = {"a": "a", "a_demo": "a", "d1": "d1", "d1e": "d1e", "d2": "d2", "b0": "b", "b": "b", "d4": "d4"}
AT_THETA = {"a": "a", "a_demo": "a", "d1": "d1", "b0": "b", "b": "b", "d4": "d4"}


@pytest.mark.parametrize("name", SETS)
def test_a_fit_is_that_of_r_with_a_tight_optimiser(
    name: str, shared: Any, same_coefficients: Any, same_variances: Any, same_f_tests: Any, mixed: MixedTolerances
) -> None:
    """Coefficients, df, variances, log likelihood, singularity and Type III tests agree with lmerTest."""
    data, answers = shared(name, SETS[name])
    fit = fit_mixed_model(answers["formula"], data)
    tight = answers["tight"]
    same_coefficients(fit.coefficients, tight["names"], tight["coef"])
    same_variances(fit, tight["vc"])
    np.testing.assert_allclose(fit.log_likelihood, tight["loglik"], rtol=mixed.log_likelihood)
    assert fit.singular == answers["singular"]
    same_f_tests(fit.anova(), tight["anova"])


@pytest.mark.parametrize("name", AT_THETA)
def test_at_r_s_variance_parameters_hardly_a_digit_differs(
    name: str, shared: Any, same_coefficients: Any, same_variances: Any, mixed: MixedTolerances
) -> None:
    """With the search taken out, estimates and standard errors agree to eight digits and more."""
    data, answers = shared(f"{name}_fixedtheta", AT_THETA[name])
    _, described = shared(name, AT_THETA[name])
    groups = [group for group in answers["vc"] if group != "Residual"]
    theta = dict(zip(groups, np.atleast_1d(answers["theta"]), strict=True))
    fit = fit_mixed_model(described["formula"], data, theta=theta)
    same_coefficients(fit.coefficients, answers["names"], answers["coef"], tight=True)
    same_variances(fit, answers["vc"], tight=True)
    np.testing.assert_allclose(fit.log_likelihood, answers["loglik"], rtol=mixed.log_likelihood)


@pytest.mark.parametrize("name", ["a", "a_demo", "d1"])
def test_kenward_roger_is_that_of_pbkrtest(name: str, shared: Any, same_coefficients: Any, same_f_tests: Any) -> None:
    """Adjusted standard errors, df, and F tests of all terms agree with pbkrtest."""
    data, answers = shared(name, SETS[name])
    fit = fit_mixed_model(answers["formula"], data)
    same_coefficients(fit.coefficient_table("kenward-roger"), answers["tight"]["names"], answers["kr"]["coef"])
    same_f_tests(fit.anova("kenward-roger"), answers["anova_kr"])


@pytest.mark.parametrize("name", ["a", "d1"])
def test_marginal_means_and_contrasts_are_those_of_emmeans(name: str, shared: Any, mixed: MixedTolerances) -> None:
    """Means and differences of rater types within each emotion agree, in the same order, with their intervals."""
    data, answers = shared(name)
    fit = fit_mixed_model(answers["formula"], data)
    means, expected = fit.marginal_means("rater_type", by="emotion"), pd.DataFrame(answers["emm"])
    assert list(zip(means["rater_type"], means["emotion"], strict=True)) == list(
        zip(expected["rater_type"], expected["emotion"], strict=True)
    )
    contrasts, differences = fit.contrasts("rater_type", by="emotion"), pd.DataFrame(answers["contr"])
    assert list(contrasts["contrast"]) == list(differences["contrast"])
    for ours, theirs, estimate in ((means, expected, "emmean"), (contrasts, differences, "estimate")):
        np.testing.assert_allclose(ours["estimate"], theirs[estimate], rtol=mixed.estimate)
        np.testing.assert_allclose(ours["std_error"], theirs["SE"], rtol=mixed.estimate)
        np.testing.assert_allclose(ours["df"], theirs["df"], rtol=mixed.df)
        np.testing.assert_allclose(ours["ci_low"], theirs["lower.CL"], rtol=mixed.estimate)
        np.testing.assert_allclose(ours["ci_high"], theirs["upper.CL"], rtol=mixed.estimate)
    large = differences["p.value"] > mixed.smallest_p
    np.testing.assert_allclose(contrasts["p_value"][large], differences["p.value"][large], rtol=mixed.p_value)


def test_a_covariate_that_nearly_repeats_a_column_costs_no_digits(
    shared: Any, golden: Any, mixed: MixedTolerances
) -> None:
    """With x as it is we agree with lmer where x is written anew; lmer itself stops early, at a lower likelihood."""
    data, answers = shared("d3")
    expected = golden("d3_reparametrised")["reparametrised"]
    fit = fit_mixed_model(answers["formula"], data)
    table = fit.coefficients.set_index("term")
    assert table.loc["x", "df"] == pytest.approx(2058.724, rel=mixed.df)
    assert fit.log_likelihood > answers["tight"]["loglik"]
    columns = expected["coefficients"]["columns"]
    theirs = pd.DataFrame({"se": columns[1], "df": columns[2]}, expected["coefficients"]["names"])
    both = [name for name in table.index if name not in {"x", "rater_typevlm"}]
    np.testing.assert_allclose(table.loc[both, "std_error"], theirs.loc[both, "se"], rtol=mixed.estimate)
    np.testing.assert_allclose(table.loc[both, "df"], theirs.loc[both, "df"], rtol=mixed.df)
    np.testing.assert_allclose(table.loc["x", "std_error"], theirs.loc["z", "se"] * 1e5, rtol=mixed.estimate)
    np.testing.assert_allclose(table.loc["x", "df"], theirs.loc["z", "df"], rtol=mixed.df)
    variances = fit.variance_components.set_index("group")["variance"]
    for name, variance in expected["variances"].items():
        np.testing.assert_allclose(variances[name], variance, rtol=mixed.variance)


def test_the_interaction_of_a_balanced_design_has_whole_df(shared: Any, mixed: MixedTolerances) -> None:
    """1,440 images in six emotions, each rated twice: 1,434 degrees of freedom within images."""
    data, answers = shared("a")
    table = fit_mixed_model(answers["formula"], data).coefficients
    within = table[table["term"].str.contains("rater_type")]
    np.testing.assert_allclose(within["df"], 1434, rtol=mixed.same_weights)


def test_f_statistics_differ_only_by_the_rounding_of_weights(shared: Any, mixed: MixedTolerances) -> None:
    """With the hypothesis rounded to seven digits, as lmerTest does, the F of a small effect agrees to nine."""
    data, answers = shared("d2")
    fit = fit_mixed_model(answers["formula"], data)
    expected = next(row for row in answers["tight"]["anova"] if row["term"] == "rater_type")
    weights = np.array([[0, 1, 0, 0, 0, 0, 0, *[round(1 / 6, 7)] * 5]])
    test = fit._inference("satterthwaite").f_test(fit.design.basis.contrast(weights))
    np.testing.assert_allclose(test.statistic, expected["F value"], rtol=mixed.same_weights)


def test_an_empty_cell_is_named_and_its_contrast_has_no_number(shared: Any) -> None:
    """Without VLM ratings of disgust, the column is dropped, the message says so, and the contrast is not estimable."""
    data, answers = shared("d1e")
    fit = fit_mixed_model(answers["formula"], data)
    assert fit.dropped == ("rater_typevlm:emotiondisgust",)
    assert any("rater_typevlm:emotiondisgust" in message for message in fit.messages)
    contrasts = fit.contrasts("rater_type", by="emotion").set_index("emotion")
    assert np.isnan(contrasts.loc["disgust", "estimate"])
    assert "not estimable" in contrasts.loc["disgust", "note"]
    known = contrasts.drop("disgust")
    assert known["estimate"].notna().all()
    assert (known["note"] == "").all()
