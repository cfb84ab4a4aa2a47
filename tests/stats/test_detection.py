"""Signal detection per label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, bootstrap_rows, detection, detection_gaps

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

LABELS = ["happy", "sad", "angry"]
RNG = np.random.default_rng(31)
TRUTH = np.tile(np.array(LABELS), 60)
ANSWERS = np.where(RNG.random(180) < 0.6, TRUTH, RNG.choice(np.array([*LABELS, "invalid"]), 180))
IDENTITY = np.repeat(np.arange(60), 3)
GROUP = np.where(IDENTITY < 30, "A", "B")
FEW = Bootstrap(resamples=40)


def plain(truth: NDArray[np.str_], answers: NDArray[np.str_], label: str) -> tuple[float, float]:
    """d' and criterion by the book, with scipy's normal distribution."""
    signal, yes = truth == label, answers == label
    hits = (np.sum(signal & yes) + 0.5) / (signal.sum() + 1)
    alarms = (np.sum(~signal & yes) + 0.5) / ((~signal).sum() + 1)
    return float(norm.ppf(hits) - norm.ppf(alarms)), float(-(norm.ppf(hits) + norm.ppf(alarms)) / 2)


def test_values_are_those_of_the_formula(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """Each label against the rest; an invalid answer is a miss and no false alarm."""
    told = detection(TRUTH, ANSWERS, LABELS, bootstrap=FEW)
    assert [label.label for label in told] == LABELS
    for label in told:
        d, c = plain(TRUTH, ANSWERS, label.label)
        assert estimated(label.d_prime).value == pytest.approx(d, rel=tolerance.reference)
        assert estimated(label.criterion).value == pytest.approx(c, rel=tolerance.reference)
        assert (label.n_signal, label.n_noise, estimated(label.d_prime).n) == (60, 120, 180)
        assert label.hits == np.sum((label.label == TRUTH) & (label.label == ANSWERS))
        assert "log-linear" in estimated(label.d_prime).method


def test_interval_draws_whole_identities(estimated: Callable[[object], Estimate]) -> None:
    """The interval is that of recomputing d' in every clustered resample."""
    ours = estimated(detection(TRUTH, ANSWERS, LABELS, clusters=IDENTITY, bootstrap=FEW)[1].d_prime)
    again = estimated(
        bootstrap_rows(
            lambda rows: plain(TRUTH[rows], ANSWERS[rows], "sad")[0], 180, name="d", clusters=IDENTITY, bootstrap=FEW
        )
    )
    assert (ours.ci_low, ours.ci_high) == pytest.approx((again.ci_low, again.ci_high), rel=TOLERANCE.reference)


def test_a_lower_hit_rate_may_be_criterion_alone(estimated: Callable[[object], Estimate]) -> None:
    """A group answered "angry" more rarely, equally well seen: d' holds, the criterion moves."""

    def answers(criterion: float) -> NDArray[np.str_]:
        yes = np.concatenate(
            [norm.ppf((np.arange(200) + 0.5) / 200) + 2 > criterion, norm.ppf((np.arange(200) + 0.5) / 200) > criterion]
        )
        return np.where(yes, "angry", "happy")

    truth = np.repeat(np.array(["angry", "happy"]), 200)
    both, groups = np.concatenate([answers(0.7), answers(1.6)]), np.repeat(["lax", "strict"], 400)
    gap = detection_gaps(np.tile(truth, 2), both, ["angry", "happy"], groups, "strict", "lax", bootstrap=FEW)[0]
    assert estimated(gap.d_prime).value == pytest.approx(0.0, abs=0.05)
    assert estimated(gap.criterion).value == pytest.approx(0.9, abs=0.05)
    assert estimated(gap.criterion).ci_low > 0.5
    accuracy = (both == np.tile(truth, 2)) & (np.tile(truth, 2) == "angry")
    assert accuracy[groups == "strict"].sum() < 0.75 * accuracy[groups == "lax"].sum()


