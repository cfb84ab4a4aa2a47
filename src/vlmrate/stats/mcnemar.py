"""McNemar's test: are two raters right equally often, judged by the images on which only one of them is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import bdtr, chdtrc

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, require_aligned, require_count
from vlmrate.stats.confusion import code_labels
from vlmrate.stats.corrections import Family
from vlmrate.stats.estimate import Skipped, TestOutcome, TestResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXACT_BELOW = 25
"""Discordant images below which the test is the exact binomial one."""


def mcnemar(first: Column, second: Column, *, exact_below: int = EXACT_BELOW, continuity: bool = True) -> TestOutcome:
    """Test whether two raters are right equally often, from one true or false an image for each; two-sided.

    With b images only the first has right and c only the second: below `exact_below` discordant images (b +
    c) p = 2 P(X <= min(b, c)), X binomial(b + c, 1/2), at most 1, and the statistic is min(b, c); from there
    on chi² = (|b - c| - 1)² / (b + c) of 1 df, without the 1 where `continuity` is false (McNemar 1947,
    Psychometrika 12, 153-157; continuity: Edwards 1948, Psychometrika 13, 185-187). The correction is not
    taken beyond 0. It takes the images for independent. Skipped where no image is discordant.

    >>> test = mcnemar([True] * 9 + [False] * 3, [True] * 2 + [False] * 8 + [True] * 2)
    >>> test.statistic, round(test.p_value, 4)
    (2.0, 0.1797)
    >>> test.method
    'McNemar, two-sided, 7 against 2 discordant; exact binomial'
    """
    n = require_aligned(first=first, second=second)
    require_count(exact_below, 0, "exact_below")
    return _test(*_only(_as_right(first, "first"), _as_right(second, "second")), n, exact_below, continuity)


@dataclass(frozen=True, slots=True)
class McNemarPair:
    """Two raters on the same images: who was right where, and the test."""

    first: str
    second: str
    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    test: TestOutcome


@dataclass(frozen=True, slots=True)
class McNemarPairs:
    """Every pair of raters, and the family their tests form; `holm(result.family)` corrects them."""

    pairs: tuple[McNemarPair, ...]
    family: Family
    """Tests named "first against second"; pairs without a discordant image are no members."""


def mcnemar_pairs(
    truth: Column,
    answers: Mapping[str, Column],
    labels: Sequence[str],
    *,
    exact_below: int = EXACT_BELOW,
    continuity: bool = True,
) -> McNemarPairs:
    """Test every pair of raters for being right equally often, an invalid answer an error.

    `answers` holds one answer an image by rater, all in the order of `truth`. Pairs come in the order of the
    raters. Raises `AnalysisError` below two raters, for a true label that is missing, and for a label that is not
    declared; an answer that is missing or "invalid" is an error of the rater.

    >>> truth = ["sad", "sad", "joy", "joy"]
    >>> answers = {"A": truth, "B": ["joy", "joy", "sad", "joy"], "C": ["sad", "joy", "joy", None]}
    >>> result = mcnemar_pairs(truth, answers, ["joy", "sad"])
    >>> result.family.tests, [round(p, 3) for p in result.family.p_values]
    (('A against B', 'A against C', 'B against C'), [0.25, 0.5, 1.0])
    """
    if len(answers) < 2:
        raise AnalysisError(f"Pairs of raters need two raters, there are {len(answers)}.")
    _require_one_index(answers)
    coded = {rater: code_labels(truth, given, labels) for rater, given in answers.items()}
    right = {rater: codes.truth == codes.answers for rater, codes in coded.items()}
    pairs = tuple(_pair(a, b, right[a], right[b], exact_below, continuity) for a, b in combinations(answers, 2))
    tests = {f"{pair.first} against {pair.second}": pair.test for pair in pairs}
    return McNemarPairs(pairs, Family.of(f"McNemar over every pair of {len(answers)} raters", tests))


def _require_one_index(answers: Mapping[str, Column]) -> None:
    first = next(iter(answers))
    for rater in answers:
        require_aligned(**{f"the answers of {rater}": answers[rater], f"the answers of {first}": answers[first]})


Right = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def _as_right(column: Column, name: str) -> Right:
    values = np.asarray(column)
    if values.dtype != np.bool_ and (pd.isna(values).any() or not np.isin(values, (0, 1)).all()):
        raise AnalysisError(f"{name} must say true or false (1 or 0) for every image: whether the rater was right.")
    return values.astype(np.bool_)


def _only(first: Right, second: Right) -> tuple[int, int]:
    return int((first & ~second).sum()), int((second & ~first).sum())


def _pair(a: str, b: str, first: Right, second: Right, exact_below: int, continuity: bool) -> McNemarPair:
    only_a, only_b = _only(first, second)
    test = _test(only_a, only_b, len(first), exact_below, continuity)
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    return McNemarPair(a, b, both, only_a, only_b, neither, test)


def _test(b: int, c: int, n: int, exact_below: int, continuity: bool) -> TestOutcome:
    discordant = b + c
    name = f"McNemar, two-sided, {b:,} against {c:,} discordant"
    if discordant == 0:
        return Skipped(f"the raters are right and wrong on the same {n:,} images: no discordant pair")
    if discordant < exact_below:
        p = min(1.0, 2 * float(bdtr(min(b, c), discordant, 0.5)))
        return TestResult(float(min(b, c)), p, None, f"{name}; exact binomial", n)
    apart = max(0, abs(b - c) - (1 if continuity else 0))
    chi2 = apart**2 / discordant
    how = "with Edwards' continuity correction" if continuity else "without continuity correction"
    return TestResult(chi2, float(chdtrc(1, chi2)), 1.0, f"{name}; chi-square {how}", n)
