"""The fixed part as columns of numbers: treatment coding, with R's column names and R's rule of full rank.

A factor with k levels yields k - 1 columns, each a level against the first, unless the term that would hold its
margin is not in the model: then it yields all k. That rule, and the order of columns within an interaction (the
first factor varies fastest), are those of R's `model.matrix` (Chambers & Hastie 1992, Statistical Models in S, 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.stats._arrays import FloatArray, IntArray
    from vlmrate.stats.mixed.basis import Basis
    from vlmrate.stats.mixed.formula import MixedFormula, Term

INTERCEPT = "(Intercept)"
LARGEST = 1e100
"""Numbers from there on, or all below its inverse, are refused: their squares and products leave the floats."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A column of categories and their order; the first level is the reference."""

    name: str
    levels: tuple[Any, ...]

    def columns(self, values: IntArray, *, full: bool) -> tuple[FloatArray, list[str]]:
        """Indicators of shape (n, k) where full, else (n, k - 1), and their names; values are level numbers."""
        first = 0 if full else 1
        indicators = (values[:, None] == np.arange(first, len(self.levels))).astype(np.float64)
        return indicators, [f"{self.name}{level}" for level in self.levels[first:]]


@dataclass(frozen=True, slots=True)
class Covariate:
    """A column of numbers, and its mean over the rows fitted."""

    name: str
    mean: float

    def columns(self, values: FloatArray, *, full: bool) -> tuple[FloatArray, list[str]]:  # noqa: ARG002
        """The numbers as they are, shape (n, 1): a covariate has one coding."""
        return values[:, None], [self.name]


@dataclass(frozen=True, slots=True)
class Coding:
    """How rows become columns of the fixed part: fitted once, then applied to any rows with the same columns."""

    variables: Mapping[str, Factor | Covariate]
    intercept: bool
    terms: tuple[Term, ...]
    full: Mapping[tuple[Term, str], bool]
    """Whether a column is coded by all its levels within a term."""

    def encode(self, values: Mapping[str, Any], rows: int) -> tuple[FloatArray, list[str], IntArray]:
        """The columns of all terms, their names, and the number of the term each belongs to (0: the intercept).

        `values` holds an array a variable, of length `rows`: level numbers of a factor, numbers of a covariate.
        """
        blocks, names, places = [np.ones((rows, int(self.intercept)))], [INTERCEPT] * self.intercept, []
        for term in self.terms:
            block, of_term = self._term(term, values)
            blocks.append(block)
            names += of_term
            places.append(len(of_term))
        term_of_column = np.repeat(np.arange(len(places) + 1), [int(self.intercept), *places])
        return np.hstack(blocks), names, term_of_column

    def encode_full(self, values: Mapping[str, Any]) -> tuple[list[FloatArray], list[list[str]]]:
        """Each term by itself with all levels of all its factors: columns and names, one entry a term."""
        pairs = [_product([self.variables[name].columns(values[name], full=True) for name in t]) for t in self.terms]
        return [block for block, _ in pairs], [names for _, names in pairs]

    def _term(self, term: Term, values: Mapping[str, Any]) -> tuple[FloatArray, list[str]]:
        return _product([self.variables[name].columns(values[name], full=self.full[term, name]) for name in term])

    @property
    def factors(self) -> dict[str, Factor]:
        """The variables that are categories."""
        return {name: variable for name, variable in self.variables.items() if isinstance(variable, Factor)}

    @property
    def covariates(self) -> dict[str, Covariate]:
        """The variables that are numbers."""
        return {name: variable for name, variable in self.variables.items() if isinstance(variable, Covariate)}

    def values(self, data: pd.DataFrame) -> dict[str, Any]:
        """Level numbers and numbers of the rows, for `encode`; a level never fitted is refused."""
        found = {}
        for name, variable in self.variables.items():
            if isinstance(variable, Factor):
                numbers = pd.Index(variable.levels).get_indexer(pd.Index(data[name].astype(object)))
                if (numbers < 0).any():
                    level = data[name].astype(object).tolist()[int(np.argmin(numbers))]
                    known = ", ".join(map(str, variable.levels))
                    raise AnalysisError(f"{name} has no level {level!r}: {known}.")
                found[name] = numbers.astype(np.int64)
            elif is_numeric(data[name]):
                found[name] = checked_numbers(name, data[name])
            else:
                raise AnalysisError(f"{name} is a number in this model, and holds {data[name].dtype} here.")
        return found


