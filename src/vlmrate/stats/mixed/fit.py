"""Fit a linear mixed model with random intercepts: from a formula and a table to a `MixedModelFit`."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed.basis import orthonormal_basis
from vlmrate.stats.mixed.design import Design, fit_coding
from vlmrate.stats.mixed.formula import parse_formula
from vlmrate.stats.mixed.inference import require_flag
from vlmrate.stats.mixed.model import MixedModelFit
from vlmrate.stats.mixed.rows import (
    complete_rows,
    groups_of,
    numbers_as_text,
    require_identified,
    require_table,
    response_of,
)
from vlmrate.stats.mixed.search import Problem, evaluate_at, minimise
from vlmrate.stats.mixed.threads import on_one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.mixed.formula import MixedFormula
    from vlmrate.stats.mixed.rows import Groups

EXPLAINED = 1e-13
"""Size of the residuals, relative to the response, below which the fixed part explains it to the last digit."""


def fit_mixed_model(
    formula: str, data: pd.DataFrame, reml: bool = True, *, theta: Mapping[str, float] | None = None
) -> MixedModelFit:
    """Fit `response ~ fixed terms + (1 | group) + ...` to the rows of a table.

    Parameters
    ----------
    formula
        Fixed part by Wilkinson's rules (`a * b` is `a + b + a:b`; `0 +` takes the intercept out); one or more random
        intercepts `(1 | group)`, crossed, or nested as `(1 | identity/image_id)`.
    data
        One row an observation. Text, booleans and categoricals are factors (a categorical's own order of levels, else
        alphabetical; the first level is the reference), numbers are covariates; a grouping may be either. Rows with a
        missing value in a column of the model are left out, and `messages` says how many.
    reml
        Restricted maximum likelihood, or else maximum likelihood.
    theta
        Standard deviation of each random intercept over the residual's (lme4's theta), by the names of the groups: the
        model is evaluated there instead of estimating them.

    Raises
    ------
    AnalysisError
        Arguments of another kind, a column that is not there or there twice, a formula that cannot be read or asks for
        what is not fitted (random slopes, functions of columns), a constant response, a group with one level or with
        as many levels as rows, no more rows than coefficients, a response explained to the last digit, or a model too
        large for the memory there is.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({
    ...     "image_id": ["a", "a", "b", "b", "c", "c", "d", "d"],
    ...     "rater_type": ["human", "vlm"] * 4,
    ...     "rating": [4.1, 5.0, 6.2, 7.4, 3.3, 3.9, 5.2, 5.8],
    ... })
    >>> fit = fit_mixed_model("rating ~ rater_type + (1 | image_id)", ratings)
    >>> fit.coefficients.round(4)
                term  estimate  std_error      df  statistic  p_value
    0    (Intercept)     4.700     0.6870  3.0663     6.8413   0.0060
    1  rater_typevlm     0.825     0.1436  3.0000     5.7446   0.0105

    """
    if not isinstance(formula, str):
        raise AnalysisError(
            f"The formula is a {type(formula).__name__}, not text: it is the first of fit_mixed_model(formula, data)."
        )
    require_table(data)
    require_flag("reml", reml)
    return _fit(parse_formula(formula), data, bool(reml), theta)


@on_one_thread
def _fit(formula: MixedFormula, data: pd.DataFrame, reml: bool, theta: Mapping[str, float] | None) -> MixedModelFit:
    rows, messages = complete_rows(formula, data)
    response = response_of(formula, rows)
    design = _design(formula, rows)
    if len(response) <= len(design.names):
        raise AnalysisError(_too_few(len(response), design))
    groups = tuple(groups_of(grouping, rows) for grouping in formula.groupings)
    require_identified(groups, design.basis.vectors)
    along, left = _projected(design.basis.vectors, response)
    unit = float(np.sqrt(left @ left / len(left)))
    if unit <= EXPLAINED * np.abs(response).max():
        raise AnalysisError(f"The fixed part explains {formula.response} to the last digit: no variance is left.")
    problem = Problem(design.basis.vectors, left / unit, [g.codes for g in groups], [g.size for g in groups], reml)
    return MixedModelFit(
        formula=formula,
        index=rows.index,
        response=response,
        design=design,
        groups=groups,
        problem=problem,
        unit=unit,
        least_squares=along,
        optimum=minimise(problem) if theta is None else evaluate_at(problem, _ratios(theta, groups)),
        about_data=(*messages, *numbers_as_text(design.coding, rows)),
    )


def _too_few(rows: int, design: Design) -> str:
    """What to say of no more rows than coefficients; a factor with many levels may have been meant as a number."""
    said = f"{rows:,} rows cannot determine {len(design.names):,} fixed coefficients and two variances"
    sizes = {name: len(factor.levels) for name, factor in design.coding.factors.items()}
    largest = max(sizes, key=lambda name: sizes[name], default=None)
    told = f": {largest} is a factor of {sizes[largest]:,} levels here" if largest is not None else ""
    return f"{said}{told}."


def _design(formula: MixedFormula, rows: pd.DataFrame) -> Design:
    coding, values = fit_coding(formula, rows)
    columns, names, term_of_column = coding.encode(values, len(rows))
    basis = orthonormal_basis(columns)
    return Design(
        coding=coding,
        values=values,
        basis=basis,
        names=tuple(names[place] for place in basis.kept),
        term_of_column=term_of_column[basis.kept],
        dropped=tuple(names[place] for place in basis.dropped),
        term_of_dropped=term_of_column[basis.dropped],
    )


def _projected(vectors: FloatArray, response: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Least-squares coefficients in the basis, and the residuals; done twice, so that rounding leaves no fixed part."""
    along = vectors.T @ response
    left = response - vectors @ along
    again = vectors.T @ left
    return along + again, left - vectors @ again


def _ratios(theta: Mapping[str, float], groups: Sequence[Groups]) -> FloatArray:
    names = [group.name for group in groups]
    if not isinstance(theta, Mapping):
        raise AnalysisError(f"theta is a mapping from each random intercept to its value: {{{names[0]!r}: 1.0}}.")
    if set(theta) != set(names):
        has = ", ".join(map(str, theta)) or "none"
        raise AnalysisError(f"theta needs a value for each of {', '.join(names)}; it has {has}.")
    given = [theta[name] for name in names]
    if not all(isinstance(value, Real) and np.isfinite(value) and value >= 0 for value in given):
        raise AnalysisError("theta is a ratio of standard deviations: finite numbers from 0 up.")
    return np.array(given, dtype=np.float64) ** 2
