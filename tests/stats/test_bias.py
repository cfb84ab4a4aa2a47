"""Differences between model and people: tests, effect sizes, and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    Bootstrap,
    bias_by_group,
    bootstrap_rows,
    d_z,
    group_gap,
    mean_difference,
    mean_difference_bootstrap,
    rank_biserial,
    t_test,
    wilcoxon,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate, Outcome, TestResult

    Ratings = NDArray[np.float64]

RNG = np.random.default_rng(8)
HUMAN = np.round(RNG.uniform(1, 9, 80), 2)
MODEL = np.clip(np.round(HUMAN + RNG.normal(0.4, 1, 80)), 1, 9)
FEW = Bootstrap(resamples=40)


def test_t_interval_and_test_are_scipys(
    estimated: Callable[[object], Estimate], tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """Mean difference, interval, t, df and p equal scipy's paired t-test."""
    ours, test = estimated(mean_difference(MODEL, HUMAN)), tested(t_test(MODEL, HUMAN))
    reference = scipy_stats.ttest_rel(MODEL, HUMAN)
    interval = reference.confidence_interval()
    np.testing.assert_allclose(
        [ours.value, ours.ci_low, ours.ci_high, test.statistic, test.p_value],
        [(MODEL - HUMAN).mean(), interval.low, interval.high, reference.statistic, reference.pvalue],
        rtol=tolerance.reference,
    )
    assert test.df == 79


