"""Limits of agreement with clusters: the values of bland_altman, intervals as wide as dependence makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import statsmodels.api as sm

from vlmrate.errors import AnalysisError
from vlmrate.stats import BlandAltman, Bootstrap, bland_altman, bland_altman_bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats import Estimate, TestResult


def ratings(seed: int, clusters: int = 60, each: int = 6, shared: float = 0.0) -> tuple[Any, Any, Any]:
    """Model and human ratings without proportional bias, and identities that share a part of the difference."""
    rng = np.random.default_rng(seed)
    identity = np.repeat(np.arange(clusters), each)
    middle = rng.normal(5, 1.5, clusters)[identity] + rng.normal(0, 0.3, len(identity))
    d = 0.4 + shared * rng.normal(0, 1, clusters)[identity] + rng.normal(0, 1, len(identity))
    return middle + d / 2, middle - d / 2, identity


def test_values_are_those_of_single_pairs(estimated: Callable[[object], Estimate]) -> None:
    """Clusters change intervals and never the value."""
    model, human, identity = ratings(0)
    told, plain = bland_altman_bootstrap(model, human, clusters=identity), bland_altman(model, human)
    assert isinstance(told, BlandAltman)
    assert isinstance(plain, BlandAltman)
    for name in ("bias", "sd", "lower", "upper", "slope"):
        assert estimated(getattr(told, name)).value == pytest.approx(estimated(getattr(plain, name)).value)


def test_shared_differences_widen_every_interval(estimated: Callable[[object], Estimate]) -> None:
    """Where images of one identity err alike there is less to learn from them: intervals over images are too narrow."""
    model, human, identity = ratings(1, shared=1.5)
    by_identity = bland_altman_bootstrap(model, human, clusters=identity)
    by_image = bland_altman_bootstrap(model, human)
    for name in ("bias", "lower", "upper"):
        wide, narrow = (estimated(getattr(told, name)) for told in (by_identity, by_image))
        assert wide.ci_high - wide.ci_low > 1.3 * (narrow.ci_high - narrow.ci_low)


def test_the_slopes_test_is_a_jackknifes(tested: Callable[[object], TestResult]) -> None:
    """t = slope / jackknife SE, identities left out one by one: near the t of statsmodels' clustered least squares."""
    model, human, identity = ratings(2, shared=0.8)
    told = bland_altman_bootstrap(model, human, clusters=identity, bootstrap=Bootstrap(resamples=20))
    assert isinstance(told, BlandAltman)
    d, middle = model - human, (model + human) / 2
    left_out = np.array([np.polyfit(middle[identity != one], d[identity != one], 1)[0] for one in range(60)])
    se = np.sqrt(59 / 60 * ((left_out - left_out.mean()) ** 2).sum())
    assert tested(told.slope_test).statistic == pytest.approx(np.polyfit(middle, d, 1)[0] / se)
    assert tested(told.slope_test).df == 59
    theirs = sm.OLS(d, sm.add_constant(middle)).fit(cov_type="cluster", cov_kwds={"groups": identity})
    assert tested(told.slope_test).statistic == pytest.approx(theirs.tvalues[1], rel=0.1)


@pytest.mark.slow
def test_the_slopes_test_keeps_its_level() -> None:
    """Without proportional bias, and with images that depend on each other, one test in twenty comes out."""
    quick, hits = Bootstrap(resamples=2), 0
    for seed in range(600):
        model, human, identity = ratings(seed, clusters=40, shared=1.0)
        told = bland_altman_bootstrap(model, human, clusters=identity, bootstrap=quick)
        assert isinstance(told, BlandAltman)
        hits += told.slope_test.p_value < 0.05  # type: ignore[union-attr]
    assert 0.03 < hits / 600 < 0.085


def test_what_is_not_defined_is_skipped(skipped: Callable[[object], str]) -> None:
    """Too few images, one cluster, constant differences, constant means, a line: each has its reason."""
    assert "three images" in skipped(bland_altman_bootstrap([1, 2], [2, 1]))
    assert "two clusters" in skipped(bland_altman_bootstrap([1, 2, 4], [2, 2, 3], clusters=["a"] * 3))
    assert "no variance" in skipped(bland_altman_bootstrap([1, 2, 3], [2, 3, 4]))
    turned = bland_altman_bootstrap([1, 2, 4], [5, 4, 2])
    assert isinstance(turned, BlandAltman)
    assert "no variance" in skipped(turned.slope)
    line = bland_altman_bootstrap([5, 5, 5, 5], [1, 2, 4, 7])
    assert isinstance(line, BlandAltman)
    assert "no error" in skipped(line.slope_test)


def test_a_coverage_outside_of_shares_is_refused() -> None:
    """Limits cover a share between 0 and 1."""
    with pytest.raises(AnalysisError, match="share between 0 and 1"):
        bland_altman_bootstrap([1, 2, 4], [2, 2, 3], coverage=1.0)
