"""Corrections for testing many hypotheses, over a family that is named and counted.

The family's size is the number of tests really made. A test that was Skipped has no p-value, cannot come out
significant by chance, and so is no member; its name is kept for the table's note.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import is_number
from vlmrate.stats.estimate import Skipped, TestOutcome, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats._arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Family:
    """Tests that are corrected together: what unites them, their names and their p-values."""

    name: str
    tests: tuple[str, ...]
    p_values: tuple[float, ...]
    skipped: tuple[str, ...] = ()
    """Tests that could not be made and do not count."""

    def __post_init__(self) -> None:
        if len(self.tests) != len(self.p_values) or len(set(self.tests)) != len(self.tests):
            raise AnalysisError(f"The family '{self.name}' needs one p-value a test, and tests of different names.")
        wrong = [test for test, p in zip(self.tests, self.p_values, strict=True) if not 0 <= p <= 1]
        if wrong:
            raise AnalysisError(f"The family '{self.name}' has p-values outside 0 to 1: {', '.join(wrong)}.")

    @classmethod
    def of(cls, name: str, tests: Mapping[str, TestOutcome | float]) -> Family:
        """Gather tests (or bare p-values) by name; Skipped ones are named and do not count.

        `AnalysisError`: they have no names (a list), or one is neither a test nor a number.
        """
        if not isinstance(tests, Mapping):
            raise AnalysisError(
                f"The family '{name}' needs its tests by name, such as {{'sad': 0.01}}, not a {type(tests).__name__}."
            )
        wrong = [test for test, o in tests.items() if not (isinstance(o, TestResult | Skipped) or is_number(o))]
        if wrong:
            raise AnalysisError(
                f"The family '{name}' has neither a test nor a p-value for {', '.join(map(str, wrong))}."
            )
        made = {test: outcome for test, outcome in tests.items() if not isinstance(outcome, Skipped)}
        p_values = tuple(o.p_value if isinstance(o, TestResult) else float(o) for o in made.values())
        return cls(name, tuple(made), p_values, tuple(test for test in tests if test not in made))

    @property
    def size(self) -> int:
        """Number of tests made."""
        return len(self.tests)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One test of a family after correction."""

    test: str
    p_value: float
    """As the test gave it."""
    p_adjusted: float
    """To be held against the same alpha as a single p-value; never below `p_value`, at most 1."""
    method: str
    family: str
    family_size: int


def bonferroni(family: Family) -> tuple[Adjusted, ...]:
    """Hold the chance of any false positive in the family at alpha: min(1, m p). Dunn 1961, JASA 56, 52-64.

    >>> family = Family.of("bias per emotion", {"angry": 0.01, "sad": 0.04, "happy": 0.03})
    >>> [(test.test, round(test.p_adjusted, 4), test.family_size) for test in bonferroni(family)]
    [('angry', 0.03, 3), ('sad', 0.12, 3), ('happy', 0.09, 3)]
    """
    return _adjust(family, "Bonferroni", lambda p: p * len(p))


def holm(family: Family) -> tuple[Adjusted, ...]:
    """Hold the same chance as Bonferroni with more power: running maximum of (m - i + 1) p_(i), p ascending.

    Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    >>> family = Family.of("bias per emotion", {"angry": 0.01, "sad": 0.04, "happy": 0.03})
    >>> [round(test.p_adjusted, 4) for test in holm(family)]
    [0.03, 0.06, 0.06]
    """
    return _adjust(family, "Holm", lambda p: np.maximum.accumulate(p * np.arange(len(p), 0, -1)))


def benjamini_hochberg(family: Family) -> tuple[Adjusted, ...]:
    """Hold the expected share of false discoveries at alpha: running minimum from above of m p_(i) / i.

    Benjamini & Hochberg 1995, Journal of the Royal Statistical Society B 57, 289-300.

    >>> family = Family.of("bias per emotion", {"angry": 0.01, "sad": 0.04, "happy": 0.03})
    >>> [round(test.p_adjusted, 4) for test in benjamini_hochberg(family)]
    [0.03, 0.04, 0.04]
    """
    return _adjust(
        family,
        "Benjamini-Hochberg",
        lambda p: np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1],
    )


def benjamini_yekutieli(family: Family) -> tuple[Adjusted, ...]:
    """Hold the expected share of false discoveries at alpha however the tests depend on each other.

    Benjamini-Hochberg's p times 1 + 1/2 + … + 1/m: Benjamini & Yekutieli 2001, Annals of Statistics 29,
    1165-1188.

    >>> family = Family.of("bias per emotion", {"angry": 0.01, "sad": 0.04, "happy": 0.03})
    >>> [round(test.p_adjusted, 4) for test in benjamini_yekutieli(family)]
    [0.055, 0.0733, 0.0733]
    """

    def of_ascending(p: FloatArray) -> FloatArray:
        place = np.arange(1, len(p) + 1)
        return np.minimum.accumulate((p * len(p) * (1 / place).sum() / place)[::-1])[::-1]

    return _adjust(family, "Benjamini-Yekutieli", of_ascending)


def _adjust(family: Family, method: str, of_ascending: Callable[[FloatArray], FloatArray]) -> tuple[Adjusted, ...]:
    if not isinstance(family, Family):
        raise AnalysisError(
            f"{method}'s correction takes a Family, which names and counts its tests, not a {type(family).__name__}: "
            "Family.of('bias per emotion', {'sad': 0.01, 'happy': 0.04})."
        )
    p = np.array(family.p_values, dtype=np.float64)
    ascending = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[ascending] = np.minimum(of_ascending(p[ascending]), 1.0)
    return tuple(
        Adjusted(test, p_value, float(corrected), method, family.name, family.size)
        for test, p_value, corrected in zip(family.tests, family.p_values, adjusted, strict=True)
    )
