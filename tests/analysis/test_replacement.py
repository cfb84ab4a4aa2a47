"""May a rater stand in for a person: planted raters get the verdict they deserve, and its parts are the statistics'."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlmrate import stats
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.analysis.options import AnalysisOptions
from vlmrate.analysis.replacement import _margin, replacements
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, Skipped
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Item, Labels

MEANS_ONLY = Skipped("people's single ratings are not at hand, only their means")


@pytest.fixture(scope="module")
def found(kinds):
    """The answers on valence, by rater."""
    valence, _ = replacements(kinds)
    return {entry.rater: entry for entry in valence.raters}


@pytest.mark.parametrize(
    ("rater", "verdict"),
    [("close", "yes"), ("angerblind", "biased"), ("fooled", "biased"), ("noisy", "no"), ("stretched", "no")],
)
def test_planted_raters_get_their_verdict(found, rater, verdict):
    """Near to people: yes. Near but biased in one emotion: biased. With more noise than a person: no."""
    assert found[rater].verdict == verdict


def test_the_emotion_that_speaks_against_a_rater_is_named(found):
    """A bias of 1.5 planted in anger lies beyond the margin of half a point, and every other within."""
    standing = {bias.emotion: bias.standing for bias in found["angerblind"].equivalence}
    assert standing.pop("angry") == "beyond"
    assert set(standing.values()) == {"within"}


def test_noise_leaves_the_bias_undecided(found):
    """Where ratings scatter by four points no bias is shown to lie within half a point, nor beyond it."""
    emotions = found["noisy"].equivalence[1:]
    assert {bias.standing for bias in emotions} == {"undecided"}


def test_the_verdict_rests_on_the_statistics(kinds, found):
    """The test, the equivalence and the comparison in a person's place equal the functions called with names."""
    item = kinds.scale_items[0]
    rater = next(rater for rater in kinds.asked(item) if rater.name == "close")
    given, singles, clusters = kinds.scale(rater, item), kinds.singles(item), kinds.images.clusters
    columns = singles["image_id"], singles["rater_id"], singles["value"]
    test = stats.alt_test(*columns, given.spoken, clusters=clusters, bootstrap=kinds.bootstrap)
    told = found["close"]
    assert told.stand_in.advantage == test.advantage
    assert told.stand_in.lead == test.lead
    assert told.stand_in.won.value == test.winning_rate
    assert told.in_place == stats.in_place_of_person(*columns, given.spoken, bootstrap=kinds.bootstrap)
    assert told.equivalence[0].tost == stats.tost(given.value, given.people, 0.5, clusters=given.clusters)


def test_a_rater_without_noise_follows_the_others_better_than_a_person(found):
    """In a person's place it has a higher r and a smaller error; a rater with much noise has neither."""
    close, noisy = found["close"].in_place, found["noisy"].in_place
    assert close.r_difference.ci_low > 0
    assert close.mae_difference.ci_high < 0
    assert noisy.r_difference.ci_high < 0
    assert noisy.mae_difference.ci_low > 0
    assert found["angerblind"].in_place.model_shift.value > close.model_shift.value


def test_a_rater_of_one_answer_stands_beside_the_others(kinds, found):
    """To be near to others rewards the middle: what always saying 5 reaches is told beside the raters."""
    valence, _ = replacements(kinds)
    assert valence.always_the_same.answer == "5"
    assert valence.always_the_same.stand_in == found["reciting"].stand_in
    assert valence.always_the_same.stand_in.advantage.ci_high < found["close"].stand_in.advantage.ci_low


def test_the_family_of_equivalence_is_counted(kinds):
    """Nine raters, all images and four emotions: 45 tests, less those that could not be made."""
    valence, arousal = replacements(kinds)
    made = [b for entry in valence.raters for b in entry.equivalence if not isinstance(b.tost, Skipped)]
    assert valence.family_size == len(made) == 45
    assert {bias.holm.family_size for bias in made} == {45}
    assert "valence" in valence.family
    assert arousal.family != valence.family


def test_the_margin_is_told_and_can_be_stated(kinds):
    """Half a point on 1 to 9 unless another is stated; a wide one makes more biases too small to matter."""
    (usual, _), options = replacements(kinds), replace(kinds.options, margin=3.0)
    (wide, _) = replacements(replace(kinds, options=options))
    assert usual.margin.points == 0.5
    assert "range from 1 to 9" in usual.margin.source
    assert (wide.margin.points, wide.margin.source) == (3.0, "as stated for this analysis")
    verdicts = {entry.rater: entry.verdict for entry in wide.raters}
    assert verdicts["angerblind"] == "yes"


