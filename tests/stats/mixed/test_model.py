"""What a fitted model is asked: tables, predictions, comparison, print."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import threadpoolctl

import vlmrate.stats.mixed
from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed import fit_mixed_model, likelihood_ratio_test
from vlmrate.stats.mixed.numbers import fixed, p_values, significant
from vlmrate.stats.mixed.threads import one_blas_thread

if TYPE_CHECKING:
    from stats.tolerances import MixedTolerances

FORMULA = "rating ~ group * emotion + (1 | rater) + (1 | image_id)"


def test_tables_have_the_columns_promised(crossed: Any) -> None:
    """Others rely on the names."""
    fit = fit_mixed_model(FORMULA, crossed)
    assert list(fit.coefficients) == ["term", "estimate", "std_error", "df", "statistic", "p_value"]
    assert list(fit.variance_components) == ["group", "variance", "std_dev", "share"]
    assert list(fit.anova()) == ["term", "sum_sq", "mean_sq", "num_df", "den_df", "statistic", "p_value", "note"]
    assert (fit.anova()["note"] == "").all()
    means = ["group", "emotion", "estimate", "std_error", "df", "ci_low", "ci_high", "note"]
    assert list(fit.marginal_means("group", by="emotion")) == means
    assert list(fit.contrasts("group", by="emotion"))[:3] == ["contrast", "emotion", "estimate"]
    assert fit.dropped == ()
    assert fit.messages == ()


def test_variance_components_are_ordered_by_levels_and_shares_sum_to_one(crossed: Any) -> None:
    """Images (24) before raters (12), the residual last; a share is of the sum."""
    table = fit_mixed_model(FORMULA, crossed).variance_components
    assert list(table["group"]) == ["image_id", "rater", "Residual"]
    assert table["share"].sum() == pytest.approx(1)
    np.testing.assert_allclose(table["std_dev"] ** 2, table["variance"])
    np.testing.assert_allclose(table["share"], table["variance"] / table["variance"].sum())


def test_mean_squares_are_f_times_the_residual_variance(crossed: Any) -> None:
    """lmerTest's sums of squares."""
    fit = fit_mixed_model(FORMULA, crossed)
    table = fit.anova()
    np.testing.assert_allclose(table["mean_sq"], table["statistic"] * fit.residual_variance)
    np.testing.assert_allclose(table["sum_sq"], table["mean_sq"] * table["num_df"])


def test_standard_errors_are_the_roots_of_the_covariance_s_diagonal(crossed: Any) -> None:
    """And intervals are symmetric about the estimates, wider at a higher level."""
    fit = fit_mixed_model(FORMULA, crossed)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), fit.coefficients["std_error"])
    narrow, wide = fit.confidence_intervals(0.9), fit.confidence_intervals()
    assert (narrow["ci_low"] > wide["ci_low"]).all()
    np.testing.assert_allclose((wide["ci_low"] + wide["ci_high"]) / 2, wide["estimate"])


def test_without_by_a_marginal_mean_averages_the_other_factors_alike(crossed: Any) -> None:
    """The mean of a group's three cells, however often each occurs."""
    fit = fit_mixed_model(FORMULA, crossed)
    cells = fit.marginal_means("group", by="emotion")
    overall = fit.marginal_means("group")
    np.testing.assert_allclose(overall["estimate"], cells.groupby("group")["estimate"].mean())
    assert list(fit.marginal_means("group", by=["emotion"])["estimate"]) == list(cells["estimate"])


def test_covariates_are_held_at_their_mean(sleepstudy: Any) -> None:
    """The marginal mean of a factor is the prediction at the mean day."""
    data = sleepstudy.assign(half=np.where(sleepstudy["Subject"] < "335", "first", "second"))
    fit = fit_mixed_model("Reaction ~ half + Days + (1 | Subject)", data)
    rows = pd.DataFrame({"half": ["first", "second"], "Days": data["Days"].mean()})
    np.testing.assert_allclose(fit.marginal_means("half")["estimate"], fit.predict(rows, random=False))


def test_predictions_of_the_rows_fitted_are_the_fitted_values(crossed: Any) -> None:
    """With random effects, nested groups too; residuals are what is left, and without them the fixed part stays."""
    fit = fit_mixed_model("rating ~ emotion + (1 | rater) + (1 | identity/image_id)", crossed)
    np.testing.assert_allclose(fit.predict(crossed), fit.fitted_values)
    np.testing.assert_allclose(fit.residuals + fit.fitted_values, crossed["rating"])
    fixed_part = fit.predict(crossed[["emotion"]], random=False)
    by_emotion = fixed_part.groupby(crossed["emotion"], observed=True).nunique()
    assert (by_emotion == 1).all()


def test_predictions_for_unknown_levels_are_refused(crossed: Any) -> None:
    """A rater never fitted has no effect to add; an emotion never fitted has no coefficient; a hole has no value."""
    fit = fit_mixed_model(FORMULA, crossed)
    row = crossed.head(1)
    with pytest.raises(AnalysisError, match=r"rater has no level 'new'.*random=False"):
        fit.predict(row.assign(rater="new"))
    assert fit.predict(row.assign(rater="new"), random=False).notna().all()
    with pytest.raises(AnalysisError, match="emotion has no level 'rage'"):
        fit.predict(row.assign(emotion="rage"))
    with pytest.raises(AnalysisError, match="group has no value in 1 of 1 rows"):
        fit.predict(row.assign(group=None))
    with pytest.raises(AnalysisError, match="no column image_id"):
        fit.predict(row.drop(columns="image_id"))


