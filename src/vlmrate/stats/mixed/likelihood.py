"""Comparing two fits of the same rows: the likelihood-ratio test and information criteria."""

from __future__ import annotations

import numpy as np
from scipy import special

from vlmrate.errors import AnalysisError
from vlmrate.stats.estimate import TestResult
from vlmrate.stats.mixed.inference import require_flag
from vlmrate.stats.mixed.model import MixedModelFit
from vlmrate.stats.mixed.rows import divide_alike

OUTSIDE = 1e-6
"""Share of a column of the smaller model that the larger one may miss by rounding."""


def likelihood_ratio_test(smaller: MixedModelFit, larger: MixedModelFit, *, refit: bool = True) -> TestResult:
    """Test whether the larger model explains more: twice the difference of log likelihoods, chi-squared under the null.

    Both are fitted anew by maximum likelihood, as R's `anova(smaller, larger)` does, for restricted likelihoods of
    different fixed parts cannot be compared. With `refit=False` they are compared as they are, which REML allows where
    only the random intercepts differ. The p-value is about twice too large where the null puts a variance at zero, the
    border of what it may be (Self & Liang 1987, JASA 82, 605-610).

    Raises `AnalysisError`: other rows or another response, as many or more parameters in the smaller one, a fixed part
    or random intercept of the smaller one that the larger one does not have, or restricted likelihoods of different
    fixed parts.
    """
    require_flag("refit", refit)
    for model in (smaller, larger):
        if not isinstance(model, MixedModelFit):
            raise AnalysisError(f"Two fitted models are compared, and one is a {type(model).__name__}.")
    if smaller.n != larger.n or not np.array_equal(smaller.response, larger.response):
        raise AnalysisError("The two models are fitted to different rows: their likelihoods do not compare.")
    if refit:
        smaller, larger = smaller.refitted(reml=False), larger.refitted(reml=False)
    elif smaller.reml != larger.reml or (smaller.reml and set(smaller.terms) != set(larger.terms)):
        raise AnalysisError("Restricted likelihoods of different fixed parts do not compare: use refit=True.")
    df = larger.parameter_count - smaller.parameter_count
    if df <= 0:
        raise AnalysisError(
            f"The first model has {smaller.parameter_count} parameters and the second {larger.parameter_count}: "
            "give the smaller one first."
        )
    _require_nested(smaller, larger)
    statistic = max(2 * (larger.log_likelihood - smaller.log_likelihood), 0.0)
    kind = "REML" if smaller.reml else "maximum likelihood"
    return TestResult(
        statistic=statistic,
        p_value=float(special.chdtrc(df, statistic)),
        df=float(df),
        method=f"likelihood-ratio test, {kind}",
        n=larger.n,
    )


def _require_nested(smaller: MixedModelFit, larger: MixedModelFit) -> None:
    """Raise where the larger model cannot take on what the smaller one says."""
    inner, outer = smaller.design.basis.vectors, larger.design.basis.vectors
    if float(np.linalg.norm(inner - outer @ (outer.T @ inner), axis=0).max(initial=0.0)) > OUTSIDE:
        raise AnalysisError("The second model's fixed part does not contain the first's: the models are not nested.")
    lacking = [one.name for one in smaller.groups if not any(divide_alike(one, other) for other in larger.groups)]
    if lacking:
        raise AnalysisError(f"The second model has no random intercept of {lacking[0]}: the models are not nested.")
