"""Wilcoxon's signed-rank test, and its form for identities that repeat."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from scipy import stats as scipy_stats

from vlmrate.stats import wilcoxon

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import TestResult

RNG = np.random.default_rng(8)
HUMAN = np.round(RNG.uniform(1, 9, 80), 2)
MODEL = np.clip(np.round(HUMAN + RNG.normal(0.4, 1, 80)), 1, 9)


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
@pytest.mark.parametrize("whole", [True, False])
def test_signed_rank_is_scipys(
    zeros: Literal["drop", "pratt"], whole: bool, tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """p equals scipy's normal approximation, with many ties and zeros and with none."""
    human = np.round(HUMAN) if whole else HUMAN
    d = np.round(MODEL - human, 10)
    test = tested(wilcoxon(MODEL, human, zeros=zeros))
    reference = scipy_stats.wilcoxon(d, zero_method="pratt" if zeros == "pratt" else "wilcox", method="asymptotic")
    assert test.p_value == pytest.approx(reference.pvalue, rel=tolerance.reference)
    assert f"{(d == 0).sum()} of 80 differences are 0" in test.method
    assert "normal approximation" in test.method
    assert test.df is None


def test_small_samples_are_exact(tested: Callable[[object], TestResult]) -> None:
    """Five positive differences without ties have p = 2 / 2^5 and W+ = 15; a zero dropped does not change it."""
    test = tested(wilcoxon([1.1, 2.2, 3.3, 4.4, 5.5, 7.0], [1, 2, 3, 4, 5, 7]))
    assert (test.statistic, test.p_value) == (15, pytest.approx(2 / 32))
    assert "1 of 6 differences are 0, dropped; no ties; exact" in test.method


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
def test_tied_small_samples_are_exact(zeros: Literal["drop", "pratt"], tested: Callable[[object], TestResult]) -> None:
    """With ties and zeros p is the share of all ways to sign the ranks, counted one by one; n differences of one
    sign never come below 2 / 2^n, whatever their ties."""
    for d in ([1, 1, 1, 2, 2], [-1, 0.75, 1, 2], [1, 1, -2, 3, 3, 3, -1, 2], [0, 1, 1, -2, 3, 0]):
        test = tested(wilcoxon(np.add(d, 5), np.full(len(d), 5.0), zeros=zeros))
        kept = [x for x in d if x or zeros == "pratt"]
        ranks = [r for r, x in zip(scipy_stats.rankdata(np.abs(kept)), kept, strict=True) if x]
        sums = [
            sum(r for r, up in zip(ranks, signs, strict=True) if up) for signs in product((0, 1), repeat=len(ranks))
        ]
        one_sided = min(np.mean([s <= test.statistic for s in sums]), np.mean([s >= test.statistic for s in sums]))
        assert test.p_value == pytest.approx(min(1, 2 * one_sided))
        assert test.method.endswith("exact")


def test_ties_survive_rounding(tested: Callable[[object], TestResult]) -> None:
    """3 - 2.9 and 4 - 3.9 differ in their last bit and are one rank; 0.3 - (0.1 + 0.2) is a zero."""
    test = tested(wilcoxon([3, 4, 0.3, 5], [2.9, 3.9, 0.1 + 0.2, 5.5]))
    assert "1 of 4 differences are 0" in test.method
    assert "mid-ranks for ties" in test.method
    assert test.statistic == 3


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
def test_signs_of_an_identity_turn_together(
    zeros: Literal["drop", "pratt"], tested: Callable[[object], TestResult]
) -> None:
    """With identities that repeat, p is the share of all ways to turn whole identities, counted one by one."""
    who = np.array([0, 0, 0, 1, 1, 2, 3, 3, 4, 5])
    d = np.array([1.0, 2.0, -0.5, 1.5, 1.5, -1.0, 0.0, 3.0, 2.5, 0.0])
    test = tested(wilcoxon(d + 5, np.full(10, 5.0), clusters=who, zeros=zeros))
    kept = d != 0 if zeros == "drop" else np.ones(10, dtype=bool)
    ranks = scipy_stats.rankdata(np.abs(d[kept]))
    sums = []
    for signs in product((1, -1), repeat=6):
        turned = d[kept] * np.array(signs)[who[kept]]
        sums.append(ranks[turned > 0].sum())
    observed = ranks[d[kept] > 0].sum()
    one_sided = min(np.mean(np.array(sums) <= observed), np.mean(np.array(sums) >= observed))
    assert (test.statistic, test.p_value) == (observed, pytest.approx(min(1, 2 * one_sided)))
    assert test.method.startswith("clustered signed-rank over 5 clusters, two-sided; 2 of 10 differences are 0")
    assert test.method.endswith("exact")


def test_many_identities_are_taken_for_normal(tested: Callable[[object], TestResult]) -> None:
    """Beyond 50 identities z is the sum of signed ranks over the root of the sum of squared sums of identities."""
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(60), 3)
    d = np.round(rng.normal(0.3, 1, 180) + rng.normal(0, 0.5, 60)[who], 3)
    test = tested(wilcoxon(d, np.zeros(180), clusters=who))
    signed = scipy_stats.rankdata(np.abs(d)) * np.sign(d)
    sums = np.bincount(who, weights=signed)
    z = sums.sum() / np.sqrt((sums**2).sum())
    assert test.p_value == pytest.approx(2 * scipy_stats.norm.sf(abs(z)))
    assert "normal approximation" in test.method


def test_identities_that_do_not_repeat_change_nothing() -> None:
    """One image an identity is Wilcoxon's test, to the word."""
    assert wilcoxon(MODEL, HUMAN, clusters=[f"p{i}" for i in range(80)]) == wilcoxon(MODEL, HUMAN)


def test_one_cluster_or_one_image_is_no_test(
    tested: Callable[[object], TestResult], skipped: Callable[[object], str]
) -> None:
    """Below two clusters p could only be 1; of several clusters one may be left with a difference."""
    assert skipped(wilcoxon([5], [4])) == "a signed-rank test needs two images, there is one"
    alone = wilcoxon([5, 6, 7], [4, 4, 4], clusters=["p"] * 3)
    assert skipped(alone) == "a signed-rank test needs two clusters, there is one"
    left = tested(wilcoxon([5, 6, 4], [4, 4, 4], clusters=["p", "p", "q"]))
    assert left.p_value == 1
    assert left.method.startswith("clustered signed-rank over 1 cluster, ")


@pytest.mark.slow
@pytest.mark.parametrize("identities", [12, 60])
def test_repeated_identities_are_not_taken_for_evidence(identities: int) -> None:
    """Without any bias but with effects of identities, 3 to 7 % of 1,200 studies come out significant at .05.

    Taken for independent, the same images are significant in more than 14 %.
    """
    clustered, independent = [], []
    for seed in range(1200):
        rng = np.random.default_rng([seed, 9])
        who = np.repeat(np.arange(identities), rng.integers(1, 9, identities))
        d = np.round(rng.normal(0, 0.6, identities)[who] + rng.normal(0, 1, len(who)), 1)
        columns = d, np.zeros(len(d))
        clustered.append(wilcoxon(*columns, clusters=who).p_value)  # type: ignore[union-attr]
        independent.append(wilcoxon(*columns).p_value)  # type: ignore[union-attr]
    assert 0.03 <= np.mean(np.array(clustered) < 0.05) <= 0.07
    assert np.mean(np.array(independent) < 0.05) > 0.14