def test_a_mean_over_repeated_identities_takes_them_for_related(
    estimated: Callable[[object], Estimate], tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """With equally many images an identity, interval and t are Student's over identities' means; the mean is the same.

    Identities that do not repeat change nothing, whatever they are called.
    """
    who = np.arange(80) // 4
    ours, test = estimated(mean_difference(MODEL, HUMAN, clusters=who)), tested(t_test(MODEL, HUMAN, clusters=who))
    reference = scipy_stats.ttest_1samp((MODEL - HUMAN).reshape(20, 4).mean(axis=1), 0)
    interval = reference.confidence_interval()
    np.testing.assert_allclose(
        [ours.value, ours.ci_low, ours.ci_high, test.statistic, test.p_value, test.df],
        [(MODEL - HUMAN).mean(), interval.low, interval.high, reference.statistic, reference.pvalue, 19],
        rtol=tolerance.reference,
    )
    assert (ours.n, "over 20 clusters" in ours.method, "over 20 clusters" in test.method) == (80, True, True)
    names = [f"p{i}" for i in range(80)]
    assert mean_difference(MODEL, HUMAN, clusters=names) == mean_difference(MODEL, HUMAN)
    assert t_test(MODEL, HUMAN, clusters=names) == t_test(MODEL, HUMAN)


def test_one_identity_has_no_interval(skipped: Callable[[object], str]) -> None:
    """Eighty images of one person say nothing of other people."""
    for outcome in (mean_difference(MODEL, HUMAN, clusters=["p"] * 80), t_test(MODEL, HUMAN, clusters=["p"] * 80)):
        assert skipped(outcome) == "a t interval needs two clusters, all 80 images are of one"
    assert "needs two clusters" in skipped(wilcoxon(MODEL, HUMAN, clusters=["p"] * 80))


def test_groups_pass_identities_on_to_their_tests() -> None:
    """In a group whose identities repeat, t, its interval and the signed-rank test are the clustered ones."""
    who = np.arange(80) // 4
    (told,) = bias_by_group(MODEL, HUMAN, ["sad"] * 80, clusters=who, bootstrap=FEW)
    assert told.t == t_test(MODEL, HUMAN, clusters=who)
    assert told.mean_t == mean_difference(MODEL, HUMAN, clusters=who)
    assert told.wilcoxon == wilcoxon(MODEL, HUMAN, clusters=who)
    assert told.wilcoxon != wilcoxon(MODEL, HUMAN)


def test_effect_sizes_are_pingouins(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """Rank-biserial equals pingouin's RBC, zeros and ties included; d_z is mean over SD of the differences."""
    human = np.round(HUMAN)
    reference = pingouin.wilcoxon(MODEL, human)["RBC"].iloc[0]
    assert estimated(rank_biserial(MODEL, human)).value == pytest.approx(reference, rel=tolerance.reference)
    d = MODEL - HUMAN
    assert estimated(d_z(MODEL, HUMAN)).value == pytest.approx(d.mean() / d.std(ddof=1), rel=tolerance.reference)


def plain_rank_biserial(rows: NDArray[np.int64], d: NDArray[np.float64]) -> float:
    """The rank-biserial correlation of one resample, ranked by scipy."""
    moved = d[rows][d[rows] != 0]
    ranks = scipy_stats.rankdata(np.abs(moved))
    return float((ranks * np.sign(moved)).sum() / ranks.sum())


def test_rank_biserial_is_ranked_anew_in_every_resample(estimated: Callable[[object], Estimate]) -> None:
    """Its interval is that of ranking every clustered resample afresh."""
    human, clusters = np.round(HUMAN), np.arange(80) // 2
    fast = estimated(rank_biserial(MODEL, human, clusters=clusters, bootstrap=FEW))
    plain = estimated(
        bootstrap_rows(
            lambda rows: plain_rank_biserial(rows, MODEL - human), 80, name="r", clusters=clusters, bootstrap=FEW
        )
    )
    assert (fast.ci_low, fast.ci_high) == pytest.approx((plain.ci_low, plain.ci_high), rel=TOLERANCE.same_algorithm)


@settings(deadline=None)
@given(st.permutations(range(80)), st.integers(-9, 9))
def test_order_and_common_shift_do_not_matter_and_swapping_turns_the_sign(order: list[int], shift: int) -> None:
    """Bias belongs to pairs: shuffled or moved together they say the same, swapped the opposite."""
    model, human = MODEL[order] + shift, HUMAN[order] + shift
    statistics: list[Callable[[Ratings, Ratings], Outcome]] = [
        mean_difference,
        lambda x, y: d_z(x, y, bootstrap=FEW),
        lambda x, y: rank_biserial(x, y, bootstrap=FEW),
    ]
    for statistic in statistics:
        one = statistic(MODEL, HUMAN).value  # type: ignore[union-attr]
        assert statistic(model, human).value == pytest.approx(one, abs=1e-9)  # type: ignore[union-attr]
        assert statistic(human, model).value == pytest.approx(-one, abs=1e-9)  # type: ignore[union-attr]


def test_groups_are_tested_for_themselves(estimated: Callable[[object], Estimate]) -> None:
    """A planted bias of +1 and -2 is found in its group, in the order asked for, each against 0."""
    groups = np.repeat(["happy", "fear"], 40)
    noise = np.random.default_rng(9).normal(0, 0.3, 80)
    model = HUMAN + np.where(groups == "happy", 1.0, -2.0) + noise - noise.mean()
    fear, happy = bias_by_group(model, HUMAN, groups, order=["fear", "happy"], clusters=np.tile(np.arange(40), 2))
    assert (fear.group, fear.n, happy.group, happy.n) == ("fear", 40, "happy", 40)
    assert estimated(happy.mean_t).ci_low < 1 < estimated(happy.mean_t).ci_high
    assert estimated(fear.mean_bootstrap).ci_low < -2 < estimated(fear.mean_bootstrap).ci_high
    assert happy.model_mean is not None
    assert happy.human_mean is not None
    assert happy.model_mean - happy.human_mean == pytest.approx(estimated(happy.mean_t).value)
    assert happy.mean_t == mean_difference(model[:40], HUMAN[:40])
    assert happy.wilcoxon == wilcoxon(model[:40], HUMAN[:40])


def test_group_without_ratings_stays_and_is_skipped(skipped: Callable[[object], str]) -> None:
    """An emotion that the model never rated is a row of reasons, not a row gone."""
    rows = bias_by_group([1, 2, None, None], [2, 4, 3, 3], ["sad", "sad", "fear", "fear"], bootstrap=FEW)
    fear = rows[1]
    assert (fear.group, fear.n, fear.model_mean) == ("fear", 0, None)
    for outcome in (fear.mean_t, fear.mean_bootstrap, fear.t, fear.wilcoxon, fear.rank_biserial, fear.d_z):
        skipped(outcome)


def test_same_ratings_are_skipped(skipped: Callable[[object], str], estimated: Callable[[object], Estimate]) -> None:
    """Without any difference there is nothing to test; a constant difference has no variance for a t."""
    for outcome in (wilcoxon(MODEL, MODEL), rank_biserial(MODEL, MODEL, bootstrap=FEW)):
        assert "all 80 differences are 0" in skipped(outcome)
    for outcome in (t_test(MODEL, MODEL + 1), mean_difference(MODEL, MODEL + 1), d_z(MODEL, MODEL + 1)):
        assert "no variance: all 80 are -1" in skipped(outcome)
    assert estimated(mean_difference_bootstrap(MODEL, MODEL + 1)).value == -1


@pytest.mark.parametrize("columns", [(None, [1, 2]), ([1, 2], None), (["a", "b"], [1, 2])])
def test_ratings_that_are_none_are_refused(columns: tuple[Any, Any]) -> None:
    """A column left out is one sentence, in groups as elsewhere."""
    with pytest.raises(AnalysisError):
        bias_by_group(*columns, ["sad", "fear"])


def test_a_standard_error_is_held_against_the_size_of_the_differences(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """Differences of 1e-12 that vary have their interval between groups; rounding of large ones has none."""
    rng, groups = np.random.default_rng(4), ["A"] * 20 + ["B"] * 20
    small = estimated(group_gap(1e-12 * rng.normal(size=40), np.zeros(40), groups, "A", "B").bias)
    assert small.ci_low < small.value < small.ci_high
    large = np.tile([3e7 * 0.1, 3e6 * (1 + 1e-15)], 20)
    assert "standard error of 0" in skipped(group_gap(large, np.zeros(40), groups, "A", "B").bias)


def test_order_must_name_every_group() -> None:
    """An order that leaves a group out would drop its bias."""
    with pytest.raises(AnalysisError, match="fear"):
        bias_by_group([1, 2], [1, 2], ["sad", "fear"], order=["sad"])
