"""Values of variance components with missing cells: R's fits, the analysis of variance where complete, recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.tables import JUDGES, long, planted
from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    Estimate,
    Icc,
    VarianceComponents,
    icc,
    icc_from_components,
    reml,
    spearman_brown,
    variance_components,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances


FORMS = ("one_way", "agreement", "consistency", "one_way_k", "agreement_k", "consistency_k")


def variances(told: object) -> NDArray[np.float64]:
    """Unit, rater and residual."""
    assert isinstance(told, VarianceComponents), told
    return np.array([getattr(told, part).value for part in ("unit", "rater", "residual")])


@pytest.fixture
def judges_with_gaps(golden: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Shrout & Fleiss' table without four of its cells."""
    kept = np.array(golden["components"]["rows"]) - 1
    units, raters, values = (column.reshape(6, 4).T.ravel() for column in long(JUDGES))
    return units[kept], raters[kept], values[kept]


def test_gaps_are_rs_fits_of_constants(
    judges_with_gaps: tuple[Any, Any, Any], golden: dict[str, Any], tolerance: Tolerances
) -> None:
    """Henderson's method 3 from R's lm of both factors; lme4's REML of the same rows lies within a sixth."""
    told = variances(variance_components(*judges_with_gaps))
    np.testing.assert_allclose(told, golden["components"]["constants"], rtol=tolerance.reference)
    np.testing.assert_allclose(told, golden["components"]["reml"], rtol=1 / 6)


def test_complete_table_is_the_analysis_of_variance(
    golden: dict[str, Any], estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """Without a missing cell: lme4's REML (to its convergence), and the six values of `icc`."""
    told = variances(variance_components(*long(JUDGES)))
    np.testing.assert_allclose(told, golden["components"]["reml_complete"], rtol=TOLERANCE.converged)
    complete, ours = icc(*long(JUDGES)), icc_from_components(*long(JUDGES))
    assert isinstance(complete, Icc)
    assert isinstance(ours, Icc)
    for form in FORMS:
        assert estimated(getattr(ours, form)).value == pytest.approx(
            estimated(getattr(complete, form)).value, rel=tolerance.reference
        )


def test_reml_is_lme4s(judges_with_gaps: tuple[Any, Any, Any], golden: dict[str, Any]) -> None:
    """With the mixed model's estimator the components are lme4's, with gaps and without, to its convergence."""
    np.testing.assert_allclose(
        variances(variance_components(*judges_with_gaps, estimator=reml)),
        golden["components"]["reml"],
        rtol=TOLERANCE.converged,
    )
    complete = variances(variance_components(*long(JUDGES), estimator=reml))
    np.testing.assert_allclose(complete, variances(variance_components(*long(JUDGES))), rtol=TOLERANCE.optimum)


def test_conjugate_gradients_solve_a_sparse_table(tolerance: Tolerances) -> None:
    """A table a tenth full: the residual sum of squares of numpy's least squares with all dummies."""
    unit, rater, value = planted(0, units=40, raters=30, each=3)
    told = variances(variance_components(unit, rater, value))
    design = np.hstack([np.eye(40)[unit], np.eye(30)[rater]])
    residual = value - design @ np.linalg.lstsq(design, value, rcond=None)[0]
    error = float(residual @ residual) / (len(value) - np.linalg.matrix_rank(design))
    assert told[2] == pytest.approx(error, rel=tolerance.reference)
    raters = np.eye(30)[rater]
    within = value - raters @ np.linalg.lstsq(raters, value, rcond=None)[0]
    filled = len(np.unique(rater))
    assert told[0] == pytest.approx(float(within @ within) / (len(value) - filled) - error, rel=tolerance.reference)


def test_table_in_two_parts_is_no_obstacle(tolerance: Tolerances) -> None:
    """Two sets of raters with two sets of images: the degrees of freedom count both parts."""
    first, second = planted(1, 60, 20, 10), planted(2, 60, 20, 10)
    both = [np.concatenate([a, b + shift]) for a, b, shift in zip(first, second, (60, 20, 0), strict=True)]
    told = variances(variance_components(*both))
    np.testing.assert_allclose(told, [1, 0.49, 1.44], rtol=0.5)
    design = np.hstack([np.eye(120)[both[0]], np.eye(40)[both[1]]])
    residual = both[2] - design @ np.linalg.lstsq(design, both[2], rcond=None)[0]
    assert told[2] == pytest.approx(float(residual @ residual) / (1200 - 158), rel=tolerance.matrices)


@pytest.mark.slow
def test_planted_variances_are_recovered() -> None:
    """Over 60 studies the estimates centre on what was planted."""
    found = [variances(variance_components(*planted(seed))) for seed in range(60)]
    np.testing.assert_allclose(np.mean(found, axis=0), [1.0, 0.49, 1.44], rtol=0.06)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.floats(-50, 50), st.floats(0.1, 20), st.randoms())
