"""A fitted mixed model: what it estimated, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed import marginal, predict, show
from vlmrate.stats.mixed.anova import anova_table
from vlmrate.stats.mixed.formula import RESIDUAL
from vlmrate.stats.mixed.inference import require_flag
from vlmrate.stats.mixed.kenward_roger import kenward_roger
from vlmrate.stats.mixed.one_factor import one_factor
from vlmrate.stats.mixed.satterthwaite import satterthwaite
from vlmrate.stats.mixed.search import minimise
from vlmrate.stats.mixed.threads import on_one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.mixed.criterion import Optimum
    from vlmrate.stats.mixed.design import Design
    from vlmrate.stats.mixed.formula import MixedFormula
    from vlmrate.stats.mixed.inference import Inference, Method
    from vlmrate.stats.mixed.kenward_roger import KenwardRoger
    from vlmrate.stats.mixed.rows import Groups
    from vlmrate.stats.mixed.satterthwaite import Satterthwaite
    from vlmrate.stats.mixed.search import Problem

SINGULAR = 1e-4
"""A standard deviation below that share of the residual's counts as zero, as in lme4's isSingular."""


@dataclass(frozen=True, eq=False, repr=False)
class MixedModelFit:
    """A linear mixed model with random intercepts, fitted; `print` shows it as lme4 does.

    Tables are DataFrames. `method` is "satterthwaite" (Kuznetsova et al. 2017) or "kenward-roger" (Kenward & Roger
    1997; one random intercept, REML).
    """

    formula: MixedFormula
    index: pd.Index[Any]
    """The rows of the data that were used."""
    response: FloatArray
    design: Design
    groups: tuple[Groups, ...]
    problem: Problem
    """The response less its least-squares fit, in units of `unit`, as the search saw it."""
    unit: float
    least_squares: FloatArray
    """Least-squares coefficients in the design's basis."""
    optimum: Optimum
    about_data: tuple[str, ...]
    """What happened to the rows before fitting."""

    def __repr__(self) -> str:
        return show.summary(self)

    @property
    def n(self) -> int:
        """Rows fitted."""
        return len(self.response)

    @property
    def reml(self) -> bool:
        """Whether variances are by restricted maximum likelihood."""
        return self.problem.reml

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients estimated."""
        return self.design.names

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns of the fixed part left out because those before them determine them (an empty cell, say)."""
        return self.design.dropped

    @property
    def theta(self) -> dict[str, float]:
        """Standard deviation of each random intercept over the residual's, in the formula's order."""
        ratios = self.optimum.point.ratios
        return {group.name: float(np.sqrt(ratio)) for group, ratio in zip(self.groups, ratios, strict=True)}

    @property
    def without_variance(self) -> tuple[str, ...]:
        """Random intercepts whose variance is estimated as zero."""
        return tuple(name for name, theta in self.theta.items() if theta < SINGULAR)

    @property
    def singular(self) -> bool:
        """Whether a random intercept has no variance: the fit lies on the border of what is possible."""
        return bool(self.without_variance)

    @property
    def residual_variance(self) -> float:
        """Variance within all levels, in squared units of the response."""
        return float(self.unit**2 * self.optimum.point.residual_variance)

    @property
    def messages(self) -> tuple[str, ...]:
        """All a reader must know before using the numbers; empty if there is nothing."""
        return (*self.about_data, *show.messages(self))

    @property
    def log_likelihood(self) -> float:
        """Restricted log likelihood (REML) or log likelihood (ML), as R's logLik."""
        point = self.optimum.point
        deviance = point.deviance + 2 * point.degrees * np.log(self.unit)
        if self.reml:
            deviance += 2 * np.log(np.abs(np.diag(self.design.basis.triangle))).sum()
        return float(-deviance / 2)

    @property
    def parameter_count(self) -> int:
        """Coefficients, variances of the random intercepts and the residual variance."""
        return len(self.terms) + len(self.groups) + 1

    @property
    def aic(self) -> float:
        """Akaike's information criterion; of REML fits, comparable only where the fixed part is the same."""
        return 2 * self.parameter_count - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with n the number of rows."""
        return float(np.log(self.n) * self.parameter_count - 2 * self.log_likelihood)

    @property
    def in_basis(self) -> FloatArray:
        """The coefficients in the design's orthonormal basis."""
        found: FloatArray = self.least_squares + self.unit * self.optimum.point.coefficients
        return found

    @cached_property
    def variance_components(self) -> pd.DataFrame:
        """Columns group, variance, std_dev, share (of their sum); most levels first, the residual last."""
        ratios = dict(zip((group.name for group in self.groups), self.optimum.point.ratios, strict=True))
        by_size = sorted(self.groups, key=lambda group: -group.size)
        relative = np.array([*(ratios[group.name] for group in by_size), 1.0])
        variance = relative * self.residual_variance
        names = [*(group.name for group in by_size), RESIDUAL]
        columns = {"group": names, "variance": variance, "std_dev": np.sqrt(variance)}
        return pd.DataFrame(columns | {"share": relative / relative.sum()})

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """Columns term, estimate, std_error, df, statistic, p_value, by Satterthwaite's method."""
        return self.coefficient_table()

    @on_one_thread
    def coefficient_table(self, method: Method = "satterthwaite") -> pd.DataFrame:
        """The coefficients with t tests against zero: term, estimate, std_error, df, statistic, p_value."""
        tests = self._inference(method).t_tests(self.design.basis.contrast(np.eye(len(self.terms))))
        columns = {"term": self.terms, "estimate": tests.estimate, "std_error": tests.std_error, "df": tests.df}
        return pd.DataFrame(columns | {"statistic": tests.statistic, "p_value": tests.p_value})

    @on_one_thread
    def confidence_intervals(self, level: float = 0.95, method: Method = "satterthwaite") -> pd.DataFrame:
        """Intervals of the coefficients by Student's t: term, estimate, ci_low, ci_high."""
        tests = self._inference(method).t_tests(self.design.basis.contrast(np.eye(len(self.terms))))
        low, high = tests.interval(level)
        return pd.DataFrame({"term": self.terms, "estimate": tests.estimate, "ci_low": low, "ci_high": high})

    @cached_property
    def covariance(self) -> pd.DataFrame:
        """Covariance matrix of the coefficients, by their names."""
        turn = self.design.basis.coefficients(np.eye(len(self.terms)))
        return pd.DataFrame(
            turn @ self._satterthwaite.covariance @ turn.T, index=list(self.terms), columns=list(self.terms)
        )

    @on_one_thread
    def anova(self, method: Method = "satterthwaite") -> pd.DataFrame:
        """Type III F tests: term, sum_sq, mean_sq, num_df, den_df, statistic, p_value, note; one row a fixed term.

        A term of which the data determine nothing (all its cells empty but those that its margins explain) has 0
        numerator df and no numbers; the note says so, and where an empty cell left a term fewer df.
        """
        return anova_table(self.design, self._inference(method), self.residual_variance)

    @on_one_thread
    def marginal_means(
        self,
        factor: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        level: float = 0.95,
        method: Method = "satterthwaite",
    ) -> pd.DataFrame:
        """Estimated marginal means of a factor's levels, at each combination of levels of `by`.

        A list of factors asks for the means of their combinations, as emmeans does for `~ a * b`.

        Columns: the factors, estimate, std_error, df, ci_low, ci_high, note. Other factors' levels weigh alike,
        covariates are at their mean. A mean that the data do not determine has no numbers, and a note that says why.
        """
        cells = marginal.marginal_cells(self.design.coding, factor, by)
        frame = pd.DataFrame(cells.levels, columns=list(cells.factors))
        return self._tested(frame, cells.weights, level, method, against_zero=False)

    @on_one_thread
    def contrasts(
        self,
        factor: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        level: float = 0.95,
        method: Method = "satterthwaite",
    ) -> pd.DataFrame:
        """Differences between a factor's levels (later minus earlier), at each combination of levels of `by`.

        A list of factors asks for all differences between their combinations ("vlm happy - human sad").

        Columns: contrast ("vlm - human"), the factors of `by`, estimate, std_error, df, ci_low, ci_high, statistic,
        p_value, note. The p-values are not adjusted for their number.
        """
        cells = marginal.marginal_cells(self.design.coding, factor, by)
        others, labels, weights = marginal.pairwise(cells)
        frame = pd.DataFrame(others, columns=list(cells.factors[cells.compared :]), index=range(len(labels)))
        frame.insert(0, "contrast", labels)
        return self._tested(frame, weights, level, method, against_zero=True)

    @cached_property
    def random_effects(self) -> dict[str, pd.Series[float]]:
        """Predicted effect of each level of each random intercept (best linear unbiased), by group."""
        return predict.random_effects(self)

    @cached_property
    def fitted_values(self) -> pd.Series[float]:
        """Fixed part plus random effects, one a row used."""
        return predict.fitted_values(self)

    @property
    def residuals(self) -> pd.Series[float]:
        """Response less fitted values, one a row used."""
        return pd.Series(self.response, index=self.index) - self.fitted_values

    @on_one_thread
    def predict(self, data: pd.DataFrame, *, random: bool = True) -> pd.Series[float]:
        """Predicted response for rows with the model's columns; `random=False` leaves the random effects out.

        Raises `AnalysisError` for a level never fitted, of a factor or a random intercept, for a missing value, and for
        a combination of levels that the data fitted do not determine.
        """
        return predict.predict(self, data, random=random)

    @on_one_thread
    def refitted(self, *, reml: bool) -> MixedModelFit:
        """The same model by REML or ML; itself where it is that already."""
        require_flag("reml", reml)
        if bool(reml) == self.reml:
            return self
        problem = replace(self.problem, reml=reml)
        return replace(self, problem=problem, optimum=minimise(problem))

    @cached_property
    def _satterthwaite(self) -> Satterthwaite:
        return satterthwaite(self.optimum, self.in_basis, self.unit)

    @cached_property
    def _kenward_roger(self) -> KenwardRoger:
        if len(self.groups) > 1 or not self.reml:
            raise AnalysisError(
                "Kenward-Roger's method is here for one random intercept fitted by REML: use method='satterthwaite'."
            )
        problem = self.problem
        system = one_factor(problem.vectors, problem.response, problem.codes[0], reml=True)
        return kenward_roger(system, self.optimum.point, self.in_basis, self.unit)

    def _inference(self, method: Method) -> Inference:
        if method == "satterthwaite":
            return self._satterthwaite
        if method == "kenward-roger":
            return self._kenward_roger
        raise AnalysisError(f"There is no method {method!r}: satterthwaite or kenward-roger.")

    def _tested(
        self, frame: pd.DataFrame, weights: FloatArray, level: float, method: Method, *, against_zero: bool
    ) -> pd.DataFrame:
        return marginal.tested(
            frame,
            weights,
            self.design.basis,
            self._inference(method),
            level=level,
            against_zero=against_zero,
        )
