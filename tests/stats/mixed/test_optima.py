"""Small designs whose search for the variances goes astray: lmer's optimum is found, or what is wrong is said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed import fit_mixed_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import MixedTolerances

GOLDEN = Path(__file__).parents[2] / "golden" / "mixed"


def test_of_two_optima_the_better_one_is_found(
    golden: Callable[[str], dict[str, Any]],
    mixed: MixedTolerances,
    same_coefficients: Callable[..., None],
    same_variances: Callable[..., None],
) -> None:
    """The search stops near the lesser, at a variance of almost zero; the descent from there stays within bounds."""
    told = golden("two_optima")
    fit = fit_mixed_model(told["formula"], pd.read_csv(GOLDEN / "two_optima.csv"))
    assert fit.log_likelihood == pytest.approx(told["reml"]["loglik"], rel=mixed.log_likelihood)
    assert fit.theta == pytest.approx(told["theta"], rel=mixed.variance)
    same_coefficients(fit.coefficients, **told["reml"]["coefficients"])
    same_variances(fit, told["reml"]["variances"])
    assert fit.messages == ()


def test_a_descent_without_end_leaves_no_residual() -> None:
    """Eight rows with three random intercepts: the variances grow without bound and no residual is left."""
    rows = pd.DataFrame(
        {
            "y": [2.1414, 0.6521, 5.1905, 3.8067, 0.9266, 3.1949, 2.2786, 3.2709],
            "rater": [0, 1, 2, 3, 0, 2, 1, 0],
            "image": [0, 0, 1, 2, 3, 4, 5, 2],
            "identity": [0, 0, 0, 0, 1, 1, 1, 0],
            "a": ["a0", "a1", "a2", "a0", "a0", "a2", "a1", "a0"],
            "b": ["b1", "b0", "b0", "b0", "b1", "b1", "b1", "b1"],
        }
    )
    with pytest.raises(AnalysisError, match="residual variance is zero"):
        fit_mixed_model("y ~ a + b + (1 | identity) + (1 | rater) + (1 | image)", rows)