def test_rows_names_shift_and_scale(seed: int, shift: float, scale: float, random: Any) -> None:
    """Shuffled rows, new names and a shift leave the components; a scale squares them and leaves the ICCs."""
    unit, rater, value = planted(seed, units=15, raters=8, each=5)
    order = random.sample(range(75), 75)
    names = [f"image {u}" for u in unit[order]]
    told, again = (
        variance_components(unit, rater, value),
        variance_components(names, -rater[order], scale * value[order] + shift),
    )
    np.testing.assert_allclose(variances(again), scale**2 * variances(told), rtol=1e-6, atol=1e-9 * scale**2)
    assert isinstance(told, VarianceComponents)
    assert isinstance(again, VarianceComponents)
    assert again.unit_share.ci_low == pytest.approx(told.unit_share.ci_low, abs=1e-6)  # type: ignore[union-attr]


def test_mean_forms_step_by_the_number_asked_for(
    judges_with_gaps: tuple[Any, Any, Any], estimated: Callable[[object], Estimate]
) -> None:
    """k given: ICC(A,k) is the Spearman-Brown step of ICC(A,1); by default k is the harmonic mean of the counts."""
    told = icc_from_components(*judges_with_gaps, k=10)
    assert isinstance(told, Icc)
    single = estimated(told.agreement).value
    assert estimated(told.agreement_k).value == pytest.approx(
        10 * single / (1 + 9 * single), abs=TOLERANCE.same_algorithm
    )
    default = icc_from_components(*judges_with_gaps)
    assert isinstance(default, Icc)
    assert default.k == pytest.approx(6 / np.sum(1 / np.bincount(judges_with_gaps[0])))


def test_another_estimator_takes_its_place(estimated: Callable[[object], Estimate]) -> None:
    """What is put in for Henderson's method is what the correlations are made of."""
    unit, rater, value = planted(4, units=12, raters=6, each=4)
    told = icc_from_components(
        unit,
        rater,
        value,
        estimator=lambda _, factor: (
            lambda weights: np.tile([{"unit": 3.0, "rater": 1.0}[factor], 2.0], (len(weights), 1))
        ),
    )
    assert isinstance(told, Icc)
    assert estimated(told.agreement).value == pytest.approx(0.5)
    assert estimated(told.consistency).value == pytest.approx(0.6)


@pytest.mark.parametrize("k", [0, -3, np.nan, np.inf, "x", True])
def test_a_number_of_raters_that_cannot_be_is_refused(judges_with_gaps: tuple[Any, Any, Any], k: Any) -> None:
    """The mean of no raters, or of minus three, has no reliability: the sentence is that of `spearman_brown`."""
    for call in (lambda: icc_from_components(*judges_with_gaps, k=k), lambda: spearman_brown(0.5, k)):
        with pytest.raises(AnalysisError, match="A number of raters lies above 0 and is finite, not"):
            call()


@pytest.mark.parametrize("call", [variance_components, icc_from_components])
def test_an_estimator_is_a_function(judges_with_gaps: tuple[Any, Any, Any], call: Callable[..., Any]) -> None:
    """Its name as text is refused in words, not called."""
    with pytest.raises(AnalysisError, match=r"stats.henderson or stats.reml, not 'reml'"):
        call(*judges_with_gaps, estimator="reml")


def test_what_cannot_be_split_is_skipped(skipped: Callable[[object], str]) -> None:
    """Too few cells, one rater, no variance, a repeat; a quantity lost with one left out."""
    assert "too few" in skipped(variance_components([1, 1, 2, 2], list("ABBC"), [1, 2, 3, 4]))
    assert "2 raters" in skipped(variance_components([1, 2], ["A", "A"], [1, 2]))
    assert "no variance" in skipped(icc_from_components([1, 1, 2, 2, 3, 3], list("ABABAB"), [4] * 6))
    assert "more than once" in skipped(variance_components([1, 1], ["A", "A"], [1, 2]))
    told = variance_components([1, 1, 2, 2, 3, 3], list("ABABAC"), [1, 2, 3, 4, 5, 7])
    assert isinstance(told, VarianceComponents)
    assert "left out" in skipped(told.unit)
    lost = variance_components(
        [1, 1, 2, 2, 3, 3], list("ABABAB"), [1, 2, 3, 4, 5, 7],
        estimator=lambda *_: lambda weights: np.full((len(weights), 2), np.nan),
    )  # fmt: skip
    assert isinstance(lost, VarianceComponents)
    assert "not defined for these data" in skipped(lost.unit)
