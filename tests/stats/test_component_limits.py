"""Intervals of variance components: jackknives of mean squares, limits at 0, few raters, and planted truths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import t

from stats.tables import long, planted
from vlmrate.errors import AnalysisError
from vlmrate.stats import Estimate, Icc, VarianceComponents, icc, icc_from_components, variance_components

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


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
    for groups in (2, 3.5, "a", True):
        with pytest.raises(AnalysisError, match="The number of groups to leave out is a whole number of 3 or more"):
            variance_components(*rows, groups=groups)


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


def test_additive_table_leaves_no_residual(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """Raters who differ in severity alone: no residual and a consistency of 1 have no interval, here as in `icc`."""
    table = np.add.outer([0.0, 1, 3, 6, 7], [0.0, 2, 3, 9])
    told, correlations, complete = (f(*long(table)) for f in (variance_components, icc_from_components, icc))
    assert isinstance(told, VarianceComponents)
    assert isinstance(correlations, Icc)
    assert isinstance(complete, Icc)
    for part in (told.residual, told.residual_share):
        assert ": 0 with a standard error of 0" in skipped(part)
    for of in (correlations, complete):
        for form in (of.consistency, of.consistency_k):
            assert ": 1 with a standard error of 0" in skipped(form)
        assert 0 < estimated(of.agreement).ci_low < estimated(of.agreement).ci_high < 1


def test_a_variance_whose_upper_limit_is_below_0_is_no_variance_of_0(skipped: Callable[[object], str]) -> None:
    """Units whose means differ less than chance allows: Skipped, the estimate told, not 0 with no width."""
    table = np.random.default_rng(2).normal(size=(400, 12))
    table = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + 1e-3 * table
    told = variance_components(*long(table))
    assert isinstance(told, VarianceComponents)
    for part in (told.unit, told.unit_share, told.rater):
        assert re.search(r"estimated at -.*upper limit at -.*at 0 or below", skipped(part))
    assert "both other variances" in skipped(told.residual_share)


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
    for outcome in (told.unit, told.residual, correlations.consistency, correlations.consistency_k):
        one = estimated(outcome)
        assert one.ci_low < one.value < one.ci_high
        assert "jackknife over 20 units," in one.method


def test_three_raters_are_bounded_or_said_to_be_too_few(skipped: Callable[[object], str]) -> None:
    """A limit of millions of times the estimate bounds nothing, and at a level near 1 it is beyond all numbers."""
    table = np.random.default_rng(1).normal(size=(20, 1)) + np.random.default_rng(2).normal(size=(20, 3))
    table[:, 2] += 4
    for level in (0.999, 1 - 1e-9):
        told = variance_components(*long(table), level=level)
        assert isinstance(told, VarianceComponents)
        assert "3 raters are too few to bound rater variance" in skipped(told.rater)
        assert isinstance(told.unit, Estimate)


@pytest.mark.slow
@pytest.mark.parametrize(("units", "raters", "each"), [(30, 8, 8), (30, 8, 4), (60, 20, 6), (60, 50, 10)])
def test_planted_variances_and_correlations_are_covered(units: int, raters: int, each: int) -> None:
    """Of 400 studies that draw units and raters anew, 92 to 98 in 100 intervals hold each planted value.

    Complete tables and planned missing cells; what is Skipped holds nothing. Three Monte Carlo standard errors of a
    share of .95 (.011) are granted.
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
            there = isinstance(outcome, Estimate) and outcome.ci_low <= truth <= outcome.ci_high
            held.setdefault(name, []).append(there)
    shares = {name: float(np.mean(hits)) for name, hits in held.items()}
    assert {name: share for name, share in shares.items() if not 0.917 <= share <= 0.983} == {}


def test_whole_clusters_are_left_out(estimated: Callable[[object], Estimate], skipped: Callable[[object], str]) -> None:
    """The method tells the identities; two are too few; a confidence level is a share."""
    unit, rater, value = planted(3, units=30, raters=10, each=5)
    told = variance_components(unit, rater, value, clusters=unit // 6)
    assert isinstance(told, VarianceComponents)
    assert "5 clusters" in estimated(told.unit).method
    assert "three clusters" in skipped(variance_components(unit, rater, value, clusters=unit // 15))
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        variance_components(unit, rater, value, level=1)
