"""Type III tests: which combinations of coefficients each term of the formula stands for.

Type III hypotheses do not depend on how often each cell occurs (SAS/STAT User's Guide, The Four Types of Estimable
Functions). Let R be the design in which every term is coded by all levels of its factors, and M = X^+ R: its rows are
the estimable functions of R's coefficients. From the rows of a term, those of the terms that contain it are projected
out; what the rows then weigh of R's columns that are also X's is the hypothesis. lmerTest computes the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.stats.mixed.design import INTERCEPT

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.mixed.basis import Basis
    from vlmrate.stats.mixed.design import Coding, Design
    from vlmrate.stats.mixed.formula import Term
    from vlmrate.stats.mixed.inference import Inference

ROUNDING = 1e-9
"""Weights below that share of the largest are rounding errors."""


def anova_table(design: Design, inference: Inference, residual_variance: float) -> pd.DataFrame:
    """The F test of each term, one row a term; see `MixedModelFit.anova`."""
    rows: list[tuple[object, ...]] = []
    for term, weights in type_three(design).items():
        name, note = ":".join(term), _note(design, term, len(weights))
        if not len(weights):
            rows.append((name, np.nan, np.nan, 0, np.nan, np.nan, np.nan, note))
            continue
        test = inference.f_test(design.basis.contrast(weights))
        mean = test.statistic * residual_variance
        sizes = (mean * test.numerator_df, mean, test.numerator_df, test.denominator_df)
        rows.append((name, *sizes, test.statistic, test.p_value, note))
    columns = ["term", "sum_sq", "mean_sq", "num_df", "den_df", "statistic", "p_value", "note"]
    return pd.DataFrame(rows, columns=columns)


def _note(design: Design, term: Term, rows: int) -> str:
    """Why a term has no test or fewer df; empty where nothing is left out."""
    if not rows:
        return "not testable: the data determine nothing of it"
    gone = int((design.term_of_dropped == design.coding.terms.index(term) + 1).sum())
    return f"{gone} of {gone + rows} df left out: cells without rows, or repeated columns" if gone else ""


def type_three(design: Design) -> dict[Term, FloatArray]:
    """Each term's hypothesis as weights of the kept coefficients, shape (rows, p); no rows where nothing is left."""
    coding, places = design.coding, design.term_of_column
    rows = {term: np.flatnonzero(places == place) for place, term in enumerate(coding.terms, start=1)}
    if len(coding.terms) == 1:
        return {term: _one_after_another(design.basis)[own] for term, own in rows.items()}
    functions, columns = _estimable_functions(design)
    for term in sorted(coding.terms, key=len, reverse=True):
        containing = [rows[other] for other in coding.terms if _contains(coding, other, term)]
        if containing:
            functions[rows[term]] = _projected_out(functions[np.concatenate(containing)], functions[rows[term]])
    weights = functions[:, [columns.index(column) for column in zip(places.tolist(), design.names, strict=True)]]
    return {term: weights[own] if np.any(weights[own]) else weights[:0] for term, own in rows.items()}


def _one_after_another(basis: Basis) -> FloatArray:
    """Each coefficient adjusted for those before it, shape (p, p): the rows of a Doolittle factor of X'X.

    Nothing contains a single term, and all of these test it alike; but the denominator df of several coefficients
    depend on the rows chosen, and these are lmerTest's.
    """
    adjusted: FloatArray = _cleaned(basis.triangle / np.diag(basis.triangle)[:, None])
    return adjusted


def _estimable_functions(design: Design) -> tuple[FloatArray, list[tuple[int, str]]]:
    """M, shape (p, columns of R), and for each of R's columns the number of its term and its name."""
    coding, basis = design.coding, design.basis
    blocks, names = coding.encode_full(design.values)
    columns = [(place, name) for place, of_term in enumerate(names, start=1) for name in of_term]
    if coding.intercept:
        blocks, columns = [np.ones((len(basis.vectors), 1)), *blocks], [(0, INTERCEPT), *columns]
    functions = np.hstack([basis.coefficients(basis.vectors.T @ block) for block in blocks])
    return _cleaned(functions), columns


def _contains(coding: Coding, larger: Term, smaller: Term) -> bool:
    """Whether a term has the covariates of another, all of its factors, and more.

    As in lmerTest, a variable that the larger term codes by all its levels does not count: the term then holds the
    margin itself, as in `0 + emotion + emotion:group`.
    """
    inside, outside = _counted(coding, smaller), _counted(coding, larger)
    covariates = set(coding.covariates)
    return inside < outside and inside & covariates == outside & covariates


def _counted(coding: Coding, term: Term) -> set[str]:
    return {name for name in term if len(term) == 1 or not coding.full[term, name]}


def _projected_out(containing: FloatArray, rows: FloatArray) -> FloatArray:
    """What the rows of containing terms do not explain of a term's rows."""
    weights = np.linalg.lstsq(containing.T, rows.T, rcond=None)[0]
    return _cleaned(rows - weights.T @ containing)


def _cleaned(weights: FloatArray) -> FloatArray:
    weights[np.abs(weights) < ROUNDING * np.abs(weights).max(initial=0.0)] = 0.0
    return weights
