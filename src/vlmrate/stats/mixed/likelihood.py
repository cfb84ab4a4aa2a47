"""Comparing two fits of the same rows: the likelihood-ratio test and information criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from vlmrate.errors import AnalysisError
from vlmrate.stats.estimate import TestResult

if TYPE_CHECKING:
    from vlmrate.stats.mixed.model import MixedModelFit


def likelihood_ratio_test(smaller: MixedModelFit, larger: MixedModelFit, *, refit: bool = True) -> TestResult:
    """Test whether the larger model explains more: twice the difference of log likelihoods, chi-squared under the null.

    Both are fitted anew by maximum likelihood, as R's `anova(smaller, larger)` does, for restricted likelihoods of
    different fixed parts cannot be compared. With `refit=False` they are compared as they are, which REML allows where
    only the random intercepts differ. The p-value is about twice too large where the null puts a variance at zero, the
    border of what it may be (Self & Liang 1987, JASA 82, 605-610). That the models are nested is for the caller to know.

    Raises `AnalysisError`: other rows or another response, as many or more parameters in the smaller one, or restricted
    likelihoods of different fixed parts.
    """
    if smaller.n != larger.n or not np.array_equal(smaller.response, larger.response):
        raise AnalysisError("The two models are fitted to different rows or responses: their likelihoods do not compare.")
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
    statistic = max(2 * (larger.log_likelihood - smaller.log_likelihood), 0.0)
    kind = "REML" if smaller.reml else "maximum likelihood"
    return TestResult(
        statistic=statistic,
        p_value=float(special.chdtrc(df, statistic)),
        df=float(df),
        method=f"likelihood-ratio test, {kind}",
        n=larger.n,
    )
