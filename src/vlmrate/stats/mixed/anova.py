"""Type III tests: which combinations of coefficients each term of the formula stands for.

Type III hypotheses do not depend on how often each cell occurs (SAS/STAT User's Guide, The Four Types of Estimable
Functions). Let R be the design in which every term is coded by all levels of its factors, and M = X^+ R: its rows are the
estimable functions of R's coefficients. From the rows of a term, those of the terms that contain it are projected out;
what the rows then weigh of R's columns that are also X's is the hypothesis. lmerTest computes the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.stats.mixed.design import INTERCEPT, Factor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.stats._arrays import FloatArray, IntArray
    from vlmrate.stats.mixed.basis import Basis
    from vlmrate.stats.mixed.design import Coding
    from vlmrate.stats.mixed.formula import Term

ROUNDING = 1e-9
"""Weights below that share of the largest are rounding errors."""


def type_three(
    coding: Coding, values: Mapping[str, Any], basis: Basis, names: list[str], term_of_column: IntArray
) -> dict[Term, FloatArray]:
    """Each term's hypothesis as weights of the kept coefficients, shape (rows, p).

    `names` and `term_of_column` belong to the kept columns; a term whose columns were all dropped is left out.
    """
    rows = {term: np.flatnonzero(term_of_column == place) for place, term in enumerate(coding.terms, start=1)}
    if len(coding.terms) == 1:  # nothing contains it: its own coefficients are zero
        return {term: np.eye(len(names))[own] for term, own in rows.items() if len(own)}
    functions, columns = _estimable_functions(coding, values, basis)
    for term in sorted(coding.terms, key=len, reverse=True):
        containing = [rows[other] for other in coding.terms if _contains(coding, other, term)]
        if containing:
            functions[rows[term]] = _projected_out(functions[np.concatenate(containing)], functions[rows[term]])
    weights = functions[:, [columns.index(name) for name in names]]
    return {term: weights[own] for term, own in rows.items() if len(own)}


def _estimable_functions(
    coding: Coding, values: Mapping[str, Any], basis: Basis
) -> tuple[FloatArray, list[str]]:
    """M, shape (p, columns of R), and the names of R's columns."""
    blocks, names = coding.encode_full(values)
    if coding.intercept:
        blocks, names = [np.ones((len(basis.vectors), 1)), *blocks], [[INTERCEPT], *names]
    functions = np.hstack([basis.coefficients(basis.vectors.T @ block) for block in blocks])
    return _cleaned(functions), [name for of_term in names for name in of_term]


def _contains(coding: Coding, larger: Term, smaller: Term) -> bool:
    """Whether a term has the covariates of another, all of its factors, and more."""
    factors = {name for name, variable in coding.variables.items() if isinstance(variable, Factor)}
    same_covariates = set(larger) - factors == set(smaller) - factors
    return same_covariates and set(smaller) & factors < set(larger) & factors


def _projected_out(containing: FloatArray, rows: FloatArray) -> FloatArray:
    """What the rows of containing terms do not explain of a term's rows."""
    weights = np.linalg.lstsq(containing.T, rows.T, rcond=None)[0]
    return _cleaned(rows - weights.T @ containing)


def _cleaned(weights: FloatArray) -> FloatArray:
    weights[np.abs(weights) < ROUNDING * np.abs(weights).max(initial=0.0)] = 0.0
    return weights
