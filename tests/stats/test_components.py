"""Variance components with missing cells: R's fits, the analysis of variance where complete, and recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from stats.tables import JUDGES, long, planted
from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Estimate, Icc, VarianceComponents, icc, icc_from_components, reml, variance_components

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
    assert "40 groups of 200 units" in other.method
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


def test_intervals_of_a_complete_table_are_jackknives_of_its_mean_squares(
    estimated: Callable[[object], Estimate],
) -> None:
    """Log mean squares of raters and units, each row or column of numpy's table left out, and t with k - 1 df.

    The residual in a mean square is subtracted; a ratio of mean squares that move with both samples adds variances.
    """
    table = np.random.default_rng(8).normal(0, 2, (12, 1)) + np.random.default_rng(9).normal(0, 1, (12, 7))
    told, icc_told = variance_components(*long(table)), icc_from_components(*long(table))
    assert isinstance(told, VarianceComponents)
    assert isinstance(icc_told, Icc)
    (a, b), rows, columns = table.shape, range(12), range(7)
    units = np.log([squares(np.delete(table, i, 0)) for i in rows])
    raters = np.log([squares(np.delete(table, j, 1)) for j in columns])
    unit, rater, error = squares(table)
    half_e, half_r = spread(units[:, 2]), spread(raters[:, 1])
    (e_low, e_high), (r_low, r_high) = error * np.exp([-half_e, half_e]), rater / a * np.exp([-half_r, half_r])
    assert (estimated(told.residual).ci_low, estimated(told.residual).ci_high) == pytest.approx((e_low, e_high))
    value = (rater - error) / a
    assert estimated(told.rater).ci_low == pytest.approx(
        max(0.0, value - np.hypot(rater / a - r_low, (e_high - error) / a))
    )
    assert estimated(told.rater).ci_high == pytest.approx(value + np.hypot(r_high - rater / a, (error - e_low) / a))
    half = spread(units[:, 0] - units[:, 2])
    low, high = unit / error * np.exp([-half, half])
    consistency = estimated(icc_told.consistency)
    assert consistency.ci_low == pytest.approx((low - 1) / (low + b - 1))
    assert consistency.ci_high == pytest.approx((high - 1) / (high + b - 1))


def squares(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean squares of units (rows), raters and residual."""
    (n, k), of_units, of_raters = table.shape, table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = table - of_units - of_raters + table.mean()
    return np.array([k * of_units.var(ddof=1), n * of_raters.var(ddof=1), (rest**2).sum() / ((n - 1) * (k - 1))])


def spread(logs: NDArray[np.float64]) -> float:
    """Half the width of a jackknife interval."""
    k = len(logs)
    return float(t.ppf(0.975, k - 1) * np.sqrt((k - 1) / k * ((logs - logs.mean()) ** 2).sum()))


def test_no_variance_and_no_limit_is_below_0(estimated: Callable[[object], Estimate]) -> None:
    """Ratings of noise alone: what is estimated below 0 is shown as 0, in words; the correlations keep their sign."""
    table = np.random.default_rng(3).normal(size=(10, 5))
    told, correlations = variance_components(*long(table)), icc_from_components(*long(table))
    assert isinstance(told, VarianceComponents)
    for part in (told.unit, told.rater, told.unit_share, told.rater_share):
        one = estimated(part)
        assert (one.value, one.ci_low) == (0.0, 0.0)
        assert one.ci_high > 0
        assert "estimated at -0.0" in one.method
    assert estimated(told.residual_share).value == estimated(told.residual_share).ci_high == 1.0
    assert isinstance(correlations, Icc)
    assert estimated(correlations.agreement).value < 0


def test_additive_table_leaves_no_residual(estimated: Callable[[object], Estimate]) -> None:
    """Raters who differ in severity alone: a residual of 0 and a consistency of 1 without width, not an error."""
    table = np.add.outer([0.0, 1, 3, 6, 7], [0.0, 2, 3, 9])
    told, correlations = variance_components(*long(table)), icc_from_components(*long(table))
    assert isinstance(told, VarianceComponents)
    assert isinstance(correlations, Icc)
    for one in (estimated(told.residual), estimated(told.residual_share)):
        assert (one.value, one.ci_low, one.ci_high) == (0.0, 0.0, 0.0)
        assert "no width" in one.method
    consistent = estimated(correlations.consistency)
    assert (consistent.value, consistent.ci_low, consistent.ci_high) == (1.0, 1.0, 1.0)
    assert 0 < estimated(correlations.agreement).ci_low < estimated(correlations.agreement).ci_high < 1


def test_two_raters_do_not_speak_of_others(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """What rests on a sample of raters is Skipped with two of them; units and consistency have their intervals."""
    rows = long(np.random.default_rng(1).normal(size=(20, 1)) + np.random.default_rng(2).normal(size=(20, 2)))
    told, correlations = variance_components(*rows), icc_from_components(*rows)
    assert isinstance(told, VarianceComponents)
    assert isinstance(correlations, Icc)
    for outcome in (told.rater, told.rater_share, correlations.agreement, correlations.agreement_k):
        assert "three raters" in skipped(outcome)
    assert estimated(told.unit).ci_low < estimated(correlations.consistency).ci_high


@pytest.mark.slow
@pytest.mark.parametrize(("units", "raters", "each"), [(30, 8, 8), (30, 8, 4), (60, 20, 6), (60, 50, 10)])
def test_planted_variances_and_correlations_are_covered(units: int, raters: int, each: int) -> None:
    """Of 400 studies that draw units and raters anew, 92 to 98 in 100 intervals hold each planted value.

    Complete tables and planned missing cells. Three Monte Carlo standard errors of a share of .95 (.011) are granted.
    """
    sd = (1.0, 0.7, 1.2)
    unit, rater, residual = (x**2 for x in sd)
    total = unit + rater + residual
    held: dict[str, list[bool]] = {}
    for seed in range(400):
        rows = planted(seed, units, raters, each, sd)
        told, correlations = variance_components(*rows), icc_from_components(*rows)
        assert isinstance(told, VarianceComponents)
        assert isinstance(correlations, Icc)
        k = correlations.k
        truths = {
            "unit": (told.unit, unit),
            "rater": (told.rater, rater),
            "residual": (told.residual, residual),
            "unit share": (told.unit_share, unit / total),
            "rater share": (told.rater_share, rater / total),
            "residual share": (told.residual_share, residual / total),
            "ICC(A,1)": (correlations.agreement, unit / total),
            "ICC(A,k)": (correlations.agreement_k, unit / (unit + (rater + residual) / k)),
            "ICC(C,1)": (correlations.consistency, unit / (unit + residual)),
            "ICC(C,k)": (correlations.consistency_k, unit / (unit + residual / k)),
        }
        for name, (outcome, truth) in truths.items():
            assert isinstance(outcome, Estimate), outcome
            held.setdefault(name, []).append(outcome.ci_low <= truth <= outcome.ci_high)
    shares = {name: float(np.mean(hits)) for name, hits in held.items()}
    assert {name: share for name, share in shares.items() if not 0.917 <= share <= 0.983} == {}


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
