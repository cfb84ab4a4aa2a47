"""Split-half: the slow way for two raters, the reliability it estimates, and its seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stats.tables import planted
from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, Icc, SplitHalf, icc_from_components, pearson_bootstrap, spearman_brown, split_half

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats import Estimate


def done(told: object) -> SplitHalf:
    """Unwrap the result."""
    assert isinstance(told, SplitHalf), told
    return told


def test_two_raters_have_one_split(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """Every split is rater A against rater B: Pearson's r, its bootstrap interval, and its step by two."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=30)
    second = first + rng.normal(size=30)
    told = done(split_half(list(range(30)) * 2, ["A"] * 30 + ["B"] * 30, np.append(first, second), bootstrap=quick))
    r = estimated(pearson_bootstrap(first, second, bootstrap=quick))
    half = estimated(told.half)
    assert [half.value, half.ci_low, half.ci_high] == pytest.approx(
        [r.value, r.ci_low, r.ci_high], abs=TOLERANCE.reference
    )
    assert estimated(told.corrected).value == pytest.approx(spearman_brown(r.value, 2), abs=TOLERANCE.reference)
    assert told.splits[0] == pytest.approx(told.splits[-1], abs=TOLERANCE.reference)


def test_it_is_the_reliability_of_the_mean(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """Twelve of sixty raters a unit: the planted reliability of their mean, 1 / (1 + 1.93 / 12)."""
    told = done(split_half(*planted(1, units=400), bootstrap=quick))
    assert estimated(told.corrected).value == pytest.approx(1 / (1 + (0.49 + 1.44) / 12), abs=0.04)
    components = icc_from_components(*planted(1, units=400))
    assert isinstance(components, Icc)
    assert estimated(told.corrected).value == pytest.approx(components.agreement_k.value, abs=0.02)  # type: ignore[union-attr]


def test_distribution_is_of_the_splits_and_seeded(estimated: Callable[[object], Estimate]) -> None:
    """The same seed gives the same splits whatever the order of rows; another seed others; the mean is theirs."""
    unit, rater, value = planted(2, units=30, raters=9, each=6)
    order = np.random.default_rng(3).permutation(len(unit))
    told = done(split_half(unit, rater, value, splits=40))
    again = done(split_half(unit[order], rater[order], value[order], splits=40))
    other = done(split_half(unit, rater, value, splits=40, bootstrap=Bootstrap(seed=1)))
    assert told.splits == pytest.approx(again.splits, abs=TOLERANCE.same_algorithm)
    assert told.splits != pytest.approx(other.splits, abs=1e-6)
    assert len(told.splits) == 40
    assert estimated(told.corrected).value == pytest.approx(np.mean(told.splits), abs=TOLERANCE.same_algorithm)
    assert estimated(again.corrected).ci_low == pytest.approx(
        estimated(told.corrected).ci_low, abs=TOLERANCE.same_algorithm
    )


def test_shift_and_scale_leave_it_and_clusters_widen_it(estimated: Callable[[object], Estimate]) -> None:
    """A linear map changes nothing; identities drawn whole are named in the method."""
    unit, rater, value = planted(4, units=30, raters=9, each=6)
    told = done(split_half(unit, rater, value, splits=20))
    mapped = done(split_half(unit, rater, 40 - 3 * value, splits=20))
    assert mapped.splits == pytest.approx(told.splits, abs=1e-9)
    clustered = done(split_half(unit, rater, value, splits=20, clusters=unit // 5))
    assert "6 clusters" in estimated(clustered.half).method


def test_a_perfect_disagreement_is_no_crash(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """Two raters who mirror each other: r is -1, and its step is far below 0, not a division by zero."""
    told = done(split_half([1, 2, 3, 1, 2, 3], list("AAABBB"), [1, 2, 3, 3, 2, 1], splits=2, bootstrap=quick))
    assert told.splits[0] < -1e6


def test_what_cannot_be_split_is_skipped(skipped: Callable[[object], str], quick: Bootstrap) -> None:
    """One rater, two units, a repeat, one cluster, constant means; no split at all is refused."""
    assert "2 raters" in skipped(split_half([1, 2, 3], ["A"] * 3, [1, 2, 3]))
    assert "3 units" in skipped(split_half([1, 2, 1, 2], list("AABB"), [1, 2, 3, 4]))
    assert "more than once" in skipped(split_half([1, 1], ["A", "A"], [1, 2]))
    three = [1, 2, 3, 1, 2, 3], list("AAABBB")
    assert "two clusters" in skipped(split_half(*three, [1, 2, 3, 1, 2, 4], clusters=["x"] * 6))
    told = done(split_half(*three, [4, 4, 4, 1, 2, 3], bootstrap=quick))
    assert "not defined" in skipped(told.half)
    assert told.splits == ()
    with pytest.raises(AnalysisError, match="whole number of 1 or more"):
        split_half(*three, [1, 2, 3, 1, 2, 4], splits=0)
