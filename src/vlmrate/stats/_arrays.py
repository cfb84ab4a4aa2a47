"""Checked conversions of what callers pass in: arrays, lists or Series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlmrate.errors import AnalysisError
from vlmrate.stats.estimate import Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
Column: TypeAlias = "Sequence[Any] | NDArray[Any] | pd.Series[Any]"
"""One value a unit: a list, an array or a Series; two Series passed together must share their index."""


def require_aligned(**columns: Column | None) -> int:
    """Return the common length of the columns, each named as its caller calls it.

    Raises `AnalysisError` where lengths differ, or where two Series carry different indexes: taken by
    position they would pair one image's rating with another's.
    """
    given = {name: column for name, column in columns.items() if column is not None}
    lengths = {name: len(column) for name, column in given.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise AnalysisError(f"Columns that belong together differ in length: {told}.")
    series = {name: column for name, column in given.items() if isinstance(column, pd.Series)}
    first = next(iter(series), None)
    for name, column in series.items():
        if first is not None and not column.index.equals(series[first].index):
            raise AnalysisError(f"{name} and {first} are Series with different indexes: align them first.")
    return next(iter(lengths.values()), 0)


def as_floats(values: Column, name: str) -> FloatArray:
    """Return the values as floats, shape (n,), None as NaN; what is infinite or no number is refused."""
    try:
        numbers = pd.to_numeric(pd.Series(np.asarray(values)), errors="raise")
        floats = numbers.to_numpy(dtype=np.float64, copy=True)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"{name} holds something that is not a number: {error}.") from error
    if np.isinf(floats).any():
        raise AnalysisError(f"{name} holds an infinite value.")
    return floats


def require_one_of(value: str, allowed: Sequence[str], name: str) -> None:
    """Refuse an option that is none of those there are, rather than take another in its place."""
    if value not in allowed:
        raise AnalysisError(f"{name} is one of {', '.join(allowed)}, not {value!r}.")


def as_names(values: Column) -> NDArray[Any]:
    """Return names as an array, shape (n,): those of a list as objects, since numpy would call a missing one "nan"."""
    return np.asarray(values if hasattr(values, "dtype") else pd.Series(list(values), dtype=object))


def as_codes(values: Column, name: str, *, ascending: bool = False) -> tuple[IntArray, list[Any]]:
    """Return each value's number and the distinct values, as they first appear or ascending; none may be missing."""
    codes, distinct = pd.factorize(as_names(values), sort=ascending)
    if (codes < 0).any():
        raise AnalysisError(f"{name} has no value for {int((codes < 0).sum())} of {len(codes)} rows.")
    return codes.astype(np.int64), list(distinct)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two ratings a unit, those with one missing left out, and what else is known of the units that stay."""

    model: FloatArray
    human: FloatArray
    groups: IntArray
    """Number of each unit's group, in order of first appearance; all 0 where no groups were given."""
    group_names: list[Any]
    clusters: Column | None

    @property
    def n(self) -> int:
        """Units with both ratings."""
        return len(self.model)

    @property
    def difference(self) -> FloatArray:
        """Model minus human, one value a unit."""
        return self.model - self.human


def pairs(model: Column, human: Column, *, groups: Column | None = None, clusters: Column | None = None) -> Pairs:
    """Align model and human ratings and drop the units where either is missing."""
    n = require_aligned(model=model, human=human, groups=groups, clusters=clusters)
    x, y = as_floats(model, "model"), as_floats(human, "human")
    both = ~(np.isnan(x) | np.isnan(y))
    kept_groups = np.zeros(n)[both] if groups is None else np.asarray(groups)[both]
    codes, names = as_codes(kept_groups, "groups")
    kept_clusters = None if clusters is None else np.asarray(clusters)[both]
    return Pairs(x[both], y[both], codes, names, kept_clusters)


def no_spread(both: Pairs) -> Skipped | None:
    """Say why no correlation can be had from these pairs, or return None where one can."""
    if both.n < 2:
        return Skipped(f"a correlation needs two images rated by both, there are {both.n}")
    for name, values in (("model", both.model), ("human", both.human)):
        if np.ptp(values) == 0:
            return Skipped(f"the {name} ratings have no variance: all {both.n} are {values[0]:g}")
    return None


def one_hot(codes: IntArray, width: int) -> FloatArray:
    """Return a row a unit with a one in the column of its code: shape (n, width)."""
    indicator = np.zeros((len(codes), width))
    indicator[np.arange(len(codes)), codes] = 1.0
    return indicator


def in_order(names: Sequence[Any], order: Sequence[Any] | None) -> list[Any]:
    """Return the names in the order asked for; those the order leaves out are refused."""
    if order is None:
        return list(names)
    unknown = [name for name in names if name not in order]
    if unknown:
        raise AnalysisError(f"The order given leaves out {', '.join(map(str, unknown))}.")
    return [name for name in order if name in names]
