"""Test-retest agreement."""

from __future__ import annotations

import numpy as np
import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.report.document import document
from vlmrate.report.outline import outline
from vlmrate.stats import Bootstrap, Skipped

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))


def report(analysis) -> str:
    """The whole report in Markdown."""
    return document(analysis, outline(analysis))


@pytest.fixture(scope="module")
def twice(lasting):
    """A rater that gives 12 of 60 images another label and one invalid answer on its second go, and drifts a point."""
    study = lasting.study(10)
    first = lasting.rater(study)
    images = list(dict.fromkeys(row["image_id"] for row in first))
    second = []
    for row in first:
        value, place = row["value"], images.index(row["image_id"])
        if row["item"] == "emotion" and place < 12:
            value = "neutral" if value != "neutral" else "sad"
        elif row["item"] == "emotion" and place == 12:
            value = None
        elif row["item"] == "valence" and place < 30:
            value += 1
        second.append(row | {"repeat": 2, "value": value})
    return analyze(study, lasting.results([*first, *second]), QUICK)


def of(analysis, item: str):
    """The one rater's repeats of an item."""
    return next(entry.raters[0] for entry in analysis.repeats if entry.item == item)


def test_changed_labels_are_counted(twice):
    """47 of 60 images have the same label twice; an invalid answer is another answer."""
    label = of(twice, "emotion")
    assert (label.repeats, label.images) == (2, 60)
    assert label.same.value == pytest.approx(47 / 60)
    assert label.change is None
    assert 0.7 < label.alpha.value < 0.85


def test_drift_is_found_in_scale_points(twice):
    """Half of the images moved by one point: mean change .5, SD within an image sqrt(.25)."""
    valence = of(twice, "valence")
    assert valence.change.value == pytest.approx(0.5)
    assert valence.sd_within.value == pytest.approx(np.sqrt(0.5 * 0.5))
    assert of(twice, "arousal").same.value == 1.0
    assert of(twice, "arousal").change.value == 0.0


def test_repeats_have_their_table(twice):
    """The report tells them; without repeats it says that there are none."""
    assert "| model | valence | 2 | 60 | .500 [" in report(twice)


def test_one_rating_an_image_has_no_retest(small):
    """Skipped, with the way to get repeats."""
    study = small.study(4)
    analysis = analyze(study, small.results(small.rater(study)), QUICK)
    assert isinstance(analysis.repeats, Skipped)
    assert "--repeats" in analysis.repeats.reason


def test_images_repeated_once_only_are_left_out(small):
    """An image whose second repeat is still missing is no test of anything."""
    study = small.study(4)
    rows = small.rater(study)
    again = [row | {"repeat": 2} for row in rows if row["image_id"].startswith(("p000", "p001"))]
    label = of(analyze(study, small.results([*rows, *again]), QUICK), "emotion")
    assert label.images == 12
    assert label.same.value == 1.0
