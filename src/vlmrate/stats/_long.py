"""Ratings in long rows (unit, rater, value), numbered: what the statistics of many raters start from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, IntArray, as_codes, as_floats, as_names, require_aligned
from vlmrate.stats.estimate import Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ratings:
    """One row a rating, none missing; units and raters are numbered in ascending order of their names."""

    unit: IntArray
    rater: IntArray
    value: FloatArray
    unit_names: list[Any]
    rater_names: list[Any]
    clusters: Column | None
    """One entry a unit, None where every unit is its own."""

    @property
    def n_units(self) -> int:
        """Units with a rating."""
        return len(self.unit_names)

    @property
    def n_raters(self) -> int:
        """Raters with a rating."""
        return len(self.rater_names)

    @property
    def n(self) -> int:
        """Ratings."""
        return len(self.value)

    @property
    def complete(self) -> bool:
        """Whether every rater rated every unit."""
        return self.n == self.n_units * self.n_raters

    def per_unit(self, weights: FloatArray | None = None) -> FloatArray:
        """Return the total of `weights` (one a rating; None counts ratings) of each unit: shape (units,)."""
        return np.bincount(self.unit, weights=weights, minlength=self.n_units).astype(np.float64)

    def only(self, units: NDArray[np.bool_]) -> Ratings:
        """Return the ratings of some units (a mask over all), numbered anew; every rater stays."""
        rows = units[self.unit]
        return replace(
            self,
            unit=(np.cumsum(units) - 1)[self.unit[rows]],
            rater=self.rater[rows],
            value=self.value[rows],
            unit_names=[name for name, kept in zip(self.unit_names, units, strict=True) if kept],
            clusters=None if self.clusters is None else np.asarray(self.clusters)[units],
        )


def code_ratings(units: Column, raters: Column, values: Column, *, clusters: Column | None = None) -> Ratings | Skipped:
    """Number units and raters and drop missing values; Skipped where a rater rated a unit more than once."""
    require_aligned(units=units, raters=raters, values=values, clusters=clusters)
    return code_cells(units, raters, as_floats(values, "values"), clusters)


def code_cells(units: Column, raters: Column, value: FloatArray, clusters: Column | None = None) -> Ratings | Skipped:
    """Do what `code_ratings` does for values that are already floats, NaN where missing."""
    there = ~np.isnan(value)
    unit, unit_names = as_codes(as_names(units)[there], "units", ascending=True)
    rater, rater_names = as_codes(as_names(raters)[there], "raters", ascending=True)
    if len(np.unique(unit * max(1, len(rater_names)) + rater)) < len(unit):
        return Skipped("a rater rated the same unit more than once: choose one repeat")
    of_units = None if clusters is None else clusters_of_units(unit, as_names(clusters)[there])
    return Ratings(unit, rater, value[there], _plain(unit_names), _plain(rater_names), of_units)


def _plain(names: list[Any]) -> list[Any]:
    """Return names of Python's own types, as a person prints them: 3 for np.int64(3)."""
    return [name.item() if isinstance(name, np.number | np.str_ | np.bool_) else name for name in names]


def too_few(ratings: Ratings, *, units: int = 2, raters: int = 2) -> Skipped | None:
    """Say what is missing for a statistic of several raters on several units, or return None."""
    if ratings.n_raters < raters:
        return Skipped(f"this needs {raters} raters, there {there_are(ratings.n_raters, 'rater')}")
    if ratings.n_units < units:
        return Skipped(f"this needs {units} units, there {there_are(ratings.n_units, 'unit')}")
    return None


def there_are(n: int, what: str) -> str:
    """Return how many there are, to follow "there": `is one rater`, `are 3 raters`."""
    return f"is one {what}" if n == 1 else f"are {n or 'no'} {what}s"


def clusters_of_units(unit: IntArray, clusters: NDArray[Any]) -> Column:
    """Return each unit's cluster from one entry a row; a unit in two clusters is refused."""
    codes, _ = as_codes(clusters, "clusters", ascending=True)
    _, first = np.unique(unit, return_index=True)
    if not np.array_equal(codes[first][unit], codes):
        raise AnalysisError("A unit's rows name more than one cluster.")
    of_units: IntArray = codes[first]
    return of_units
