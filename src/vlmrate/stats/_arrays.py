"""Checked conversions of what callers pass in: arrays, lists or Series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlmrate.errors import AnalysisError
from vlmrate.stats.estimate import Skipped

MOST_NAMED = 5
"""Undeclared labels that a message names."""
FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
Column: TypeAlias = "Sequence[Any] | NDArray[Any] | pd.Series[Any]"
"""One value a unit: a list, an array or a Series.

Columns belong together by position. Two Series passed together must therefore share their index, in the same order;
a Series beside a list or an array is taken as it stands, its index being read by nobody.
"""


def require_aligned(**columns: Column | None) -> int:
    """Return the common length of the columns, each named as its caller calls it.

    Raises `AnalysisError` for what is no column, where lengths differ, or where two Series carry different indexes:
    taken by position they would pair one image's rating with another's.
    """
    given = {name: column for name, column in columns.items() if column is not None}
    for name, column in given.items():
        require_column(column, name)
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


def require_column(values: Any, name: str) -> None:
    """Refuse what does not hold one value a unit: a number alone, a text, a mapping, a table."""
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    if not listed and getattr(values, "ndim", 0) != 1:
        raise AnalysisError(f"{name} must be a list, an array or a Series, one value a unit, not {_told(values)}.")


def _told(values: Any) -> str:
    return f"a table of {values.ndim} dimensions" if getattr(values, "ndim", 0) > 1 else type(values).__name__


def as_floats(values: Column, name: str) -> FloatArray:
    """Return the values as floats, shape (n,), None as NaN; what is infinite or no number is refused."""
    require_column(values, name)
    try:
        floats = _real(values).to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"{name} holds something that is not a number: {error}.") from error
    if np.isinf(floats).any():
        raise AnalysisError(f"{name} holds an infinite value.")
    return floats


def require_one_of(value: str, allowed: Sequence[str], name: str) -> None:
    """Refuse an option that is none of those there are, rather than take another in its place."""
    if value not in allowed:
        raise AnalysisError(f"{name} is one of {', '.join(allowed)}, not {value!r}.")


def _real(values: Column) -> pd.Series[Any]:
    given = pd.Series(np.asarray(values))
    if given.dtype.kind in "mM":
        raise TypeError("a date or a time")  # pandas would count its nanoseconds
    numbers = pd.to_numeric(given, errors="raise")
    if np.iscomplexobj(numbers):
        raise TypeError("a complex number")  # numpy would drop its imaginary part
    return numbers


def is_number(value: object) -> bool:
    """Whether this is one real number of Python or numpy; True and False are none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def require_share(value: float, name: str) -> None:
    """Refuse what does not lie between 0 and 1, both excluded: 95 for .95 would make an interval of NaN."""
    if not (is_number(value) and 0 < value < 1):
        raise AnalysisError(f"{name} lies between 0 and 1, not at {value}.")


def require_raters(k: float) -> None:
    """Refuse a number of raters, whole or not, that cannot be."""
    if not (is_number(k) and 0 < k < math.inf):
        raise AnalysisError(f"A number of raters lies above 0 and is finite, not {k!r}.")


def require_level(level: float) -> None:
    """Refuse a confidence level that is none."""
    require_share(level, "A confidence level")


def require_count(value: float | np.number[Any], least: int, name: str) -> None:
    """Refuse a number of resamples, draws or bins that is not whole (of Python or numpy) or is too small."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise AnalysisError(f"{name} is a whole number of {least} or more, not {value!r}.")


def declared(labels: Sequence[Any], *reserved: Any) -> dict[Any, int]:
    """Number the declared labels; refused where there are fewer than two, one comes twice, or one is reserved."""
    require_column(labels, "labels")
    number = {label: code for code, label in enumerate(labels)}
    if len(number) != len(labels) or len(labels) < 2 or any(name in number for name in reserved):
        told = "".join(f", and not be named '{name}'" for name in reserved)
        raise AnalysisError(f"Labels must be two or more, and differ{told}: {list(labels)}.")
    return number


def label_codes(values: Column, number: dict[Any, int], name: str) -> IntArray:
    """Return each value's number among the declared labels, -1 where it is missing; all others are refused."""
    require_column(values, name)
    column = pd.Series(list(values), dtype=object)
    missing = column.isna()
    unknown = {value.item() if isinstance(value, np.generic) else value for value in column[~missing]} - set(number)
    if unknown:
        told = ", ".join(sorted(map(repr, unknown))[:MOST_NAMED])
        raise AnalysisError(
            f"{name} holds labels that are not declared: {told}; declared: {list(number)}. "
            "Declare or correct them; an answer that could not be read is None."
        )
    codes = [-1 if gone else number[value] for value, gone in zip(column, missing, strict=True)]
    return np.array(codes, dtype=np.int64)


def as_names(values: Column) -> NDArray[Any]:
    """Return names as an array, shape (n,): those of a list as objects, since numpy would call a missing one "nan"."""
    return np.asarray(values if hasattr(values, "dtype") else pd.Series(list(values), dtype=object))


def as_codes(values: Column, name: str, *, ascending: bool = False) -> tuple[IntArray, list[Any]]:
    """Return each value's number and the distinct values, as they first appear or ascending; none may be missing."""
    require_column(values, name)
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
    codes, names = as_codes(np.zeros(n)[both] if groups is None else as_names(groups)[both], "groups")
    kept = None if clusters is None else as_names(clusters)[both]
    if kept is not None:
        as_codes(kept, "clusters")  # a missing one is refused
    return Pairs(x[both], y[both], codes, names, kept)


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
