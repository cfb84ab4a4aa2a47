"""Calibration undoes what a line can undo, on identities it has not seen, and equals the statistic called directly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlmrate import stats
from vlmrate.analysis.calibration import calibrations
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.stats import Skipped

STRETCH = 2.0
"""By which the raters of planted kinds have one that exaggerates."""


@pytest.fixture(scope="module")
def found(kinds):
    """The calibrations on valence, by rater."""
    valence, _ = calibrations(kinds)
    return {entry.rater: entry for entry in valence.raters}


def test_a_stretched_scale_is_drawn_together(found):
    """The line halves what was doubled, and the error falls to what is left of noise."""
    told = found["stretched"].overall
    assert told.lines[0].slope == pytest.approx(1 / STRETCH, abs=0.08)
    assert told.mae_change.ci_high < -0.8
    assert told.after.bias.ci_low < 0 < told.after.bias.ci_high
    assert told.after.rmse.value < 0.4 * told.before.rmse.value
    assert abs(told.r_change.value) < 0.01


def test_a_bias_in_one_emotion_wants_a_line_an_emotion(found):
    """One line for all leaves what is wrong with anger; a line for each emotion mends it."""
    told = found["angerblind"]
    assert told.by_emotion.after.mae.ci_high < told.overall.after.mae.ci_low
    assert [line.group for line in told.by_emotion.lines] == ["happy", "sad", "angry", "neutral"]


def test_a_line_per_label_serves_a_rater_that_is_moved_by_its_label(found):
    """The rater that is fooled by a label is mended best where the line knows the label it gave."""
    told = found["fooled"]
    assert told.by_answer.after.mae.value < told.overall.after.mae.value


def test_it_is_the_statistics_and_stands_in_the_order_of_images(kinds, found):
    """Figures before and after, lines and every calibrated value equal calibrate called with the columns."""
    item = kinds.scale_items[0]
    rater = next(rater for rater in kinds.asked(item) if rater.name == "stretched")
    given, told = kinds.scale(rater, item), found["stretched"].by_emotion
    direct = stats.calibrate(
        given.value, given.people, groups=given.emotion, clusters=given.clusters, bootstrap=kinds.bootstrap
    )
    assert (told.before, told.after, told.lines) == (direct.before, direct.after, direct.lines)
    assert (told.mae_change, told.r_change, told.n) == (direct.mae_change, direct.r_change, direct.n)
    np.testing.assert_array_equal(told.calibrated, direct.calibrated.reindex(kinds.images.ids))
    within = stats.pearson_within_bootstrap(
        given.value, given.people, given.emotion, clusters=given.clusters, bootstrap=kinds.bootstrap
    )
    assert told.before.r_within.value == pytest.approx(within.value)


def test_a_rater_of_one_number_gets_an_intercept(found):
    """There is no slope to be had: every line is people's mean, and that is noted, not hidden."""
    told = found["reciting"].overall
    assert told.lines[0].intercept_only
    assert "intercept only in 5 of 5 folds" in told.notes[0]
    assert isinstance(told.after.r, Skipped)


def test_images_without_a_rating_have_no_calibrated_value(small, material):
    """The values stand in the order of the study's images, None where there is none."""
    study = small.study(6)
    rows = [row for row in small.rater(study) if row["image_id"] != "p000_sad"]
    told = calibrations(material(replace(study, ratings=small.people(study)), rows))[0].raters[0].overall
    assert len(told.calibrated) == 36
    assert [place for place, value in enumerate(told.calibrated) if value is None] == [1]


def test_invalid_labels_are_a_group_of_their_own(small, material):
    """An answer that could not be read is no label, and its images are calibrated by a line of theirs."""
    study = small.study(6)
    rows = small.rater(study)
    for row in rows:
        if row["item"] == "emotion" and row["image_id"].endswith("sad"):
            row["value"] = None
    told = calibrations(material(replace(study, ratings=small.people(study)), rows))[0].raters[0]
    assert [line.group for line in told.by_answer.lines][1] == "invalid"


def test_what_is_missing_is_said(small, material):
    """No people, no emotion, no labels: each has its reason; means of people are enough."""
    study = small.study(6)
    rows = [row for row in small.rater(study) if row["item"] != "emotion"]
    assert calibrations(material(study, rows)) == NO_PEOPLE
    means = replace(study, ratings=small.aggregated(small.people(study)))
    (told,) = calibrations(material(means, rows))[0].raters
    assert told.by_answer == Skipped("the rater gave no labels")
    assert not isinstance(told.by_emotion, Skipped)
    no_emotion = replace(means, factors=replace(study.factors, emotion=None))
    (told,) = calibrations(material(no_emotion, rows))[0].raters
    assert told.by_emotion == Skipped("the study names no emotion factor")
