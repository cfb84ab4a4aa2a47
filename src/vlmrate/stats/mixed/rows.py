"""The rows a model is fitted to: what is missing is left out and counted, what cannot be fitted is refused."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import FloatArray, IntArray
from vlmrate.stats.mixed.design import level_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vlmrate.stats.mixed.formula import Grouping, MixedFormula


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
    """Return the rows with a value in every column of the model, and a message where some had none."""
    require_columns(formula.columns, data)
    used = data[list(formula.columns)]
    missing = {name: column.isna() for name, column in used.items() if column.hasnans}
    if not missing:
        return used, []
    out = np.logical_or.reduce([mask.to_numpy() for mask in missing.values()])
    told = ", ".join(f"{name} ({int(mask.sum()):,})" for name, mask in missing.items())
    message = f"{int(out.sum()):,} of {len(data):,} rows have no value in {told} and are left out."
    return used[~out], [message]


def require_columns(names: Iterable[str], data: pd.DataFrame) -> None:
    """Raise `AnalysisError` for the first name that is no column, with the nearest that is one."""
    for name in names:
        if name not in data.columns:
            columns = [str(column) for column in data.columns]
            near = get_close_matches(name, columns, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"the columns are {', '.join(columns)}."
            raise AnalysisError(f"The data have no column {name}: {hint}")


def response_of(formula: MixedFormula, rows: pd.DataFrame) -> FloatArray:
    """The response as floats, shape (n,); what is no number, infinite or constant is refused."""
    name = formula.response
    if len(rows) == 0:
        raise AnalysisError(f"No row has a value in {', '.join(formula.columns)}: there is nothing to fit.")
    column = rows[name]
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        raise AnalysisError(f"{name} holds something that is not a number: a mixed model explains numbers.")
    response = column.to_numpy(np.float64)
    if np.isinf(response).any():
        raise AnalysisError(f"{name} holds an infinite value.")
    if np.ptp(response) == 0:
        raise AnalysisError(f"{name} is {response[0]:g} in all {len(rows):,} rows: there is no variance to explain.")
    return response


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
    return Groups(grouping.name, codes.astype(np.int64), levels)


def _levels(column: pd.Series[Any]) -> tuple[IntArray, list[Any]]:
    """Level numbers of a grouping column: numbers ascending, else as factors have them."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        codes, found = pd.factorize(column.to_numpy(), sort=True)
        return codes.astype(np.int64), found.tolist()
    return level_numbers(column)
