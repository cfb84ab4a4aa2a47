"""The alternative-annotator test: may this model replace a person? A rule, not a figure to be argued about.

Calderon, Reichart & Dror 2025, The Alternative Annotator Test for LLM-as-a-Judge, Proceedings of the 63rd Annual
Meeting of the Association for Computational Linguistics (Volume 1: Long Papers), 16051-16081.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from scipy.special import stdtr

from vlmrate.errors import AnalysisError
from vlmrate.stats._alignment import Alignment, nearness, numbered
from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    IntArray,
    as_codes,
    is_number,
    require_aligned,
    require_count,
    require_one_of,
    require_share,
)
from vlmrate.stats._long import Ratings, code_cells
from vlmrate.stats._printed import alt_test_rater_text, alt_test_text
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, resample_sums
from vlmrate.stats.corrections import Adjusted, Family, benjamini_yekutieli
from vlmrate.stats.estimate import Outcome, Skipped, TestResult

if TYPE_CHECKING:
    ByUnit = pd.Series[Any]


@dataclass(frozen=True, slots=True)
class AltTestRater:
    """The model against one left-out person, in the eyes of the others."""

    rater: Any
    n: int
    """Units that this person, the model and at least one other person rated."""
    model_advantage: float
    """Share of units where the model is at least as near to the others as the person."""
    human_advantage: float
    """Share of units where the person is at least as near as the model."""
    test: TestResult
    """t test, one-sided, of human minus model advantage below epsilon."""
    adjusted: Adjusted
    wins: bool
    """Whether the model beats this person by the adjusted p-value."""

    def __str__(self) -> str:
        return alt_test_rater_text(self)


@dataclass(frozen=True, slots=True)
class AltTest:
    """The verdict, what it rests on, and the persons left aside."""

    passes: bool
    """Whether the winning rate is at least one half."""
    winning_rate: float
    """Share of the tested persons that the model beats (omega)."""
    advantage: Outcome
    """Average advantage probability (rho): mean over the persons of `model_advantage`; units are resampled."""
    lead: Outcome
    """Mean over the persons of `model_advantage` - `human_advantage`, from the same resamples: above -epsilon the model
    is on average as near as a person, even where too few units leave each person's own test without power."""
    raters: tuple[AltTestRater, ...]
    too_few_units: tuple[Any, ...]
    """Persons with fewer than `min_units` units, who are not tested."""
    alignment: Alignment
    epsilon: float
    q: float

    def __str__(self) -> str:
        return alt_test_text(self)


