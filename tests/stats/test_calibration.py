"""Cross-validated calibration of ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_predict

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, Calibration, calibrate, cluster_folds, mae, pearson_bootstrap, pearson_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

    Ratings = NDArray[np.float64]

RNG = np.random.default_rng(71)
IDENTITY = np.repeat(np.arange(40), 3)
EMOTION = np.tile(np.array(["sad", "happy", "fear"]), 40)
HUMAN = RNG.uniform(3, 7, 120)
MODEL = 2 * HUMAN - 5 + 1.5 * (EMOTION == "sad") + RNG.normal(0, 0.8, 120)
FEW = Bootstrap(resamples=40)


def calibrated(model: Ratings, human: Ratings, **options: object) -> Calibration:
    """Calibrate, and fail where that was skipped."""
    told = calibrate(model, human, bootstrap=FEW, **options)  # type: ignore[arg-type]
    assert isinstance(told, Calibration), told
    return told


def leaks(values: Callable[[Ratings, Ratings, NDArray[np.int64]], Ratings]) -> bool:
    """Whether a calibration knows what it is judged on: an identity's people answer otherwise, its values move."""
    for identity in (0, 17, 39):
        inside = identity == IDENTITY
        other = np.where(inside, HUMAN + 3, HUMAN)
        if not np.allclose(values(MODEL, HUMAN, IDENTITY)[inside], values(MODEL, other, IDENTITY)[inside]):
            return True
    return False


def test_no_image_is_calibrated_by_its_own_identity() -> None:
    """Held-out means held out: people's ratings of an identity never reach its own calibrated values."""
    assert not leaks(lambda x, y, c: calibrated(x, y, clusters=c).calibrated.to_numpy())
    assert not leaks(lambda x, y, c: calibrated(x, y, clusters=c, groups=EMOTION).calibrated.to_numpy())


def test_a_planted_leak_is_caught() -> None:
    """A line fitted on everything, and folds by image though identities repeat, are both seen by that check."""

    def on_everything(x: Ratings, y: Ratings, _: NDArray[np.int64]) -> Ratings:
        slope, intercept = np.polyfit(x, y, 1)
        return np.asarray(intercept + slope * x)

    assert leaks(on_everything)
    assert leaks(lambda x, y, _: calibrated(x, y, folds=4).calibrated.to_numpy())


def test_folds_that_share_an_identity_are_refused() -> None:
    """The same leak, planted through the folds, stops before anything is computed."""
    with pytest.raises(AnalysisError, match="40 clusters lie in more than one fold, the first 0"):
        calibrate(MODEL, HUMAN, clusters=IDENTITY, folds=np.arange(120) % 3)


@pytest.mark.parametrize("grouped", [False, True])
def test_values_are_sklearns(grouped: bool, tolerance: Tolerances) -> None:
    """Out-of-fold predictions equal scikit-learn's with the same folds, one line or one an emotion."""
    folds = cluster_folds(IDENTITY, 5, seed=3)
    told = calibrated(MODEL, HUMAN, clusters=IDENTITY, seed=3, groups=EMOTION if grouped else None)
    np.testing.assert_array_equal(told.folds, folds)
    for emotion in ("sad", "happy", "fear"):
        inside = emotion == EMOTION if grouped else np.ones(120, dtype=bool)
        splits = [(np.flatnonzero(folds[inside] != f), np.flatnonzero(folds[inside] == f)) for f in range(5)]
        theirs = cross_val_predict(LinearRegression(), MODEL[inside, None], HUMAN[inside], cv=splits)
        np.testing.assert_allclose(told.calibrated.to_numpy()[inside], theirs, rtol=tolerance.reference)


