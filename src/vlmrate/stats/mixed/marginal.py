"""Estimated marginal means and their differences, as emmeans has them.

Searle, Speed & Milliken 1980, Population marginal means in the linear model, The American Statistician 34, 216-221: the
model's predictions over all combinations of levels, each weighted alike, covariates at their mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.mixed.basis import Basis
    from vlmrate.stats.mixed.design import Coding
    from vlmrate.stats.mixed.inference import Inference

NOT_ESTIMABLE = "not estimable: a cell it averages over has no rows"
MOST_CELLS = 1_000_000


@dataclass(frozen=True, slots=True)
class Cells:
    """Combinations of levels of some factors, and the weights of all coefficients that make each one's mean."""

    factors: tuple[str, ...]
    levels: list[tuple[Any, ...]]
    weights: FloatArray
    """Shape (cells, all columns), dropped ones included."""
    compared: int
    """How many of the factors, from the first, are asked for; the others are those of `by`."""


def marginal_cells(coding: Coding, factor: str | Sequence[str], by: str | Sequence[str] | None) -> Cells:
    """The weights of each combination's marginal mean; the factor named first varies fastest."""
    asked = _names(factor)
    factors = [*asked, *_names(by)]
    if not asked:
        raise AnalysisError(f"Name a factor of this model, one of {', '.join(coding.factors) or 'none'}.")
    for name in factors:
        if name not in coding.factors:
            raise AnalysisError(_no_factor(coding, name))
    if len(set(factors)) < len(factors):
        raise AnalysisError(f"A factor is named twice: {', '.join(factors)}.")
    averaged = [name for name in coding.factors if name not in factors]
    slowest_first = [*reversed(factors), *averaged]
    counts = [len(coding.factors[name].levels) for name in slowest_first]
    if np.prod(counts, dtype=float) > MOST_CELLS:
        raise AnalysisError(f"The factors of this model have more than {MOST_CELLS:,} combinations of levels.")
    grid = np.indices(counts).reshape(len(counts), -1)
    values: dict[str, Any] = {name: grid[place] for place, name in enumerate(slowest_first)}
    values |= {name: np.full(grid.shape[1], variable.mean) for name, variable in coding.covariates.items()}
    encoded, _, _ = coding.encode(values, grid.shape[1])
    each = int(np.prod(counts[: len(factors)]))
    weights = encoded.reshape(each, -1, encoded.shape[1]).mean(axis=1)
    labels = [coding.factors[name].levels for name in reversed(factors)]
    return Cells(tuple(factors), [tuple(reversed(cell)) for cell in product(*labels)], weights, len(asked))


def _names(given: str | Sequence[str] | None) -> list[str]:
    """One name or several, as a list."""
    if given is None or isinstance(given, str):
        return [] if given is None else [given]
    if isinstance(given, list | tuple) and all(isinstance(name, str) for name in given):
        return list(given)
    raise AnalysisError(f"Factors are named by text or a list of texts, not {given!r}.")


def _no_factor(coding: Coding, name: str) -> str:
    said = f"{name} is no factor of this model: its factors are {', '.join(coding.factors) or 'none'}"
    if name in coding.covariates:
        return f"{said}; {name} is a number, and its slope is among the coefficients."
    if ":" in name:
        return f"{said}; combinations are asked for as a list, {name.split(':')}."
    return f"{said}."


def pairwise(cells: Cells) -> tuple[list[tuple[Any, ...]], list[str], FloatArray]:
    """Differences of the levels asked for at each combination of those of `by`: later level minus earlier.

    Returns the combinations of the others, the labels ("vlm - human") and the weights, one row a difference.
    """
    within: dict[tuple[Any, ...], list[int]] = {}
    for place, cell in enumerate(cells.levels):
        within.setdefault(cell[cells.compared :], []).append(place)
    others, labels, weights = [], [], []
    for rest, places in within.items():
        for earlier, later in combinations(places, 2):
            others.append(rest)
            one, other = (" ".join(map(str, cells.levels[place][: cells.compared])) for place in (later, earlier))
            labels.append(f"{one} - {other}")
            weights.append(cells.weights[later] - cells.weights[earlier])
    return others, labels, np.array(weights)


def tested(
    frame: pd.DataFrame, weights: FloatArray, basis: Basis, inference: Inference, *, level: float, against_zero: bool
) -> pd.DataFrame:
    """Add estimate, standard error, df and interval to the rows, and a test against zero where asked.

    Rows that the data do not determine have no numbers, and a note that says so.
    """
    known = basis.estimable(weights)
    tests = inference.t_tests(basis.contrast(weights[known][:, basis.kept]))
    low, high = tests.interval(level)
    columns = {"estimate": tests.estimate, "std_error": tests.std_error, "df": tests.df, "ci_low": low, "ci_high": high}
    if against_zero:
        columns |= {"statistic": tests.statistic, "p_value": tests.p_value}
    for name, found in columns.items():
        filled = np.full(len(weights), np.nan)
        filled[known] = found
        frame[name] = filled
    frame["note"] = np.where(known, "", NOT_ESTIMABLE)
    return frame
