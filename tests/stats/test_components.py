"""Variance components with missing cells: R's fits, the analysis of variance where complete, and recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.tables import JUDGES, long, planted
from vlmrate.errors import AnalysisError
from vlmrate.stats import Icc, VarianceComponents, icc, icc_from_components, reml, variance_components

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vlmrate.stats import Estimate

    from .conftest import Tolerances


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
    np.testing.assert_allclose(told, golden["components"]["reml_complete"], rtol=1e-5)
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
        variances(variance_components(*judges_with_gaps, estimator=reml)), golden["components"]["reml"], rtol=1e-5
    )
    complete = variances(variance_components(*long(JUDGES), estimator=reml))
    np.testing.assert_allclose(complete, variances(variance_components(*long(JUDGES))), rtol=1e-6)


def test_groups_stand_for_their_clusters(estimated: Callable[[object], Estimate]) -> None:
    """Forty groups of 200 units have much the same interval, and say that they are groups."""
    rows = planted(6)
    fine, coarse = (variance_components(*rows, groups=groups) for groups in (None, 40))
    assert isinstance(fine, VarianceComponents)
    assert isinstance(coarse, VarianceComponents)
    one, other = estimated(fine.unit), estimated(coarse.unit)
    assert other.value == one.value
    assert other.ci_high - other.ci_low == pytest.approx(one.ci_high - one.ci_low, rel=0.3)
    assert "40 groups of 200 clusters" in other.method
    with pytest.raises(AnalysisError, match="three groups"):
        variance_components(*rows, groups=2)


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


def test_table_in_two_parts_is_no_obstacle(estimated: Callable[[object], Estimate]) -> None:
    """Two sets of raters with two sets of images: the degrees of freedom count both parts."""
    first, second = planted(1, 60, 20, 10), planted(2, 60, 20, 10)
    both = [np.concatenate([a, b + shift]) for a, b, shift in zip(first, second, (60, 20, 0), strict=True)]
    told = variances(variance_components(*both))
    np.testing.assert_allclose(told, [1, 0.49, 1.44], rtol=0.5)
    design = np.hstack([np.eye(120)[both[0]], np.eye(40)[both[1]]])
    residual = both[2] - design @ np.linalg.lstsq(design, both[2], rcond=None)[0]
    assert told[2] == pytest.approx(float(residual @ residual) / (1200 - 158), rel=1e-9)


@pytest.mark.slow
def test_planted_variances_are_recovered_and_covered() -> None:
    """Over 60 studies the estimates centre on what was planted, and most unit and residual intervals hold it."""
    true = np.array([1.0, 0.49, 1.44])
    found, held = [], np.zeros(3)
    for seed in range(60):
        told = variance_components(*planted(seed))
        found.append(variances(told))
        assert isinstance(told, VarianceComponents)
        for i, part in enumerate((told.unit, told.rater, told.residual)):
            held[i] += part.ci_low <= true[i] <= part.ci_high  # type: ignore[union-attr]
    np.testing.assert_allclose(np.mean(found, axis=0), true, rtol=0.06)
    assert held[0] >= 53
    assert held[2] >= 53
    # The interval leaves out units, with these raters: it cannot cover the variance among all raters.
    assert held[1] < 60


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
    assert estimated(told.agreement_k).value == pytest.approx(10 * single / (1 + 9 * single), abs=1e-12)
    default = icc_from_components(*judges_with_gaps)
    assert isinstance(default, Icc)
    assert default.k == pytest.approx(6 / np.sum(1 / np.bincount(judges_with_gaps[0])))


def test_whole_clusters_are_left_out(estimated: Callable[[object], Estimate], skipped: Callable[[object], str]) -> None:
    """The method tells the identities; two are too few; a confidence level is a share."""
    unit, rater, value = planted(3, units=30, raters=10, each=5)
    told = variance_components(unit, rater, value, clusters=unit // 6)
    assert isinstance(told, VarianceComponents)
    assert "5 clusters" in estimated(told.unit).method
    assert "three clusters" in skipped(variance_components(unit, rater, value, clusters=unit // 15))
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        variance_components(unit, rater, value, level=1)


def test_another_estimator_takes_its_place(estimated: Callable[[object], Estimate]) -> None:
    """What is put in for Henderson's method is what the correlations are made of."""
    unit, rater, value = planted(4, units=12, raters=6, each=4)
    told = icc_from_components(
        unit, rater, value, estimator=lambda _: lambda weights: np.tile([3.0, 1.0, 2.0], (len(weights), 1))
    )
    assert isinstance(told, Icc)
    assert estimated(told.agreement).value == pytest.approx(0.5)
    assert estimated(told.consistency).value == pytest.approx(0.6)


def test_what_cannot_be_split_is_skipped(skipped: Callable[[object], str]) -> None:
    """Too few cells, one rater, no variance, a repeat; a quantity lost with one cluster left out."""
    assert "too few" in skipped(variance_components([1, 1, 2, 2], list("ABBC"), [1, 2, 3, 4]))
    assert "2 raters" in skipped(variance_components([1, 2], ["A", "A"], [1, 2]))
    assert "no variance" in skipped(icc_from_components([1, 1, 2, 2, 3, 3], list("ABABAB"), [4] * 6))
    assert "more than once" in skipped(variance_components([1, 1], ["A", "A"], [1, 2]))
    told = variance_components([1, 1, 2, 2, 3, 3], list("ABABAC"), [1, 2, 3, 4, 5, 7])
    assert isinstance(told, VarianceComponents)
    assert "left out" in skipped(told.residual)
    lost = variance_components(
        [1, 1, 2, 2, 3, 3], list("ABABAB"), [1, 2, 3, 4, 5, 7],
        estimator=lambda _: lambda weights: np.full((len(weights), 3), np.nan),
    )  # fmt: skip
    assert isinstance(lost, VarianceComponents)
    assert "not defined for these data" in skipped(lost.unit)
