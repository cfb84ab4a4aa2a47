"""Calibration of the probabilities of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, ConfidenceCalibration, bootstrap_rows, confidence_calibration, wilson

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

LABELS = ["happy", "sad", "fear"]
RNG = np.random.default_rng(81)
P = RNG.dirichlet([1.5, 1, 1], 400)
TRUE = np.array([RNG.choice(3, p=p) for p in P])
TRUTH = np.array(LABELS)[TRUE]
SURE, RIGHT = P.max(axis=1), P.argmax(axis=1) == TRUE
IDENTITY = np.arange(400) // 4
FEW = Bootstrap(resamples=40)


def judged(probabilities: object, truth: object, labels: list[str], **options: object) -> ConfidenceCalibration:
    """Judge, and fail where that was skipped."""
    options = {"bootstrap": FEW} | options
    told = confidence_calibration(probabilities, truth, labels, **options)  # type: ignore[arg-type]
    assert isinstance(told, ConfidenceCalibration), told
    return told


@pytest.mark.parametrize(("binning", "strategy"), [("width", "uniform"), ("count", "quantile")])
def test_table_and_error_are_sklearns(
    binning: str, strategy: str, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """Accuracy and confidence by bin equal scikit-learn's curve; their weighted gaps are the error."""
    told = judged(P, TRUTH, LABELS, binning=binning, bins=8)
    accuracy, confidence = calibration_curve(RIGHT, SURE, n_bins=8, strategy=strategy)
    filled = [row for row in told.bins if row.n]
    assert [row.confidence for row in filled] == pytest.approx(list(confidence), rel=tolerance.reference)
    assert [estimated(row.accuracy).value for row in filled] == pytest.approx(list(accuracy), rel=tolerance.reference)
    gap = sum(row.n * abs(c - a) for row, c, a in zip(filled, confidence, accuracy, strict=True)) / 400
    assert estimated(told.ece).value == pytest.approx(gap, rel=tolerance.reference)
    assert sum(row.n for row in told.bins) == 400
    assert f"{len(told.bins)} bins of equal {binning}" in estimated(told.ece).method


def test_brier_is_sklearns(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """Over all labels, from 0 to 2."""
    reference = brier_score_loss(TRUTH, P[:, [2, 0, 1]], labels=["fear", "happy", "sad"], scale_by_half=False)
    assert estimated(judged(P, TRUTH, LABELS).brier).value == pytest.approx(reference, rel=tolerance.reference)


def test_intervals_draw_identities_with_bins_held(estimated: Callable[[object], Estimate]) -> None:
    """The interval of the error is that of recomputing it in every clustered resample."""
    ours = estimated(judged(P, TRUTH, LABELS, bins=5, clusters=IDENTITY).ece)
    codes = np.minimum((SURE * 5).astype(int), 4)

    def ece(rows: NDArray[np.int64]) -> float:
        gaps = np.bincount(codes[rows], weights=(RIGHT.astype(float) - SURE)[rows], minlength=5)
        return float(np.abs(gaps).sum() / len(rows))

    plain = estimated(bootstrap_rows(ece, 400, name="ece", clusters=IDENTITY, bootstrap=FEW))
    assert (ours.value, ours.ci_low, ours.ci_high) == pytest.approx((plain.value, plain.ci_low, plain.ci_high))


def test_a_calibrated_rater_lies_within_the_yardstick(estimated: Callable[[object], Estimate]) -> None:
    """Answers right as often as sure: error above 0 and yet as expected; an overconfident rater lies above."""
    told = judged(P, TRUTH, LABELS)
    yardstick = estimated(told.ece_if_calibrated)
    assert yardstick.ci_low < estimated(told.ece).value < yardstick.ci_high
    assert estimated(told.overconfidence).ci_low < 0 < estimated(told.overconfidence).ci_high
    sharper = P**4 / (P**4).sum(axis=1, keepdims=True)
    over = judged(sharper, TRUTH, LABELS)
    assert estimated(over.ece).ci_low > estimated(over.ece_if_calibrated).ci_high
    assert estimated(over.overconfidence).ci_low > 0


def test_bins_are_open_below_and_empty_ones_stay(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """A confidence of .75 belongs to (.5, .75]; a bin that no image falls in is a row with a reason."""
    told = judged([[0.75, 0.25], [0.25, 0.75], [1.0, 0.0]], ["a", "a", "a"], ["a", "b"], bins=4)
    assert [(row.low, row.high, row.n) for row in told.bins] == [
        (0.0, 0.25, 0), (0.25, 0.5, 0), (0.5, 0.75, 2), (0.75, 1.0, 1),
    ]  # fmt: skip
    assert told.bins[0].confidence is None
    assert "nothing" in skipped(told.bins[0].accuracy)
    assert told.bins[2].accuracy == wilson(1, 2, name="accuracy in the bin")
    assert estimated(told.ece).value == pytest.approx((2 * 0.25 + 0) / 3)


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(400)), st.permutations(range(3)))
def test_order_of_images_and_labels_does_not_matter(order: list[int], columns: list[int]) -> None:
    """Shuffled images, and labels declared in another order, say the same."""
    one = judged(P, TRUTH, LABELS, clusters=IDENTITY)
    other = judged(P[order][:, columns], TRUTH[order], [LABELS[c] for c in columns], clusters=IDENTITY[order])
    for ours, theirs in ((one.ece, other.ece), (one.brier, other.brier)):
        assert ours.value == pytest.approx(theirs.value)  # type: ignore[union-attr]
        assert ours.ci_high == pytest.approx(theirs.ci_high)  # type: ignore[union-attr]


def test_images_without_probabilities_are_left_out(skipped: Callable[[object], str]) -> None:
    """NaN rows do not count; none left, or one identity, gives a reason."""
    p = P.copy()
    p[::4, 0] = np.nan
    kept = np.arange(400) % 4 != 0
    assert judged(p, TRUTH, LABELS) == judged(P[kept], TRUTH[kept], LABELS)
    assert "no image has" in skipped(confidence_calibration(np.full((400, 3), np.nan), TRUTH, LABELS))
    one = judged(P, TRUTH, LABELS, clusters=np.zeros(400))
    assert "two clusters" in skipped(one.ece)
    assert len(one.bins) == 10


def test_what_is_no_distribution_is_refused() -> None:
    """Shares that do not add up, below 0, or of other labels stop: an error computed from them means nothing."""
    for wrong in ([[0.5, 0.4]], [[1.2, -0.2]]):
        with pytest.raises(AnalysisError, match="1 images"):
            confidence_calibration(wrong, ["a"], ["a", "b"])
    with pytest.raises(AnalysisError, match="2 labels"):
        confidence_calibration([[1.0, 0.0, 0.0]], ["a"], ["a", "b"])
    with pytest.raises(AnalysisError, match="whole number of 1 or more"):
        confidence_calibration([[1.0, 0.0]], ["a"], ["a", "b"], bins=0)
    with pytest.raises(AnalysisError, match="differ in length"):
        confidence_calibration([[1.0, 0.0]], ["a", "b"], ["a", "b"])