@pytest.mark.parametrize("wrong", [{"margin": 0.0}, {"margin": float("nan")}, {"epsilon": 1.0}, {"epsilon": -0.1}])
def test_impossible_options_are_refused(wrong):
    """A margin is above 0 and finite, an epsilon in [0, 1)."""
    with pytest.raises(AnalysisError, match="lies"):
        AnalysisOptions(bootstrap=Bootstrap(resamples=10), **wrong)


def test_single_persons_tests_without_power_are_no_proof_against_a_rater(small, material):
    """A rater that is one of the crowd beats few persons one by one: that is not shown, and not "people are nearer"."""
    study = small.study(6)
    rated = replace(study, ratings=small.people(study, 12))
    rows = small.rater(study, noise=1.0)
    told = replacements(material(rated, rows, epsilon=0.0))[0].raters[0]
    assert not told.stand_in.passes
    assert told.stand_in.lead.ci_low < 0 < told.stand_in.lead.ci_high
    assert told.verdict == "not shown"


def test_means_of_people_are_enough_for_equivalence_alone(small, material):
    """Without single ratings nobody can be left out, which is said; the bias can still be held against the margin."""
    study = small.study(8)
    ratings = small.people(study)
    (told,) = replacements(material(replace(study, ratings=small.aggregated(ratings)), small.rater(study)))[0].raters
    assert (told.stand_in, told.in_place, told.verdict) == (MEANS_ONLY, MEANS_ONLY, "unknown")
    assert len(told.equivalence) == 7
    assert not isinstance(told.equivalence[0].tost, Skipped)


def test_people_who_rated_too_few_images_cannot_be_tested(small, material):
    """Below thirty images a person the test is skipped and the verdict is not known."""
    study = small.study(4)
    (told,) = replacements(material(replace(study, ratings=small.people(study)), small.rater(study)))[0].raters
    assert "30 units" in told.stand_in.reason
    assert told.verdict == "unknown"


def test_without_emotions_only_the_overall_bias_is_tested(small, material):
    """A study of neutral faces has one test of equivalence a rater, over all images."""
    study = small.study(8)
    no_emotion = replace(study, ratings=small.people(study), factors=replace(study.factors, emotion=None))
    valence, _ = replacements(material(no_emotion, small.rater(study)))
    assert [bias.emotion for bias in valence.raters[0].equivalence] == ["all images"]
    assert valence.family_size == 1


def test_repeats_stand_in_with_their_first_answer(small, material):
    """A person gives one answer: of a rater asked twice the first counts."""
    study = small.study(8)
    rated = replace(study, ratings=small.people(study))
    once = small.rater(study)
    again = [row | {"repeat": 2, "value": 1.0} for row in once if row["item"] == "valence"]
    first, both = (replacements(material(rated, rows))[0].raters[0] for rows in (once, once + again))
    assert both.stand_in == first.stand_in
    assert both.equivalence[0].tost.difference.value < first.equivalence[0].tost.difference.value - 1


def test_labels_by_people_are_tested_too(small, material):
    """Where people chose labels the rater's labels stand in; there is no mean to be biased."""
    study = small.study(10)
    labels = ("happy", "sad", "angry", "fear", "disgust", "neutral")
    table = small.people(study, items=("valence",)).table
    by_image = {stimulus.image_id: stimulus.factors["emotion"] for stimulus in study.stimuli}
    astray = np.random.default_rng(0).random(len(table)) < 0.3
    table["emotion"] = [
        labels[(labels.index(by_image[image]) + wrong) % 6]
        for image, wrong in zip(table["image_id"], astray, strict=True)
    ]
    rated = replace(study, ratings=HumanRatings(("emotion", "valence"), table, has_singles=True))
    told, *_ = replacements(material(rated, small.rater(study)))
    assert told.item == "emotion"
    assert told.margin == told.raters[0].equivalence == Skipped("labels have no mean that could be biased")
    assert told.raters[0].verdict == "yes"


def test_no_people_no_verdict(small, material):
    """The reason is said once, for the question as a whole."""
    study = small.study(4, items=(Item("emotion", Labels(("happy", "sad")), intended="emotion"),))
    assert replacements(material(study, [small.row("p000_sad", "emotion", "sad")])) == NO_PEOPLE


def test_the_margin_says_whether_it_was_stated(kinds):
    """A default is called vlmrate's; a margin that was given is told as stated."""
    default, stated = AnalysisOptions(), AnalysisOptions(margin=0.25)
    item = kinds.scale_items[0]
    assumed = _margin(replace(kinds, options=default), item)
    assert assumed.source == "vlmrate's default, a sixteenth of the range from 1 to 9"
    told = _margin(replace(kinds, options=stated), item)
    assert (told.points, told.source) == (0.25, "as stated for this analysis")
