"""The same model written otherwise gives the same answer: properties over random designs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vlmrate.stats.mixed import MixedModelFit, fit_mixed_model

if TYPE_CHECKING:
    from stats.tolerances import MixedTolerances

FORMULAS = ["rating ~ kind * emotion + (1 | image_id)", "rating ~ kind + (1 | rater) + (1 | image_id)"]
quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
seeds = st.integers(0, 2**20)


def _study(seed: int) -> pd.DataFrame:
    """Six to ten raters, nine to twelve images, a tenth of the cells missing; any of the variances may be small."""
    rng = np.random.default_rng(seed)
    raters, images = int(rng.integers(6, 10)), int(rng.integers(9, 12))
    rater, image = (part.ravel() for part in np.indices((raters, images)))
    seen = (rng.random(rater.size) > 0.1) | (rater < 2)
    rater, image = rater[seen], image[seen]
    rating = rng.normal(0, rng.random(), raters)[rater] + rng.normal(0, rng.random(), images)[image]
    columns = {"rater": rater, "image_id": image, "kind": np.where(rater % 2, "vlm", "human")}
    emotions = np.array(["angry", "happy", "sad"])[image % 3]
    return pd.DataFrame(columns | {"emotion": emotions, "rating": rating + rng.normal(size=rater.size)})


def _same(one: MixedModelFit, other: MixedModelFit, tolerance: float, scale: float = 1.0) -> None:
    """Slopes, standard errors, df and variances agree, the other's response being `scale` times the one's."""
    for column, factor in (("estimate", scale), ("std_error", abs(scale)), ("df", 1.0)):
        np.testing.assert_allclose(
            other.coefficients[column][1:], factor * one.coefficients[column][1:], rtol=tolerance, atol=1e-9 * factor
        )
    theirs = other.variance_components["variance"].to_numpy() / scale**2
    np.testing.assert_allclose(theirs, one.variance_components["variance"], rtol=tolerance, atol=1e-9)


@quick
@pytest.mark.parametrize("formula", FORMULAS)
@given(seed=seeds)
def test_the_order_of_rows_does_not_matter(formula: str, seed: int, mixed: MixedTolerances) -> None:
    """Shuffled rows give the same fit."""
    data = _study(seed)
    shuffled = data.sample(frac=1, random_state=seed)
    _same(fit_mixed_model(formula, data), fit_mixed_model(formula, shuffled), mixed.variance)


@quick
@pytest.mark.parametrize("formula", FORMULAS)
@given(seed=seeds)
def test_the_names_of_groups_do_not_matter(formula: str, seed: int, mixed: MixedTolerances) -> None:
    """Images and raters may be numbers, text or categories, in any order."""
    data = _study(seed)
    rng = np.random.default_rng(seed)
    names = rng.permutation(1000)
    renamed = data.assign(
        image_id=[f"face-{names[number]}.jpg" for number in data["image_id"]],
        rater=pd.Categorical([f"{names[number]}" for number in data["rater"]]),
    )
    _same(fit_mixed_model(formula, data), fit_mixed_model(formula, renamed), mixed.variance)


@quick
@pytest.mark.parametrize("formula", FORMULAS)
@given(seed=seeds, shift=st.floats(-1e3, 1e3), scale=st.sampled_from([-2.5, 1e-6, 1e6]))
def test_shifting_and_scaling_the_response_does_the_same_to_the_fit(
    formula: str, seed: int, shift: float, scale: float, mixed: MixedTolerances
) -> None:
    """Estimates scale, variances by the square, df not at all; the shift goes into the intercept."""
    data = _study(seed)
    one = fit_mixed_model(formula, data)
    other = fit_mixed_model(formula, data.assign(rating=scale * (data["rating"] + shift)))
    _same(one, other, mixed.variance, scale)
    intercept = scale * (one.coefficients["estimate"][0] + shift)
    assert other.coefficients["estimate"][0] == pytest.approx(intercept, rel=mixed.variance, abs=1e-9 * abs(scale))


@quick
@given(seed=seeds)
def test_the_reference_level_does_not_change_the_model(seed: int, mixed: MixedTolerances) -> None:
    """With another level first: the same likelihood, F tests, marginal means, and contrasts turned round."""
    data = _study(seed)
    turned = data.assign(kind=pd.Categorical(data["kind"], ["vlm", "human"]))
    one, other = fit_mixed_model(FORMULAS[0], data), fit_mixed_model(FORMULAS[0], turned)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=mixed.invariant)
    np.testing.assert_allclose(one.anova()["statistic"], other.anova()["statistic"], rtol=mixed.variance)
    contrasts, reverse = one.contrasts("kind", by="emotion"), other.contrasts("kind", by="emotion")
    np.testing.assert_allclose(contrasts["estimate"], -reverse["estimate"], rtol=mixed.variance, atol=1e-9)
    np.testing.assert_allclose(contrasts["p_value"], reverse["p_value"], rtol=mixed.p_value)


@quick
@given(seed=seeds, reml=st.booleans())
@example(seed=103084, reml=False)  # on these data average-information steps go to and fro
def test_the_optimum_is_one(seed: int, reml: bool) -> None:
    """No nearby variances have a higher likelihood, at zero as elsewhere."""
    data = _study(seed)
    best = fit_mixed_model(FORMULAS[1], data, reml)
    for name in best.theta:
        for change in (0.97, 1.03):
            moved = {**best.theta, name: max(best.theta[name], 0.01) * change}
            near = fit_mixed_model(FORMULAS[1], data, reml, theta=moved)
            assert near.log_likelihood <= best.log_likelihood + 1e-8


@quick
@given(seed=seeds)
def test_f_with_one_degree_of_freedom_is_t_squared(seed: int, mixed: MixedTolerances) -> None:
    """By both methods, a term of one coefficient is tested alike by t and F."""
    fit = fit_mixed_model("rating ~ kind + (1 | image_id)", _study(seed))
    for method in ("satterthwaite", "kenward-roger"):
        t, f = fit.coefficient_table(method).iloc[1], fit.anova(method).iloc[0]
        assert f["statistic"] == pytest.approx(t["statistic"] ** 2, rel=mixed.invariant)
        assert f["den_df"] == pytest.approx(t["df"], rel=mixed.invariant)
        assert f["p_value"] == pytest.approx(t["p_value"], rel=mixed.variance)