def test_gap_is_the_difference_of_the_groups(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """Value, and interval by drawing identities of both groups together."""
    gap = detection_gaps(TRUTH, ANSWERS, LABELS, GROUP, "B", "A", clusters=IDENTITY, bootstrap=FEW)[2]
    a, b = (plain(TRUTH[g == GROUP], ANSWERS[g == GROUP], "angry") for g in ("A", "B"))
    assert estimated(gap.d_prime).value == pytest.approx(b[0] - a[0], rel=tolerance.reference)
    assert estimated(gap.criterion).value == pytest.approx(b[1] - a[1], rel=tolerance.reference)

    def again(rows: NDArray[np.int64]) -> float:
        drawn = [plain(TRUTH[rows][GROUP[rows] == g], ANSWERS[rows][GROUP[rows] == g], "angry")[0] for g in "BA"]
        return drawn[0] - drawn[1]

    interval = estimated(bootstrap_rows(again, 180, name="gap", clusters=IDENTITY, bootstrap=FEW))
    ours = estimated(gap.d_prime)
    assert (ours.ci_low, ours.ci_high) == pytest.approx((interval.ci_low, interval.ci_high), rel=TOLERANCE.reference)


def test_perfect_answers_have_the_large_sample_interval(
    estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """A hit rate of 1 has a finite d' by the correction, and an interval by Gourevitch and Galanter, not of width 0."""
    truth = np.repeat(np.array(["a", "b"]), 20)
    answers = np.where(np.arange(40) < 25, "a", "b")
    ours = estimated(detection(truth, answers, ["a", "b"])[0].d_prime)
    h, f = 20.5 / 21, 5.5 / 21
    variance = sum(p * (1 - p) / (20 * norm.pdf(norm.ppf(p)) ** 2) for p in (h, f))
    assert ours.value == pytest.approx(norm.ppf(h) - norm.ppf(f), rel=tolerance.reference)
    assert ours.ci_high - ours.value == pytest.approx(norm.ppf(0.975) * np.sqrt(variance), rel=tolerance.reference)
    assert "large-sample" in ours.method
    criterion = estimated(detection(truth, answers, ["a", "b"])[0].criterion)
    assert criterion.ci_high - criterion.value == pytest.approx((ours.ci_high - ours.value) / 2)


def test_identities_are_the_trials_of_that_interval(estimated: Callable[[object], Estimate]) -> None:
    """Ten copies of each image from one identity tell no more than one: the interval keeps its width."""
    truth = np.repeat(np.array(["a", "b"]), 20)
    answers = np.where(np.arange(40) < 25, "a", "b")
    one = estimated(detection(truth, answers, ["a", "b"])[0].d_prime)
    many = estimated(
        detection(np.repeat(truth, 10), np.repeat(answers, 10), ["a", "b"], clusters=np.repeat(np.arange(40), 10))[
            0
        ].d_prime
    )
    assert many.ci_high - many.ci_low > 0.9 * (one.ci_high - one.ci_low)


def test_gap_with_a_perfect_group_adds_both_variances(estimated: Callable[[object], Estimate]) -> None:
    """The half-widths of the groups add in squares."""
    truth = np.tile(np.repeat(np.array(["a", "b"]), 20), 2)
    answers = np.concatenate([truth[:40], np.where(np.arange(40) % 3 == 0, "a", "b")])
    groups = np.repeat(["x", "y"], 40)
    gap = estimated(detection_gaps(truth, answers, ["a", "b"], groups, "x", "y")[0].d_prime)
    assert "large-sample" in gap.method
    x = estimated(detection(truth[:40], answers[:40], ["a", "b"])[0].d_prime)
    assert gap.ci_high - gap.value > x.ci_high - x.value


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(180)))
def test_order_of_images_does_not_matter(order: list[int]) -> None:
    """Shuffled images say the same."""
    for one, other in zip(
        detection(TRUTH, ANSWERS, LABELS, clusters=IDENTITY, bootstrap=FEW),
        detection(TRUTH[order], ANSWERS[order], LABELS, clusters=IDENTITY[order], bootstrap=FEW),
        strict=True,
    ):
        assert one == other


def test_swapping_signal_and_noise_turns_the_criterion(estimated: Callable[[object], Estimate]) -> None:
    """With two labels and no invalid answer each label's d' is the other's, and the criterion its negative."""
    truth, answers = np.tile(np.array(["a", "b"]), 30), np.where(np.arange(60) % 5 < 2, "a", "b")
    a, b = detection(truth, answers, ["a", "b"], bootstrap=FEW)
    assert estimated(a.d_prime).value == pytest.approx(estimated(b.d_prime).value)
    assert estimated(a.criterion).value == pytest.approx(-estimated(b.criterion).value)


def test_degenerate_labels_are_skipped(skipped: Callable[[object], str]) -> None:
    """No image of the label, none of another, one cluster: reasons."""
    told = detection(["a", "a", "b"], ["a", "b", "b"], ["a", "b", "c"], bootstrap=FEW)
    assert "an image of the label" in skipped(told[2].d_prime)
    only = detection(["a", "a"], ["a", "b"], ["a", "b"], bootstrap=FEW)[0]
    assert "another label" in skipped(only.criterion)
    alone = detection(["a", "a", "b", "b"], ["a", "b", "b", "a"], ["a", "b"], clusters=["p"] * 4)[0]
    assert "two clusters" in skipped(alone.d_prime)
    gap = detection_gaps(["a", "b", "b"], ["a", "b", "a"], ["a", "b"], ["x", "x", "y"], "x", "y", bootstrap=FEW)[0]
    assert "an image of the label" in skipped(gap.d_prime)


def test_a_group_against_itself_is_refused() -> None:
    """A gap of exactly 0 would look like a finding."""
    truth = ["angry", "happy"] * 6
    with pytest.raises(AnalysisError, match="B is compared with itself"):
        detection_gaps(truth, truth, ["angry", "happy"], ["B", "B", "K"] * 4, "B", "B")


def test_unknown_group_is_refused() -> None:
    """A misspelt group stops."""
    with pytest.raises(AnalysisError, match="nobody"):
        detection_gaps(TRUTH, ANSWERS, LABELS, GROUP, "A", "nobody")