def alt_test(
    units: Column,
    raters: Column,
    values: Column,
    model: ByUnit,
    *,
    alignment: Alignment = "rmse",
    epsilon: float = 0.1,
    q: float = 0.05,
    min_units: int = 30,
    clusters: ByUnit | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> AltTest | Skipped:
    """Leave each person out in turn and ask who is nearer to the others, the person or the model.

    Long rows (unit, rater, value) of people; `model` is a Series by unit, `clusters` too. On each unit that
    person j, the model and another person rated, S is the alignment with the others: "rmse" for numbers,
    -sqrt(mean (x - y_o)²), "accuracy" for labels, the share of others with the same label. The model has the
    advantage where S(model) >= S(j), the person where S(j) >= S(model); ties count for both. Per person, a
    one-sided t test of mean(human advantage - model advantage) < epsilon, over the units; Benjamini-Yekutieli
    at `q` over the persons; the winning rate is the share of persons beaten, and the model passes from one
    half on. `epsilon` is the advantage granted to the model for its price: the authors advise .2 where the
    people are experts, .15 for skilled and .1 for crowd raters. Below `min_units` units a person is not
    tested (the t test needs about 30). Differences that do not vary have p = 0 or 1. Units that the model or all
    but one person left out do not count. Skipped where nobody can be tested; `AnalysisError` where the model names
    no unit that people rated.

    >>> rng = np.random.default_rng(1)
    >>> true = np.repeat(rng.integers(1, 10, 40), 3)
    >>> people = np.clip(true + rng.integers(-2, 3, 120), 1, 9)
    >>> near = pd.Series(true[::3], index=range(40))
    >>> told = alt_test(np.repeat(range(40), 3), list("ABC") * 40, people, near)
    >>> told.passes, told.winning_rate, round(told.advantage.value, 3)
    (True, 1.0, 0.933)
    >>> round(told.raters[0].adjusted.p_adjusted, 5)
    0.0
    """
    _check(alignment, epsilon, q, min_units, model)
    require_aligned(units=units, raters=raters, values=values)
    value, ours = numbered(values, model, alignment)
    ratings = code_cells(units, raters, value)
    if isinstance(ratings, Skipped):
        return ratings
    ratings = _comparable(ratings, ours)
    compared = _Compared.of(ratings, ours.reindex(ratings.unit_names).to_numpy(dtype=np.float64), alignment)
    tested = [j for j in range(ratings.n_raters) if compared.n[j] >= max(2, min_units)]
    if not tested:
        most = int(compared.n.max(initial=0))
        return Skipped(f"no person shares {min_units} units with the model and others; the most is {most}")
    told = _told(compared, ratings, tested, epsilon, q)
    advantage, lead = compared.advantages(tested, _clusters(clusters, ratings), bootstrap)
    winning_rate = sum(rater.wins for rater in told) / len(told)
    return AltTest(
        passes=winning_rate >= 0.5,
        winning_rate=winning_rate,
        advantage=advantage,
        lead=lead,
        raters=told,
        too_few_units=tuple(name for j, name in enumerate(ratings.rater_names) if j not in tested),
        alignment=alignment,
        epsilon=epsilon,
        q=q,
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    """One row a rating that can be compared: whose, of which unit, and who has the advantage."""

    unit: IntArray
    rater: IntArray
    model: FloatArray
    human: FloatArray
    n: IntArray
    """Rows of each rater."""
    n_units: int

    @classmethod
    def of(cls, ratings: Ratings, model: FloatArray, alignment: Alignment) -> _Compared:
        of_person, of_model = nearness(ratings, model[ratings.unit], alignment)
        return cls(
            ratings.unit,
            ratings.rater,
            (of_model >= of_person).astype(np.float64),
            (of_person >= of_model).astype(np.float64),
            np.bincount(ratings.rater, minlength=ratings.n_raters),
            ratings.n_units,
        )

    def total(self, advantage: FloatArray) -> FloatArray:
        """Return the sum over each rater's rows: shape (raters,)."""
        return np.bincount(self.rater, weights=advantage, minlength=len(self.n)).astype(np.float64)

    def tests(self, persons: list[int], epsilon: float) -> list[TestResult]:
        # Differences are -1, 0 or 1, so their sums are whole and a variance of 0 is exactly 0.
        difference = self.human - self.model
        totals, squares = self.total(difference), self.total(difference**2)
        return [_t_test(int(self.n[j]), float(totals[j]), float(squares[j]), epsilon) for j in persons]

    def advantages(self, tested: list[int], clusters: Column | None, bootstrap: Bootstrap) -> tuple[Outcome, Outcome]:
        """Return the mean over persons of the model's share of advantages, and of its lead; units are resampled."""
        of_unit = np.arange(self.n_units)
        if clusters is not None:
            of_unit, _ = as_codes(clusters, "clusters", ascending=True)
        k, persons = int(of_unit.max()) + 1, len(self.n)
        # Added up by cluster at once: of a thousand persons by a thousand units hardly one cell in twenty is filled.
        cell = of_unit[self.unit] * persons + self.rater
        counts = (
            np.bincount(cell, weights=w, minlength=k * persons) for w in (None, self.model, self.model - self.human)
        )
        sums = np.stack([count.reshape(k, persons)[:, tested] for count in counts], axis=1).astype(np.float64)
        drawn = resample_sums(sums.reshape(k, -1), bootstrap=bootstrap)
        if isinstance(drawn, Skipped):
            return drawn, drawn

        def mean_share(totals: FloatArray, which: int) -> FloatArray:
            by_person = totals.reshape(len(totals), 3, -1)
            n, won = by_person[:, 0], by_person[:, which]
            there = n > 0
            if there.all():  # the rule, and a quarter of the work
                return np.asarray((won / n).mean(axis=1), dtype=np.float64)
            shares = np.where(there, won / np.where(there, n, 1.0), 0.0)
            return np.asarray(shares.sum(axis=1) / there.sum(axis=1), dtype=np.float64)

        over = f"over {len(tested):,} persons"
        advantage = f"average advantage probability {over}"
        lead = f"mean of the model's advantage less the person's {over}"
        return (
            drawn.estimate(lambda t: mean_share(t, 1), name=advantage, n=self.n_units),
            drawn.estimate(lambda t: mean_share(t, 2), name=lead, n=self.n_units),
        )


def _t_test(n: int, total: float, squares: float, epsilon: float) -> TestResult:
    """Test a mean below epsilon from n, sum d and sum d²."""
    method = f"t, one-sided, human minus model advantage below {epsilon:g}"
    mean, variance = total / n - epsilon, (squares - total**2 / n) / (n - 1)
    if variance <= 0:
        statistic, p = math.copysign(math.inf, mean) if mean else 0.0, 0.0 if mean < 0 else 1.0
        return TestResult(statistic, p, float(n - 1), f"{method}; the differences do not vary", n)
    t = mean / math.sqrt(variance / n)
    return TestResult(t, float(stdtr(n - 1, t)), float(n - 1), method, n)


def _check(alignment: Alignment, epsilon: float, q: float, min_units: int, model: ByUnit) -> None:
    require_one_of(alignment, get_args(Alignment), "alignment")
    require_count(min_units, 1, "min_units")
    require_share(q, "q")
    if not (is_number(epsilon) and 0 <= epsilon < 1):
        raise AnalysisError(f"epsilon lies in [0, 1), not at {epsilon}.")
    if not isinstance(model, pd.Series) or not model.index.is_unique:
        raise AnalysisError("The model's answers must be a Series that names every unit once.")


def _comparable(ratings: Ratings, ours: ByUnit) -> Ratings:
    if ratings.n and not ours.index.isin(ratings.unit_names).any():
        raise AnalysisError(
            f"The model's answers name none of the {ratings.n_units:,} units that people rated: its index begins with "
            f"{ours.index[:1].tolist()}, the units with {ratings.unit_names[:1]}."
        )
    return ratings.only((ratings.per_unit() >= 2) & ours.reindex(ratings.unit_names).notna().to_numpy())


def _told(
    compared: _Compared, ratings: Ratings, tested: list[int], epsilon: float, q: float
) -> tuple[AltTestRater, ...]:
    tests, names = compared.tests(tested, epsilon), [ratings.rater_names[j] for j in tested]
    made = {str(name): test for name, test in zip(names, tests, strict=True)}
    adjusted = benjamini_yekutieli(Family.of("alternative-annotator test over the persons", made))
    model, human = compared.total(compared.model), compared.total(compared.human)
    return tuple(
        AltTestRater(
            rater=name,
            n=test.n,
            model_advantage=float(model[j]) / test.n,
            human_advantage=float(human[j]) / test.n,
            test=test,
            adjusted=corrected,
            wins=corrected.p_adjusted <= q,
        )
        for j, name, test, corrected in zip(tested, names, tests, adjusted, strict=True)
    )


def _clusters(clusters: ByUnit | None, ratings: Ratings) -> Column | None:
    if clusters is None:
        return None
    if not isinstance(clusters, pd.Series):
        raise AnalysisError("clusters must be a Series by unit.")
    if not clusters.index.is_unique or not set(ratings.unit_names) <= set(clusters.index):
        raise AnalysisError("clusters must name every unit once.")
    return clusters.loc[ratings.unit_names].to_numpy()
