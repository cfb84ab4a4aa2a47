"""Bias per emotion by mixed models: what its numbers rest on, and emotions that nobody rated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.report.tables.mixed_bias import mixed_bias_tables
from vlmrate.stats import Bootstrap, Estimate, Skipped

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=100))


@pytest.fixture
def rated(small):
    """Twelve identities in six emotions, rated by eight people."""
    study = small.study(12)
    return replace(study, ratings=small.people(study, 8))


def fitted(small, study, rows):
    """The analysis, and the first item's model."""
    analysis = analyze(study, small.results(rows), QUICK)
    return analysis, analysis.mixed_bias[0].raters[0].model


def test_n_of_an_effect_counts_the_images_of_its_emotion(small, rated):
    """Twelve images an emotion, ten where two answers were unreadable; not the 2 x 70 rows of the whole model."""
    rows = small.rater(rated)
    for row in [row for row in rows if row["item"] == "valence" and row["image_id"].endswith("sad")][:2]:
        row["value"] = None
    _, model = fitted(small, rated, rows)
    counts = {effect.emotion: (effect.bias.n, effect.test.n) for effect in model.effects}
    assert counts.pop("sad") == (10, 10)
    assert set(counts.values()) == {(12, 12)}
    assert (model.images, model.interaction.n) == (70, 70)


def test_an_emotion_that_was_not_rated_is_a_row_with_its_reason(small, rated):
    """A rater that was never shown fear has no bias on fear: the row stays, in its place, and is in no family."""
    rows = [row for row in small.rater(rated) if not row["image_id"].endswith("fear")]
    analysis, model = fitted(small, rated, rows)
    assert [effect.emotion for effect in model.effects] == ["happy", "sad", "angry", "fear", "disgust", "neutral"]
    by_name = {effect.emotion: effect for effect in model.effects}
    assert by_name["fear"].bias == by_name["fear"].test == Skipped("no image rated by both in fear")
    assert isinstance(by_name["sad"].bias, Estimate)
    assert analysis.mixed_bias[0].family_size == 5
    assert "fear" in [row[1] for row in next(mixed_bias_tables(analysis)).rows]
