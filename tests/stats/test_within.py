"""Variance of units within strata."""

from __future__ import annotations

import numpy as np
import pytest

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Estimate, Skipped, henderson_within, variance_components


def crossed(strata_sd: float, seed: int = 3) -> tuple[list[np.ndarray], dict[int, int]]:
    """Ratings of 240 units in six strata by 80 raters who saw a half each; unit SD .5 within strata."""
    rng = np.random.default_rng(seed)
    stratum = {unit: unit % 6 for unit in range(240)}
    of_stratum = strata_sd * np.array([-1.5, -1.0, -0.5, 0.5, 1.0, 1.5])
    of_unit = of_stratum[np.arange(240) % 6] + rng.normal(0, 0.5, 240)
    units = np.concatenate([rng.permutation(240)[:120] for _ in range(80)])
    raters = np.repeat(np.arange(80), 120)
    values = of_unit[units] + rng.normal(0, 0.7, 80)[raters] + rng.normal(0, 1.0, len(units))
    return [units, raters, values], stratum


def test_strata_are_taken_out_of_the_units_variance_and_out_of_nothing_else():
    """Far-apart strata leave the variance within at .25; rater and residual are those without strata."""
    rows, stratum = crossed(3.0)
    plain, within = variance_components(*rows), variance_components(*rows, estimator=henderson_within(stratum))
    assert plain.unit.value > 5
    assert isinstance(within.unit, Estimate)
    assert within.unit.ci_low < 0.25 < within.unit.ci_high
    assert within.unit.ci_high < 0.4
    assert within.rater.value == pytest.approx(plain.rater.value)
    assert within.residual.value == pytest.approx(plain.residual.value)


def test_a_complete_table_gives_the_nested_analysis_of_variance():
    """With every cell filled s² within = (MS of units in strata - MS error) / raters, to rounding."""
    rng = np.random.default_rng(5)
    n, k = 24, 7
    table = np.repeat([0.0, 2.0, 5.0], 8)[:, None] + rng.normal(size=(n, 1)) + rng.normal(size=(1, k))
    table = table + rng.normal(size=(n, k))
    stratum = {unit: unit // 8 for unit in range(n)}
    rows = (np.repeat(np.arange(n), k), np.tile(np.arange(k), n), table.ravel())
    told = variance_components(*rows, estimator=henderson_within(stratum))
    means = table.mean(axis=1)
    within = k * ((means.reshape(3, 8) - means.reshape(3, 8).mean(axis=1, keepdims=True)) ** 2).sum() / (n - 3)
    residual = table - means[:, None] - table.mean(axis=0) + table.mean()
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    assert told.unit.value == pytest.approx((within - error) / k, rel=TOLERANCE.reference)


def test_one_stratum_has_no_variance_within_to_tell_from():
    """All units of one stratum are Skipped, not called 0."""
    rows, _ = crossed(0.0)
    told = variance_components(*rows, estimator=henderson_within(dict.fromkeys(range(240), 0)))
    assert isinstance(told.unit, Skipped)


def test_a_unit_without_a_stratum_is_an_error():
    """A stratum that was forgotten must not pass for one of its own."""
    rows, stratum = crossed(1.0)
    del stratum[7]
    with pytest.raises(AnalysisError, match="1 units have no stratum, the first is 7"):
        variance_components(*rows, estimator=henderson_within(stratum))
