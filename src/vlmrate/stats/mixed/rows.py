"""The rows a model is fitted to: what is missing is left out and counted, what cannot be fitted is refused."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed.design import checked_numbers, is_numeric, level_numbers, require_distinct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vlmrate.stats._arrays import FloatArray, IntArray
    from vlmrate.stats.mixed.design import Coding
    from vlmrate.stats.mixed.formula import Grouping, MixedFormula

EXPLAINED = 1e-10
"""Share of the differences between levels below which the fixed part explains them."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The levels of one random intercept and which of them each row belongs to."""

    name: str
    codes: IntArray
    """Shape (n,): number of each row's level."""
    levels: list[Any]
    """Labels of the levels; of a combination, its parts joined by a colon."""

    @property
    def size(self) -> int:
        """Number of levels."""
        return len(self.levels)


def complete_rows(formula: MixedFormula, data: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows with a value in every column of the model, and a message where some had none.

    Numbers kept as Python's objects become a column of numbers: else they would be the levels of a factor.
    """
    require_columns(formula.columns, data)
    used = data[list(formula.columns)]
    missing = {name: column.isna() for name, column in used.items() if column.hasnans}
    if not missing:
        return used.infer_objects(), []
    out = np.logical_or.reduce([mask.to_numpy() for mask in missing.values()])
    told = ", ".join(f"{name} ({int(mask.sum()):,})" for name, mask in missing.items())
    message = f"{int(out.sum()):,} of {len(data):,} rows have no value in {told} and are left out."
    return used[~out].infer_objects(), [message]


def require_table(data: object) -> None:
    """Raise `AnalysisError` for what is no DataFrame."""
    if not isinstance(data, pd.DataFrame):
        raise AnalysisError(f"The data are a {type(data).__name__}, not a pandas DataFrame.")


def require_columns(names: Iterable[str], data: pd.DataFrame) -> None:
    """Raise `AnalysisError` for the first name that is no column or several, with the nearest that is one."""
    for name in names:
        if name not in data.columns:
            columns = [str(column) for column in data.columns]
            near = get_close_matches(name, columns, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"the columns are {', '.join(columns)}."
            raise AnalysisError(f"The data have no column {name}: {hint}")
        if isinstance(data[name], pd.DataFrame):
            times = data[name].shape[1]
            raise AnalysisError(f"The data have {times} columns named {name}: drop or rename all but one.")


def response_of(formula: MixedFormula, rows: pd.DataFrame) -> FloatArray:
    """The response as floats, shape (n,); what is no number, infinite or constant is refused."""
    name = formula.response
    if len(rows) == 0:
        raise AnalysisError(f"No row has a value in {', '.join(formula.columns)}: there is nothing to fit.")
    column = rows[name]
    if not is_numeric(column):
        raise AnalysisError(_not_numbers(name, column))
    response = checked_numbers(name, column)
    if np.ptp(response) == 0:
        raise AnalysisError(f"{name} is {response[0]:g} in all {len(rows):,} rows: there is no variance to explain.")
    return response


def _not_numbers(name: str, column: pd.Series[Any]) -> str:
    """What to say of a response that is no column of numbers: the first value that is none, or that all are text."""
    values = column.astype(object)
    number = pd.to_numeric(values.astype(str), errors="coerce").notna()
    if number.all() and column.dtype.kind != "c":
        kept = f"{name} holds numbers written as {'categories' if column.dtype == 'category' else 'text'}"
        return f"{kept}: turn them into numbers first, with pd.to_numeric({name}.astype(str))."
    place = int(np.argmin(number)) if column.dtype.kind != "c" else 0
    where = f"{values.iloc[place]!r} in row {column.index[place]}"
    return f"{name} holds something that is not a number, first {where}: a mixed model explains numbers."


def numbers_as_text(coding: Coding, rows: pd.DataFrame) -> list[str]:
    """A message for each factor whose levels are all numbers written as text, which may be meant as a covariate."""
    found = []
    for name, factor in coding.factors.items():
        written = not isinstance(rows[name].dtype, pd.CategoricalDtype) and not pd.api.types.is_bool_dtype(rows[name])
        if written and pd.to_numeric(pd.Series(factor.levels).astype(str), errors="coerce").notna().all():
            found.append(
                f"{name} holds numbers written as text and is taken as a factor of {len(factor.levels):,} levels: "
                "make it numbers with pd.to_numeric for a slope."
            )
    return found


def groups_of(grouping: Grouping, rows: pd.DataFrame) -> Groups:
    """The levels of one random intercept; one level, or a level for every row, cannot be fitted and is refused."""
    codes, levels = _levels(rows[grouping.columns[0]])
    for name in grouping.columns[1:]:
        more, others = _levels(rows[name])
        combined, found = pd.factorize(codes * len(others) + more, sort=True)
        codes, levels = combined, [f"{levels[c // len(others)]}:{others[c % len(others)]}" for c in found]
    if len(levels) < 2:
        raise AnalysisError(f"{grouping.name} has one level only, {levels[0]}: its variance cannot be estimated.")
    if len(levels) >= len(rows):
        raise AnalysisError(
            f"{grouping.name} has a level for each of the {len(rows):,} rows: its variance and the residual variance "
            "cannot be told apart. A random intercept needs levels with more than one row."
        )
    require_distinct(grouping.name, levels)
    return Groups(grouping.name, codes.astype(np.int64), levels)


def divide_alike(one: Groups, other: Groups) -> bool:
    """Whether two random intercepts have the same rows in each level."""
    return one.size == other.size and len(np.unique(one.codes * other.size + other.codes)) == one.size


def require_identified(groups: Sequence[Groups], vectors: FloatArray) -> None:
    """Raise `AnalysisError` where a variance has nothing to be estimated from.

    That is so where two random intercepts divide the rows alike, or where the fixed part, given by an orthonormal basis
    of shape (n, p), already has a coefficient for every level.
    """
    for one, other in combinations(groups, 2):
        if divide_alike(one, other):
            raise AnalysisError(f"{one.name} and {other.name} divide the rows in the same way: leave one of them out.")
    n = len(vectors)
    for group in groups:
        sums = [np.bincount(group.codes, column) for column in vectors.T]
        if n - sum(float(of_column @ of_column) for of_column in sums) < EXPLAINED * n:
            raise AnalysisError(
                f"The fixed part already tells all levels of {group.name} apart: no variance between them is left. "
                "Leave either of the two out."
            )


def _levels(column: pd.Series[Any]) -> tuple[IntArray, list[Any]]:
    """Level numbers of a grouping column: numbers ascending, else as factors have them."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        codes, found = pd.factorize(column.to_numpy(), sort=True)
        return codes.astype(np.int64), found.tolist()
    return level_numbers(column)