@dataclass(frozen=True, slots=True)
class Design:
    """The fixed part of a model on its rows."""

    coding: Coding
    values: Mapping[str, Any]
    """Level numbers or numbers of each variable, one a row."""
    basis: Basis
    names: tuple[str, ...]
    """Coefficients estimated, as lme4 names them."""
    term_of_column: IntArray
    """Which term each of them belongs to, 0 the intercept."""
    dropped: tuple[str, ...]
    """Columns that repeat earlier ones."""
    term_of_dropped: IntArray
    """Which term each of those belongs to."""


def fit_coding(formula: MixedFormula, data: pd.DataFrame) -> tuple[Coding, dict[str, Any]]:
    """Learn levels and means from the rows, and return the coding with the rows' values for `Coding.encode`."""
    variables: dict[str, Factor | Covariate] = {}
    values: dict[str, Any] = {}
    for name in formula.fixed_columns:
        variables[name], values[name] = _variable(name, data[name])
    full = {(term, name): False for term in formula.terms for name in term}
    for place, term in enumerate(formula.terms):
        for name in term:
            full[term, name] = not _margin_is_there(term, name, formula.terms[:place])
    if not formula.intercept:
        alone = (term for term in formula.terms if len(term) == 1 and isinstance(variables[term[0]], Factor))
        for term in list(alone)[:1]:
            full[term, term[0]] = True
    return Coding(variables, formula.intercept, formula.terms, full), values


def _margin_is_there(term: Term, name: str, earlier: Sequence[Term]) -> bool:
    """Whether the term without that factor is empty or contained in an earlier term."""
    margin = set(term) - {name}
    return not margin or any(margin <= set(other) for other in earlier)


def _variable(name: str, column: pd.Series[Any]) -> tuple[Factor | Covariate, Any]:
    if is_numeric(column):
        numbers = checked_numbers(name, column)
        return Covariate(name, float(numbers.mean())), numbers
    if column.dtype.kind in "cmM":
        raise AnalysisError(f"{name} holds {column.dtype}: make numbers or text of it first.")
    codes, levels = level_numbers(column)
    if len(levels) < 2:
        raise AnalysisError(f"{name} has one level only, {levels[0]!r}: there is nothing to compare. Leave it out.")
    require_distinct(name, levels)
    return Factor(name, tuple(levels)), codes


def is_numeric(column: pd.Series[Any]) -> bool:
    """Whether a column holds real numbers: then it is a covariate, not a factor."""
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    return bool(numeric and column.dtype.kind != "c")


def checked_numbers(name: str, column: pd.Series[Any]) -> FloatArray:
    """The numbers as floats, shape (n,); infinite ones are refused, and those whose squares are beyond all floats."""
    numbers = column.to_numpy(np.float64)
    if np.isinf(numbers).any():
        raise AnalysisError(f"{name} holds an infinite value.")
    size = float(np.abs(numbers).max(initial=0.0))
    if size != 0 and not 1 / LARGEST < size < LARGEST:
        raise AnalysisError(f"{name} has numbers as large as {size:.0e}: measure it in another unit.")
    return numbers


def level_numbers(column: pd.Series[Any]) -> tuple[IntArray, list[Any]]:
    """Number of each row's level and the levels that occur: in a categorical's own order, else alphabetical."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = column.cat.remove_unused_categories()
        return np.asarray(used.cat.codes, dtype=np.int64), list(used.cat.categories)
    try:
        codes, found = pd.factorize(column)
    except TypeError as error:  # lists and the like cannot be compared
        raise AnalysisError(
            f"{column.name} holds {type(column.iloc[0]).__name__}s: text or numbers make levels."
        ) from error
    order = sorted(range(len(found)), key=lambda place: str(found[place]))
    rank = np.empty(len(found), dtype=np.int64)
    rank[order] = np.arange(len(found))
    ranked: IntArray = rank[codes]
    return ranked, [found[place] for place in order]


def require_distinct(name: str, levels: Sequence[Any]) -> None:
    """Raise `AnalysisError` for two levels that are written alike, such as 1 and "1"."""
    written = [str(level) for level in levels]
    if len(set(written)) < len(written):
        twice = next(level for level, following in pairwise(sorted(written)) if level == following)
        raise AnalysisError(f"{name} has two levels that are both written {twice}: name them differently.")


def _product(parts: Sequence[tuple[FloatArray, list[str]]]) -> tuple[FloatArray, list[str]]:
    """All products of one column of each part; the first part varies fastest."""
    block, names = parts[0]
    for columns, of_part in parts[1:]:
        block = (columns[:, :, None] * block[:, None, :]).reshape(len(block), columns.shape[1] * block.shape[1])
        names = [f"{before}:{name}" for name in of_part for before in names]
    return block, names
