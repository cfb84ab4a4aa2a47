"""Pairs of raters, group bias and mixed models where a study cannot answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.stats import Bootstrap, Skipped, TestResult
from vlmrate.study.records import Factors

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))


@pytest.fixture
def rated(small):
    """Ten identities in six emotions, all rated by six people."""
    study = small.study(10)
    return replace(study, ratings=small.people(study))


def wrong_in(rows, *image_ids):
    """The rows with a wrong label for some images."""
    return [
        row | {"value": "happy" if row["value"] != "happy" else "sad"}
        if row["item"] == "emotion" and row["image_id"] in image_ids
        else row
        for row in rows
    ]


def test_pairs_count_the_images_that_only_one_has_right(small, rated):
    """Eight images wrong in the second: only the first has them right, p is the exact binomial's 2 / 2^8."""
    ids = [s.image_id for s in rated.stimuli]
    results = small.results(small.rater(rated, "a"), wrong_in(small.rater(rated, "b"), *ids[:8]))
    (pair,) = analyze(rated, results, QUICK).pairs[0].raters
    told = pair.mcnemar
    assert (pair.n, told.only_first, told.only_second, told.both_right) == (60, 8, 0, 52)
    assert told.test.p_value == pytest.approx(2 / 2**8)
    assert pair.accuracy.value == pytest.approx(8 / 60)


def test_pairs_rest_on_the_images_both_rated_and_are_corrected_together(small, rated):
    """A rater that stopped after 20 images is compared on those; Holm counts the pairs that had a test."""
    ids = [s.image_id for s in rated.stimuli]
    short = wrong_in(small.rater(rated, "b"), *ids[:6])[: 20 * 3]
    results = small.results(small.rater(rated, "a"), short, small.rater(rated, "c"))
    item = analyze(rated, results, QUICK).pairs[0]
    found = {(pair.mcnemar.first, pair.mcnemar.second): pair for pair in item.raters}
    assert [pair.n for pair in found.values()] == [20, 60, 20]
    assert isinstance(found["a", "c"].mcnemar.test, Skipped)
    assert isinstance(found["a", "c"].holm, Skipped)
    assert item.family_size == 2
    assert found["a", "b"].holm.p_adjusted == pytest.approx(2 * found["a", "b"].mcnemar.test.p_value)


def test_one_rater_makes_no_pair(small, rated):
    """The reason is told."""
    analysis = analyze(rated, small.results(small.rater(rated)), QUICK)
    assert analysis.pairs[0].raters == Skipped("pairs need two raters")


def test_a_study_without_groups_says_so(small, rated):
    """No factor of groups, no bias between them."""
    study = replace(rated, factors=Factors("emotion", "identity"))
    analysis = analyze(study, small.results(small.rater(study)), QUICK)
    assert analysis.group_bias == Skipped("the study names no factor of groups")


def test_groups_with_another_mix_of_emotions_are_compared_within_emotions(small, rated):
    """A rater that is biased in fear alone is not biased between genders, though one gender shows more fear.

    Images of fear of half the women are missing; compared as they are, the genders would differ by the emotion's bias.
    """
    rows = [
        row
        for row in small.rater(rated, bias={"fear": -2.0}, noise=0.0)
        if not (row["image_id"].endswith("_fear") and row["image_id"][:4] in ("p000", "p002", "p004"))
    ]
    (gap,) = analyze(rated, small.results(rows), QUICK).group_bias[0].raters
    assert gap.over_emotions
    assert abs(gap.gap.bias.value) < 0.25
    assert gap.gap.test.p_value > 0.05
    (whole,) = analyze(rated, small.results(small.rater(rated)), QUICK).group_bias[0].raters
    assert not whole.over_emotions
    assert isinstance(whole.gap.test, TestResult)


def test_a_model_that_cannot_be_fitted_says_why(small, rated):
    """A run that rated one emotion has no model to compare emotions with, and the other rater keeps its own."""
    happy = [row for row in small.rater(rated, "a") if row["image_id"].endswith("happy")]
    (first, second) = analyze(rated, small.results(happy, small.rater(rated, "b")), QUICK).mixed_bias[0].raters
    assert isinstance(first.model, Skipped)
    assert "show 1 emotions" in first.model.reason
    assert len(second.model.effects) == 6


def test_a_run_too_short_for_the_model_is_no_crash(small, rated):
    """Two images in two emotions leave no residual: Skipped with the model's own reason."""
    analysis = analyze(rated, small.results(small.rater(rated)[:6]), QUICK)
    (rater,) = analysis.mixed_bias[0].raters
    assert isinstance(rater.model, Skipped)
    assert "cannot be fitted" in rater.model.reason


def test_a_singular_fit_is_told(small, rated):
    """A rater that follows people the wrong way round leaves the images no variance, and the message says so."""
    rows = small.rater(rated, noise=0.0)
    means = rated.ratings.means("valence")["mean"]
    for row in rows:
        if row["item"] == "valence":
            row["value"] = float(round(10 - means[row["image_id"]]))
    (rater,) = analyze(rated, small.results(rows), QUICK).mixed_bias[0].raters
    assert any("singular" in message for message in rater.model.messages)