def test_a_cell_never_seen_cannot_be_predicted(crossed: Any) -> None:
    """With an empty cell the fixed part does not determine it."""
    part = crossed[(crossed["group"] != "worker") | (crossed["emotion"] != "sad")]
    fit = fit_mixed_model(FORMULA, part)
    assert fit.dropped == ("groupworker:emotionsad",)
    with pytest.raises(AnalysisError, match="do not determine"):
        fit.predict(crossed, random=False)
    notes = fit.marginal_means("group")["note"]
    assert notes.str.contains("not estimable").tolist() == [False, True]


def test_effects_average_to_zero_and_shrink(sleepstudy: Any) -> None:
    """In a balanced design predicted effects sum to zero and are smaller than the means they come from."""
    fit = fit_mixed_model("Reaction ~ Days + (1 | Subject)", sleepstudy)
    effects = fit.random_effects["Subject"]
    means = sleepstudy.groupby("Subject")["Reaction"].mean() - sleepstudy["Reaction"].mean()
    assert effects.sum() == pytest.approx(0, abs=1e-8)
    shrinkage = effects / means.loc[effects.index]
    np.testing.assert_allclose(shrinkage, shrinkage.iloc[0])
    assert 0 < shrinkage.iloc[0] < 1


def test_reml_fits_that_differ_in_random_intercepts_compare_as_they_are(crossed: Any) -> None:
    """With refit=False the restricted likelihoods are taken; identical otherwise to twice their difference."""
    small = fit_mixed_model("rating ~ emotion + (1 | image_id)", crossed)
    large = fit_mixed_model("rating ~ emotion + (1 | image_id) + (1 | rater)", crossed)
    test = likelihood_ratio_test(small, large, refit=False)
    assert test.statistic == pytest.approx(2 * (large.log_likelihood - small.log_likelihood))
    assert (test.df, test.n) == (1, len(crossed))
    assert "REML" in test.method


def test_refitting_by_ml_is_fitting_by_ml(crossed: Any, mixed: MixedTolerances) -> None:
    """The same optimum, and back again the same object."""
    fit = fit_mixed_model(FORMULA, crossed)
    again, direct = fit.refitted(reml=False), fit_mixed_model(FORMULA, crossed, reml=False)
    assert again.log_likelihood == pytest.approx(direct.log_likelihood, rel=mixed.invariant)
    assert fit.refitted(reml=True) is fit


def test_a_fit_prints_as_lme4_users_expect(sleepstudy: Any) -> None:
    """The blocks, headings and numbers of lmerTest's summary, line by line."""
    text = str(fit_mixed_model("Reaction ~ Days + (1 | Subject)", sleepstudy))
    assert text.splitlines() == [
        "Linear mixed model fit by REML. t-tests use Satterthwaite's method",
        "Formula: Reaction ~ Days + (1 | Subject)",
        "",
        "REML criterion at convergence: 1786.5",
        "",
        "Scaled residuals:",
        "    Min      1Q  Median      3Q     Max",
        "-3.2257 -0.5529  0.0109  0.5188  4.2506",
        "",
        "Random effects:",
        " Groups   Name        Variance Std.Dev. Share",
        " Subject  (Intercept) 1378.2   37.12    58.9%",
        " Residual              960.5   30.99    41.1%",
        "Number of obs: 180, groups:  Subject, 18",
        "",
        "Fixed effects:",
        "            Estimate Std. Error       df t value Pr(>|t|)",
        "(Intercept) 251.4051     9.7467  22.8102   25.79   <2e-16",
        "Days         10.4673     0.8042 161.0000   13.02   <2e-16",
    ]


def test_a_fit_by_ml_prints_its_criteria_and_messages_come_last(crossed: Any) -> None:
    """AIC and the like in the place of the REML criterion; what a reader must know is at the end."""
    fit = fit_mixed_model("rating ~ emotion + (1 | rater) + (1 | image_id) + (1 | batch)", crossed, reml=False)
    text = str(fit)
    assert "fit by maximum likelihood" in text
    assert f"{fit.aic:.1f}" in text
    assert text.splitlines()[-1].startswith("Note: The fit is singular")


def test_numbers_are_printed_as_r_prints_them() -> None:
    """Shared decimals, powers of ten where shorter, inequalities below machine precision."""
    assert fixed(np.array([0.2, 0.0345678, 120]), 4) == ["0.20000", "0.03457", "120.00000"]
    assert significant(np.array([1234.5678, 0.0123]), 3) == ["1.23e+03", "1.23e-02"]
    assert p_values(np.array([0.000396583, 0.681013, 0.0016638, 1e-20]), 3) == [
        "0.000397",
        "0.681013",
        "0.001664",
        "< 2e-16",
    ]
    assert p_values(np.array([7.01e-5, 0.0428, 2.57e-8]), 3) == ["7.01e-05", "0.0428", "2.57e-08"]


def test_one_blas_thread_while_fitting_and_as_many_as_before_after() -> None:
    """Small systems are faster on one thread; nobody else's setting is changed."""

    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = threads()
        with one_blas_thread():
            during = threads()
        after = threads()
    assert set(before) == {2}
    assert set(during) == {1}
    assert after == before


MODULES = [f"vlmrate.stats.mixed.{module.name}" for module in pkgutil.iter_modules(vlmrate.stats.mixed.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name: str) -> None:
    """Every example in a docstring yields exactly the output shown under it."""
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples in {name}"