def test_before_and_after_are_judged_on_the_same_images(
    estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """MAE and r are those of the library over the held-out images; the changes are their differences."""
    told = calibrated(MODEL, HUMAN, clusters=IDENTITY, groups=EMOTION)
    after = told.calibrated.to_numpy()
    assert estimated(told.before.mae).value == estimated(mae(MODEL, HUMAN, bootstrap=FEW)).value
    assert estimated(told.after.mae).value == pytest.approx(np.abs(after - HUMAN).mean(), rel=tolerance.reference)
    plain = estimated(pearson_bootstrap(after, HUMAN, clusters=IDENTITY, bootstrap=FEW))
    ours = estimated(told.after.r)
    assert (ours.value, ours.ci_low, ours.ci_high) == pytest.approx((plain.value, plain.ci_low, plain.ci_high))
    within = estimated(pearson_within(after, HUMAN, EMOTION))
    assert estimated(told.after.r_within).value == pytest.approx(within.value, rel=tolerance.reference)
    for change, entry in ((told.mae_change, "mae"), (told.r_change, "r")):
        difference = estimated(getattr(told.after, entry)).value - estimated(getattr(told.before, entry)).value
        assert estimated(change).value == pytest.approx(difference, abs=TOLERANCE.same_algorithm)
    assert estimated(told.mae_change).ci_high < 0
    assert told.n == 120


def test_a_line_per_emotion_finds_what_was_planted() -> None:
    """human = (model + 5 - shift) / 2: about half the slope, and sad starts lower."""
    sad, happy, fear = calibrated(MODEL, HUMAN, clusters=IDENTITY, groups=EMOTION).lines
    assert [line.group for line in (sad, happy, fear)] == ["sad", "happy", "fear"]
    assert [line.slope for line in (sad, happy, fear)] == pytest.approx([0.44] * 3, abs=0.08)
    assert sad.intercept < happy.intercept - 0.3
    np.testing.assert_allclose(sad(np.array([4.0]))[0], sad.intercept + 4 * sad.slope)


def test_collapsed_emotion_gets_an_intercept_and_that_is_said(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """SD 0: the calibrated value is the training people's mean, never a division by 0."""
    model = np.where(EMOTION == "sad", 3.0, MODEL)
    told = calibrated(model, HUMAN, clusters=IDENTITY, groups=EMOTION)
    assert told.notes == ("sad: intercept only in 5 of 5 folds, the model's ratings having no variance there",)
    for fold in range(5):
        training = (EMOTION == "sad") & (told.folds != fold)
        here = (EMOTION == "sad") & (told.folds == fold)
        np.testing.assert_allclose(told.calibrated[here], HUMAN[training].mean())
    assert (told.lines[0].intercept_only, told.lines[0].slope, told.lines[1].intercept_only) == (True, 0.0, False)
    estimated(told.after.r_within)


def test_wholly_collapsed_models_have_no_r_within(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """One value an emotion: r between them stays, r within is not the noise of the folds; one value in all: no r."""
    by_emotion = np.select([EMOTION == "sad", EMOTION == "fear"], [2.0, 5.0], 8.0)
    human = HUMAN + by_emotion
    told = calibrated(by_emotion, human, clusters=IDENTITY, groups=EMOTION)
    assert "vary between folds only" in skipped(told.after.r_within)
    assert estimated(told.after.r).value > 0.8
    one = calibrated(np.full(120, 6.0), human, clusters=IDENTITY)
    assert "vary between folds only" in skipped(one.after.r)
    assert "no variance" in skipped(one.before.r)
    assert "no variance" in skipped(one.r_change)
    assert "no groups" in skipped(one.before.r_within)
    agreed = calibrated(MODEL, np.full(120, 5.0), clusters=IDENTITY)
    assert "human ratings have no variance" in skipped(agreed.before.r)


def test_calibrated_values_follow_the_index() -> None:
    """A Series comes back with its images; missing ratings stay missing, images people did not rate are calibrated."""
    images = pd.Index([f"{i}.jpg" for i in range(120)], name="image_id")
    model, human = pd.Series(MODEL, index=images), pd.Series(HUMAN, index=images)
    model.iloc[5], human.iloc[6] = np.nan, np.nan
    told = calibrate(model, human, clusters=pd.Series(IDENTITY, index=images), bootstrap=FEW)
    assert isinstance(told, Calibration)
    assert told.calibrated.index.equals(images)
    assert np.isnan(told.calibrated.iloc[5])
    assert np.isfinite(told.calibrated.iloc[6])
    assert told.n == 118


def test_group_without_training_images_has_no_line(skipped: Callable[[object], str]) -> None:
    """A label answered in one fold only cannot be calibrated there: NaN, and said."""
    groups = np.where(IDENTITY == 0, "rare", "common")
    told = calibrated(MODEL, HUMAN, clusters=IDENTITY, groups=groups)
    assert np.isnan(told.calibrated.to_numpy()[:3]).all()
    assert told.notes == ("3 images have no line, their group having no training image",)
    assert told.n == 117
    apart = calibrate([1, 2, 3, 4], [1, 2, 3, 5], groups=list("aabb"), clusters=list("ppqq"), bootstrap=FEW)
    assert "every group lies in one fold" in skipped(apart)


def test_fewer_identities_than_folds_are_told() -> None:
    """Fifty folds of forty identities are forty, and a reader learns it."""
    assert calibrated(MODEL, HUMAN, clusters=IDENTITY, folds=40).notes == ()
    told = calibrated(MODEL, HUMAN, clusters=IDENTITY, folds=50)
    assert told.notes == ("40 folds in the place of 50, there being no more clusters",)


def test_what_is_shown_is_short() -> None:
    """Neither repr nor print spills a Series or a fold an image; print tells gain, lines and notes."""
    told = calibrated(MODEL, HUMAN, clusters=IDENTITY, groups=EMOTION, folds=50)
    assert not any(word in repr(told) for word in ("array", "dtype", "fold_lines", "calibrated="))
    lines = str(told).splitlines()
    assert lines[0].startswith("MAE before: 1.")
    assert lines[6].startswith("change of MAE: -")
    assert lines[8].startswith("sad: ")
    assert lines[8].endswith(" x rating, n = 40")
    assert lines[-1] == told.notes[0]


def test_folds_are_seeded_even_and_whole() -> None:
    """Clusters stay together, folds differ by at most one cluster, and a seed gives the same folds in any row order."""
    folds = cluster_folds(IDENTITY, 7, seed=2)
    assert (pd.Series(folds).groupby(IDENTITY).nunique() == 1).all()
    sizes = np.bincount(folds)
    assert sizes.max() - sizes.min() <= 3
    order = np.random.default_rng(1).permutation(120)
    np.testing.assert_array_equal(cluster_folds(IDENTITY[order], 7, seed=2), folds[order])
    assert (cluster_folds(IDENTITY, 7, seed=3) != folds).any()
    assert len(set(cluster_folds(["a", "b", "c"], 5))) == 3


@settings(deadline=None, max_examples=20)
@given(st.floats(0.2, 3), st.floats(-4, 4), st.permutations(range(120)))
def test_a_linear_change_of_the_models_scale_does_not_matter(scale: float, shift: float, order: list[int]) -> None:
    """What a line undoes, it undoes; and the order of the rows is no matter."""
    one = calibrated(MODEL, HUMAN, clusters=IDENTITY).calibrated.to_numpy()
    other = calibrated(scale * MODEL[order] + shift, HUMAN[order], clusters=IDENTITY[order]).calibrated.to_numpy()
    np.testing.assert_allclose(other, one[order], rtol=TOLERANCE.invariant)


def test_too_little_to_cross_validate(skipped: Callable[[object], str]) -> None:
    """One identity is skipped; one fold is misuse."""
    assert "two clusters" in skipped(calibrate([1, 2], [2, 3], clusters=["p", "p"]))
    with pytest.raises(AnalysisError, match="folds is a whole number of 2 or more, not 1"):
        calibrate(MODEL, HUMAN, folds=1)
    with pytest.raises(AnalysisError, match="folds is a whole number of 2 or more, not 1"):
        calibrate(MODEL, HUMAN, folds=np.zeros(120))
