"""Wilson's interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from statsmodels.stats.proportion import proportion_confint

from vlmrate.stats import wilson

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (1, 10), (97, 240), (240, 240)])
def test_interval_is_statsmodels(
    successes: int, n: int, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """At the edges and between, the interval is statsmodels' Wilson interval and holds the proportion."""
    ours = estimated(wilson(successes, n, 0.9))
    low, high = proportion_confint(successes, n, alpha=0.1, method="wilson")
    assert (ours.ci_low, ours.ci_high) == pytest.approx((low, high), rel=tolerance.reference, abs=1e-15)
    assert 0 <= ours.ci_low <= ours.value <= ours.ci_high <= 1


def test_nothing_is_no_proportion(skipped: Callable[[object], str]) -> None:
    """0 of 0 is Skipped."""
    skipped(wilson(0, 0))
