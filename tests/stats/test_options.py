"""Options and names that are not there are refused, never taken for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    Bootstrap,
    Skipped,
    alpha_from_counts,
    detection,
    group_gaps,
    krippendorff_alpha,
    mcnemar,
    wilcoxon,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS, RATERS, VALUES = [1, 1, 2, 2], ["a", "b", "a", "b"], [1, 2, 3, 3]


@pytest.mark.parametrize(
    "call",
    [
        lambda: krippendorff_alpha(UNITS, RATERS, VALUES, "Interval"),  # type: ignore[arg-type]
        lambda: alpha_from_counts([[2, 0], [0, 2]], [1, 2], "Ordinal"),  # type: ignore[arg-type]
        lambda: Bootstrap(interval="BCa"),  # type: ignore[arg-type]
        lambda: wilcoxon([1, 2], [2, 1], zeros="Pratt"),  # type: ignore[arg-type]
        lambda: group_gaps([1, 2], [2, 1], ["x", "y"], against="Rest"),  # type: ignore[arg-type]
        lambda: wilson(5, 3),
        lambda: mcnemar([1, 2], [0, 1]),
    ],
)
def test_what_is_no_option_is_refused(call: Callable[[], object]) -> None:
    """A metric, an interval or a rule that there is not, counts that cannot be, and rights that are neither 0 nor 1."""
    with pytest.raises(AnalysisError):
        call()


def test_zero_and_one_say_right_and_wrong() -> None:
    """McNemar takes 0 and 1 as it takes False and True."""
    first, second = [1, 1, 0, 1, 1], [0, 1, 1, 0, 1]
    assert mcnemar(first, second) == mcnemar(np.array(first, bool), np.array(second, bool))


def test_a_missing_name_is_no_name() -> None:
    """Two people or groups that are unknown are not one called nan, also in a plain list of names."""
    with pytest.raises(AnalysisError, match="raters has no value for 2 of 6"):
        krippendorff_alpha([1, 1, 2, 2, 3, 3], ["a", "b", "a", np.nan, "a", np.nan], [1, 2, 2, 3, 4, 4], "ordinal")
    with pytest.raises(AnalysisError, match="groups has no value for 1 of 3"):
        group_gaps([1, 2, 3], [1, 1, 2], ["A", "B", None])


def test_one_cluster_gives_no_interval_at_the_bounds_either() -> None:
    """d' of a rate of 0 or 1 follows the same rule as all others: no interval from one cluster."""
    answers = ["x"] * 20 + ["y"] * 20
    for found in detection(answers, answers, ["x", "y"], clusters=["p"] * 40):
        assert isinstance(found.d_prime, Skipped)
