"""Spoken ratings beside ratings weighted by probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlmrate.stats import Bootstrap, bootstrap_rows, pearson_bootstrap, spoken_and_weighted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

RNG = np.random.default_rng(61)
HUMAN = RNG.uniform(3, 7, 90)
WEIGHTED = 7 + 0.2 * (HUMAN - 5) + RNG.normal(0, 0.1, 90)
SPOKEN = np.rint(WEIGHTED)
SPOKEN[:5] = 6
IDENTITY = np.arange(90) // 3
FEW = Bootstrap(resamples=40)


def test_each_entry_is_the_plain_statistic(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """SDs, ratio, correlations and gain are numpy's; distinct values are counted after rounding."""
    (told,) = spoken_and_weighted(SPOKEN, WEIGHTED, HUMAN, clusters=IDENTITY)
    sd, r = SPOKEN.std(ddof=1), [np.corrcoef(x, HUMAN)[0, 1] for x in (SPOKEN, WEIGHTED)]
    expected = [sd, WEIGHTED.std(ddof=1), WEIGHTED.std(ddof=1) / sd, *r, r[1] - r[0]]
    entries = (told.sd_spoken, told.sd_weighted, told.sd_ratio, told.r_spoken, told.r_weighted, told.r_gain)
    assert [estimated(entry).value for entry in entries] == pytest.approx(expected, rel=tolerance.reference)
    assert (told.n, told.distinct_spoken) == (90, len(set(SPOKEN)))
    assert told.distinct_weighted == len(set(np.round(WEIGHTED, 2)))
    assert estimated(told.r_gain).ci_low > 0


def test_correlations_have_the_intervals_of_pearson(estimated: Callable[[object], Estimate]) -> None:
    """The same draws as `pearson_bootstrap`, so the same interval; the gain's is of the paired difference."""
    (told,) = spoken_and_weighted(SPOKEN, WEIGHTED, HUMAN, clusters=IDENTITY, bootstrap=FEW)
    plain = estimated(pearson_bootstrap(WEIGHTED, HUMAN, clusters=IDENTITY, bootstrap=FEW))
    ours = estimated(told.r_weighted)
    assert (ours.ci_low, ours.ci_high) == pytest.approx((plain.ci_low, plain.ci_high))

    def gain(rows: NDArray[np.int64]) -> float:
        return float(np.corrcoef(WEIGHTED[rows], HUMAN[rows])[0, 1] - np.corrcoef(SPOKEN[rows], HUMAN[rows])[0, 1])

    again = estimated(bootstrap_rows(gain, 90, name="gain", clusters=IDENTITY, bootstrap=FEW))
    assert (estimated(told.r_gain).ci_low, estimated(told.r_gain).ci_high) == pytest.approx(
        (again.ci_low, again.ci_high)
    )


def test_collapse_in_the_decoding_alone(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """One spoken value: no r of it, but the weighted ratings follow people; neither is called 0."""
    (told,) = spoken_and_weighted(np.full(90, 7.0), WEIGHTED, HUMAN, bootstrap=FEW)
    assert (told.distinct_spoken, estimated(told.sd_spoken).value) == (1, 0)
    assert estimated(told.r_weighted).value > 0.8
    for outcome in (told.r_spoken, told.r_gain, told.sd_ratio):
        assert "spoken ratings have no variance" in skipped(outcome)


def test_collapse_in_the_model(skipped: Callable[[object], str], estimated: Callable[[object], Estimate]) -> None:
    """Weighted ratings that do not move either have no r; people who agree on everything give none."""
    (told,) = spoken_and_weighted(SPOKEN, np.full(90, 7.2), HUMAN, bootstrap=FEW)
    assert "weighted ratings have no variance" in skipped(told.r_weighted)
    assert "weighted" in skipped(told.r_gain)
    assert estimated(told.sd_ratio).value == 0
    (agreed,) = spoken_and_weighted(SPOKEN, WEIGHTED, np.full(90, 5.0), bootstrap=FEW)
    assert "human" in skipped(agreed.r_spoken)


def test_groups_and_missing_ratings(estimated: Callable[[object], Estimate], skipped: Callable[[object], str]) -> None:
    """A group of its own with the images that have all three; too few, or one identity, are skipped."""
    groups = np.repeat(["sad", "happy", "fear"], 30)
    weighted = np.where((groups == "fear") | (np.arange(90) == 0), np.nan, WEIGHTED)
    fear, sad, happy = spoken_and_weighted(
        SPOKEN, weighted, HUMAN, groups=groups, order=["fear", "sad", "happy"], bootstrap=FEW
    )
    assert (fear.n, "two images" in skipped(fear.sd_spoken), sad.n, happy.n) == (0, True, 29, 30)
    (alone,) = spoken_and_weighted(SPOKEN[30:60], WEIGHTED[30:60], HUMAN[30:60], bootstrap=FEW)
    assert estimated(happy.r_weighted) == estimated(alone.r_weighted)
    (one,) = spoken_and_weighted(SPOKEN, WEIGHTED, HUMAN, clusters=np.zeros(90))
    assert "two clusters" in skipped(one.r_gain)


@settings(deadline=None, max_examples=30)
@given(st.floats(-3, 3), st.permutations(range(90)))
def test_shifts_and_order_do_not_matter(shift: float, order: list[int]) -> None:
    """Where on the scale the ratings lie says nothing of their spread."""
    (one,) = spoken_and_weighted(SPOKEN, WEIGHTED, HUMAN, bootstrap=FEW)
    (other,) = spoken_and_weighted(SPOKEN[order] + 1, WEIGHTED[order] + shift, HUMAN[order], bootstrap=FEW)
    assert other.sd_ratio.value == pytest.approx(one.sd_ratio.value)  # type: ignore[union-attr]
    assert other.r_gain.value == pytest.approx(one.r_gain.value)  # type: ignore[union-attr]
