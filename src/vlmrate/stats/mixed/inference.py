"""Tests of linear combinations of coefficients, whatever the method that yields their degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np
from scipy import special

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import require_level

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray

Method: TypeAlias = Literal["satterthwaite", "kenward-roger"]


@dataclass(frozen=True, slots=True)
class TTests:
    """Combinations of coefficients, each with its standard error and degrees of freedom: arrays of shape (r,)."""

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray

    @property
    def statistic(self) -> FloatArray:
        """t: estimate over standard error."""
        return self.estimate / self.std_error

    @property
    def p_value(self) -> FloatArray:
        """Two-sided, from Student's t with the degrees of freedom found."""
        p: FloatArray = 2 * special.stdtr(self.df, -np.abs(self.statistic))
        return p

    def interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Lower and upper ends of the confidence interval at a level in (0, 1), by Student's t."""
        require_level(level)
        half = special.stdtrit(self.df, (1 + level) / 2) * self.std_error
        return self.estimate - half, self.estimate + half


@dataclass(frozen=True, slots=True)
class FTest:
    """All of some combinations of coefficients tested to be zero together."""

    statistic: float
    numerator_df: int
    denominator_df: float

    @property
    def p_value(self) -> float:
        """Upper tail of the F distribution."""
        return float(special.fdtrc(self.numerator_df, self.denominator_df, self.statistic))


def require_flag(name: str, value: object) -> None:
    """Raise `AnalysisError` where an argument that is True or False is neither."""
    if not isinstance(value, bool | np.bool_):
        raise AnalysisError(f"{name} is True or False, not {value!r}.")


class Inference(Protocol):
    """What tests combinations of coefficients; weights of shape (r, p) refer to the orthonormal basis."""

    def t_tests(self, weights: FloatArray) -> TTests:
        """One test a row."""
        ...

    def f_test(self, weights: FloatArray) -> FTest:
        """All rows together."""
        ...
