"""Exchange tests against scipy's own permutation test, and their behaviour under the null hypothesis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vlmrate.check.exchange import exchange_means, exchange_r


def test_a_mean_difference_has_the_p_of_scipy() -> None:
    """Ten images: every swap is tried on both sides."""
    rng = np.random.default_rng(2)
    d = rng.normal(0.5, 1, 10)
    expected = stats.permutation_test(
        (d, np.zeros(10)), lambda a, b: float(np.mean(a - b)), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    (found,) = exchange_means(d, np.ones((1, 10), dtype=bool))
    assert found.p == pytest.approx(expected, abs=1e-12)


def test_a_difference_of_correlations_has_the_p_of_scipy() -> None:
    """Nine images: every swap is tried on both sides."""
    rng = np.random.default_rng(3)
    people = rng.normal(5, 2, 9)
    before, now = people + rng.normal(0, 1, 9), people + rng.normal(0, 3, 9)
    expected = stats.permutation_test(
        (before, now),
        lambda a, b: float(np.corrcoef(a, people)[0, 1] - np.corrcoef(b, people)[0, 1]),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="two-sided",
    ).pvalue
    found = exchange_r(before, now, people)
    assert found is not None
    # scipy doubles the smaller tail; both tails are alike here, for swapping all images turns the sign.
    assert found.p == pytest.approx(expected, abs=1e-9)


def test_groups_are_corrected_for_their_number() -> None:
    """The chance that any of six groups is found under the null hypothesis stays below the level."""
    groups = np.arange(48) // 8 == np.arange(6)[:, None]
    found = [
        min(test.p for test in exchange_means(np.random.default_rng(seed).normal(0, 1, 48), groups))
        for seed in range(200)
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.09


def test_a_missing_rating_is_left_out() -> None:
    """NaN on one image changes nothing about the others."""
    d = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    (whole,) = exchange_means(d, np.ones((1, 6), dtype=bool))
    (gap,) = exchange_means(np.append(d, np.nan), np.ones((1, 7), dtype=bool))
    assert gap.p == whole.p == 2 / 2**6


def test_a_rating_without_spread_has_no_r() -> None:
    """Where now every image gets a 5 there is nothing to correlate."""
    people = np.arange(6.0)
    assert exchange_r(people, np.full(6, 5.0), people) is None
