"""The change of a score with each doubling of size."""

from __future__ import annotations

import numpy as np
import pytest

from vlmrate import stats
from vlmrate.errors import AnalysisError
from vlmrate.stats import Estimate, Skipped

LABELS = ("x", "y", "z")


@pytest.fixture
def rng():
    """Seeded."""
    return np.random.default_rng(4)


def answers(rng, truth, right: float):
    """Answers that are right in a share of the images, else the next label."""
    return [t if rng.random() < right else LABELS[(LABELS.index(t) + 1) % 3] for t in truth]


def test_a_planted_trend_is_found(rng):
    """Accuracy that grows by .1 with each doubling (4, 8, 32 billion) is found, kappa by 1.5 times as much."""
    truth = [LABELS[i % 3] for i in range(6000)]
    given = [answers(rng, truth, right) for right in (0.4, 0.5, 0.7)]
    trend = stats.classification_trend(truth, given, [4, 8, 32], LABELS)
    assert trend.accuracy.ci_low < 0.1 < trend.accuracy.ci_high
    assert trend.kappa.ci_low < 0.15 < trend.kappa.ci_high
    assert trend.accuracy.ci_high - trend.accuracy.ci_low < 0.02


def test_the_slope_is_that_of_least_squares(rng):
    """The estimates equal numpy's line through the scores over log2(size)."""
    human = rng.normal(5, 1, 200)
    ratings = [human + rng.normal(0, sd, 200) for sd in (2.0, 1.0, 0.7, 0.9)]
    sizes = [1.0, 4.0, 12.0, 27.0]
    trend = stats.dimensional_trend(ratings, human, sizes)
    r = [np.corrcoef(given, human)[0, 1] for given in ratings]
    mae = [np.abs(given - human).mean() for given in ratings]
    assert trend.pearson.value == pytest.approx(np.polyfit(np.log2(sizes), r, 1)[0], abs=1e-12)
    assert trend.mae.value == pytest.approx(np.polyfit(np.log2(sizes), mae, 1)[0], abs=1e-12)
    assert trend.n == 200


def test_the_unit_of_size_does_not_matter(rng):
    """Billions or single parameters: a doubling is a doubling."""
    truth = [LABELS[i % 3] for i in range(90)]
    given = [answers(rng, truth, right) for right in (0.5, 0.8)]
    one = stats.classification_trend(truth, given, [4, 12], LABELS)
    other = stats.classification_trend(truth, given, [4e9, 12e9], LABELS)
    assert one.accuracy.value == pytest.approx(other.accuracy.value, abs=1e-12)
    assert one.kappa.ci_low == pytest.approx(other.kappa.ci_low, abs=1e-12)


def test_images_that_one_rater_lacks_are_left_out():
    """Only images with every rating and a mean of people count."""
    trend = stats.dimensional_trend([[1, 5, np.nan, 6], [1, 2, 4, 5]], [1.0, np.nan, 4.0, 6.0], [1, 2])
    assert trend.n == 2
    assert isinstance(trend.mae, Estimate)


def test_what_defines_no_trend():
    """One size is no trend; sizes that are no sizes, or too few of them, are refused."""
    truth = ["x", "y", "x"]
    assert isinstance(stats.classification_trend(truth, [truth, truth], [4, 4], LABELS), Skipped)
    assert isinstance(stats.dimensional_trend([[1, 2], [2, 1]], [np.nan, np.nan], [1, 2]), Skipped)
    assert isinstance(stats.classification_trend([], [[], []], [1, 2], LABELS), Skipped)
    for sizes in ([4, 0], [4, np.nan], [4, np.inf]):
        with pytest.raises(AnalysisError, match="above 0"):
            stats.classification_trend(truth, [truth, truth], sizes, LABELS)
    with pytest.raises(AnalysisError, match="2 raters but 1 sizes"):
        stats.dimensional_trend([[1, 2], [2, 1]], [1, 2], [1])


def test_one_cluster_has_no_trend():
    """Where all images are of one identity nothing can be drawn."""
    trend = stats.classification_trend(["x", "y"], [["x", "y"], ["x", "x"]], [1, 2], LABELS, clusters=["a", "a"])
    assert isinstance(trend, Skipped)
    numbers = stats.dimensional_trend([[1, 2], [2, 1]], [1, 2], [1, 2], clusters=["a", "a"])
    assert isinstance(numbers, Skipped)
