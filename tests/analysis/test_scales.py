"""Agreement with people on scales, bias, spread, baselines and reliability."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.analysis.bias import biases
from vlmrate.analysis.data import gather
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, Estimate, Skipped
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors, Item, Likert

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))


@pytest.fixture
def rated(small):
    """Twelve identities in six emotions, rated by eight people."""
    study = small.study(12)
    return replace(study, ratings=small.people(study, 8))


def analyzed(small, study, *raters, options=QUICK):
    """The analysis of the raters' rows."""
    return analyze(study, small.results(*raters), options)


def test_a_planted_bias_is_found(small, rated):
    """A rater two points too low on fear has that bias on fear, significant after correction, and on nothing else."""
    analysis = analyzed(small, rated, small.rater(rated, bias={"fear": -2.0}, noise=0.3))
    emotions = {entry.emotion: entry for entry in analysis.bias[0].raters[0].emotions}
    fear = emotions.pop("fear")
    assert fear.bias.mean_bootstrap.ci_low < -2.0 < fear.bias.mean_bootstrap.ci_high
    assert fear.holm.p_adjusted < 0.05
    assert all(abs(entry.bias.mean_bootstrap.value) < 0.6 for entry in emotions.values())


def test_the_family_of_tests_is_counted(small, rated):
    """Two raters and six emotions are a family of twelve tests in each item, not a number assumed."""
    analysis = analyzed(small, rated, small.rater(rated, "a"), small.rater(rated, "b", seed=2))
    assert [item.family_size for item in analysis.bias] == [12, 12]
    assert analysis.bias[0].raters[0].emotions[0].holm.family_size == 12


def test_raters_are_ranked_by_r(small, rated):
    """The rater that follows people more closely comes first."""
    noisy, close = small.rater(rated, "a", noise=3.0), small.rater(rated, "z", noise=0.1)
    analysis = analyzed(small, rated, noisy, close)
    assert [entry.rater for entry in analysis.dimensions[0].raters] == ["z", "a"]


def test_r_within_emotion_is_told_beside_r(small, rated):
    """A rater that knows the emotion and nothing more has a high r and none within emotions."""
    analysis = analyzed(small, rated, small.rater(rated, noise=0.6))
    (rater,) = analysis.dimensions[0].raters
    assert rater.r.value > 0.8
    assert abs(rater.r_within.value) < 0.4
    assert analysis.dimensions[0].between_emotions.value > 0.9


def test_the_category_mean_beats_the_rater_and_has_no_r_within(small, rated):
    """Answering people's mean for the emotion reaches a higher r than a noisy rater, and none within emotions."""
    analysis = analyzed(small, rated, small.rater(rated, noise=1.0))
    baseline = analysis.baselines[0].category_mean
    assert baseline.r.value > analysis.dimensions[0].raters[0].r.value
    assert isinstance(baseline.r_within, Skipped)


def test_the_category_mean_of_one_emotion_is_told_as_such(small):
    """Images of one emotion leave the baseline one value: the reason says so, and speaks of no model's ratings."""
    study = small.study(12, emotions=["happy"])
    study = replace(study, ratings=small.people(study, 8))
    baseline = analyzed(small, study, small.rater(study, noise=1.0)).baselines[0].category_mean
    for outcome in (baseline.r, baseline.r_within, baseline.spearman):
        assert outcome.reason == "the 12 images share one mean of their emotion, so that nothing varies with it"
    assert isinstance(baseline.mae, Estimate)


def test_label_only_keeps_nothing_but_the_label(small, rated):
    """With right labels the label-only rater is the rater's mean per emotion: as high as its r can be from labels."""
    analysis = analyzed(small, rated, small.rater(rated, noise=1.0))
    (entry,) = analysis.baselines[0].raters
    assert entry.agreement.r.value > analysis.dimensions[0].raters[0].r.value
    assert isinstance(entry.agreement.r_within, Skipped)


def test_collapse_shows_against_all_three_comparators(small, rated):
    """A rater that says one number an emotion has SD 0 there and one value; people differ in every reading."""
    analysis = analyzed(small, rated, small.rater(rated, noise=0.0))
    item = analysis.spread[0]
    happy, people = item.raters[0].emotions[0], {entry.emotion: entry.spread for entry in item.people}
    assert (happy.spread.sd.value, happy.spread.distinct) == (0.0, 1)
    assert people["sad"].single_ratings.value > 0.5
    assert people["sad"].one_person.value > 0.5
    assert people["sad"].image_means.value < people["sad"].single_ratings.value
    assert people["sad"].one_person_distinct.value > 1


def test_reliability_of_people(small, rated):
    """Alpha is ordinal for scales, and counts of people, images and ratings are as they are."""
    valence = analyzed(small, rated, small.rater(rated)).reliability[0]
    assert (valence.metric, valence.people, valence.images, valence.ratings) == ("ordinal", 8, 72, 576)
    assert valence.ratings_an_image.fewest == valence.ratings_an_image.most == 8
    assert 0.4 < valence.alpha.value < 0.9


def test_one_person_has_no_reliability_but_can_be_compared_with(small):
    """With a single person alpha is skipped with a reason, and agreement with that person is still computed."""
    study = small.study(8)
    study = replace(study, ratings=small.people(study, 1))
    analysis = analyzed(small, study, small.rater(study))
    assert isinstance(analysis.reliability[0].alpha, Skipped)
    assert isinstance(analysis.dimensions[0].raters[0].r, Estimate)


def test_means_of_people_are_enough_for_agreement_but_not_for_reliability(small, rated):
    """Aggregated ratings give the same r as raw ones; alpha and the SD of single ratings are skipped."""
    rows = small.rater(rated)
    raw = analyzed(small, rated, rows)
    means = analyzed(small, replace(rated, ratings=small.aggregated(rated.ratings)), rows)
    assert means.dimensions[0].raters[0].r == raw.dimensions[0].raters[0].r
    assert means.reliability[0].ratings == raw.reliability[0].ratings
    assert isinstance(means.reliability[0].alpha, Skipped)
    happy, raw_happy = means.spread[0].people[1].spread, raw.spread[0].people[1].spread
    assert isinstance(happy.single_ratings, Skipped)
    assert happy.image_means.value == pytest.approx(raw_happy.image_means.value)
    ratio, raw_ratio = (a.spread[0].raters[0].overall.ratios.image_means for a in (means, raw))
    assert ratio.value == pytest.approx(raw_ratio.value)


def test_a_study_without_people(small):
    """Nothing that needs people is computed, each with the reason; labels and the rater's own spread are."""
    study = small.study(6)
    analysis = analyzed(small, study, small.rater(study))
    reason = Skipped("the study has no ratings by people")
    assert [analysis.dimensions, analysis.bias, analysis.baselines, analysis.reliability] == [reason] * 4
    assert analysis.classification[0].raters[0].scores.accuracy.value == 1.0
    assert analysis.spread[0].raters[0].emotions[0].spread.n == 6


def test_a_study_of_attractiveness_alone(small):
    """One scale from 1 to 7, no labels, people who rated the neutral faces only: agreement on those, no crash."""
    item = Item("attractiveness", Likert(1, 7))
    study = small.study(15, emotions=("neutral", "happy"), items=(item,), factors=Factors("emotion", "identity"))
    people = small.people(study, 5, items=("attractiveness",))
    neutral = people.table[people.table["image_id"].str.endswith("neutral")].reset_index(drop=True)
    study = replace(study, ratings=HumanRatings(people.items, neutral, has_singles=True))
    analysis = analyzed(small, study, small.rater(study, noise=1.0))
    (dimension,) = analysis.dimensions
    assert isinstance(analysis.classification, Skipped)
    assert (dimension.people_images, dimension.raters[0].n, dimension.high) == (15, 15, 7)
    assert isinstance(dimension.between_emotions, Skipped)
    assert [entry.emotion for entry in analysis.bias[0].raters[0].emotions] == ["neutral"]
    assert analysis.baselines[0].raters[0].agreement == Skipped("the rater gave no labels")


def test_a_study_without_factors(small, rated):
    """Without an emotion factor bias is told over all images, and whatever is per emotion says why it is not."""
    bare = replace(rated, factors=Factors())
    analysis = analyzed(small, bare, small.rater(rated))
    (bias,) = analysis.bias[0].raters
    assert isinstance(bias.overall, Estimate)
    assert bias.emotions == Skipped("the study names no emotion factor")
    assert analysis.resampling.clustered_by == "image"


def test_intervals_draw_identities_where_the_study_names_them(small, rated):
    """Identities repeat over emotions, so they are what the bootstrap draws: 12 of them, not 72 images."""
    analysis = analyzed(small, rated, small.rater(rated))
    assert (analysis.resampling.clustered_by, analysis.resampling.clusters) == ("identity", 12)
    assert "12 clusters" in analysis.dimensions[0].raters[0].r.method


def test_images_without_a_rating_are_left_out_pairwise(small, rated):
    """Five unreadable valences leave 67 images for valence and all 72 for arousal."""
    rows = small.rater(rated)
    valence = [row for row in rows if row["item"] == "valence"]
    for row in valence[:5]:
        row["value"] = None
    analysis = analyzed(small, rated, rows)
    assert [item.raters[0].n for item in analysis.dimensions] == [67, 72]
    assert analysis.runs[0].answers[1].invalid.numerator == 5


def test_numbers_are_averaged_over_repeats(small, rated):
    """Two repeats two points apart count as their mean, so the mean rating lies one point above the first."""
    first = small.rater(rated, bias=dict.fromkeys(("happy", "sad"), -1.0), noise=0.0)
    second = [row | {"repeat": 2, "value": row["value"] + 2.0 if row["item"] != "emotion" else "sad"} for row in first]
    once, twice = analyzed(small, rated, first), analyzed(small, rated, [*first, *second])
    means = [analysis.dimensions[0].raters[0].rater_values.mean.value for analysis in (once, twice)]
    assert means[1] - means[0] == pytest.approx(1.0)
    assert twice.spread[0].raters[0].overall.spread == once.spread[0].raters[0].overall.spread
    assert twice.runs[0].repeats == 2


def test_a_rater_with_two_protocols_is_named_with_each(small, rated):
    """One rater under two protocols is two entries whose names say which."""
    analysis = analyzed(small, rated, small.rater(rated), small.rater(rated, protocol="independent"))
    assert [run.name for run in analysis.runs] == ["model (context-carry)", "model (independent)"]


def test_only_the_raters_asked_for(small, rated):
    """A rater that is not named is left out, and one that has no ratings is refused by name."""
    raters = (small.rater(rated, "a"), small.rater(rated, "b"))
    analysis = analyzed(small, rated, *raters, options=replace(QUICK, raters=("b",)))
    assert [run.name for run in analysis.runs] == ["b"]
    with pytest.raises(AnalysisError, match="no ratings by 'c'; raters with ratings: a, b"):
        analyzed(small, rated, *raters, options=replace(QUICK, raters=("c",)))


def test_nothing_to_analyze_says_what_to_run(small, rated):
    """Without any rating, by raters or people, the error names the study and the command that makes ratings."""
    with pytest.raises(AnalysisError, match="no ratings of the study small yet; run `vlmrate infer --model NAME`"):
        analyzed(small, replace(rated, ratings=None))


def test_the_order_of_rows_does_not_matter(small, rated):
    """The same ratings in reverse give the very same analysis."""
    rows = small.rater(rated)
    assert analyzed(small, rated, rows) == analyzed(small, rated, rows[::-1])


def test_spoken_against_probability_weighted(small, rated):
    """A weighted rating half a point above the number said shows as a gap of .5 and a correlation of 1."""
    rows = small.rater(rated)
    for row in rows:
        row["valid_mass"] = 0.9
        row["expected"] = row["value"] + 0.5 if row["item"] != "emotion" else None
    emotion, valence, _ = analyzed(small, rated, rows).runs[0].answers
    assert valence.expected_gap.value == pytest.approx(0.5)
    assert valence.expected_r.value == pytest.approx(1.0)
    assert valence.valid_mass.value == pytest.approx(0.9)
    assert emotion.expected_gap is None


def test_a_rater_that_never_varies(small, rated):
    """A constant rater has no r, with the reason, and still has its error, bias and an SD of 0."""
    rows = [row | {"value": 5.0} if row["item"] != "emotion" else row for row in small.rater(rated)]
    analysis = analyzed(small, rated, rows)
    (rater,) = analysis.dimensions[0].raters
    assert isinstance(rater.r, Skipped)
    assert isinstance(rater.mae, Estimate)
    assert rater.rater_values.sd.value == 0.0
    assert analysis.spread[0].raters[0].overall.spread.distinct == 1


def test_a_single_image_is_no_crash(small, rated):
    """A run stopped after one image has nothing that can be computed, and every reason is told."""
    analysis = analyzed(small, rated, small.rater(rated)[:3])
    (rater,) = analysis.dimensions[0].raters
    assert rater.n == 1
    assert isinstance(rater.r, Skipped)
    assert isinstance(analysis.classification[0].raters[0].scores, Skipped)


def test_a_run_in_which_every_image_failed_is_told(small, rated):
    """A rater without a single rating is in no ranking, but its failures are counted and the others are analyzed."""
    results = small.results(small.rater(rated, "a"), small.rater(rated, "b"))
    lost = replace(results.runs[1], rated=0, failed=72)
    results = replace(results, ratings=results.ratings[results.ratings["rater"] == "a"], runs=(results.runs[0], lost))
    analysis = analyze(rated, results, QUICK)
    assert [(run.name, run.rated, run.failed) for run in analysis.runs] == [("a", 72, 0), ("b", 0, 72)]
    assert [entry.rater for entry in analysis.dimensions[0].raters] == ["a"]


def test_the_overall_bias_is_tested_and_corrected_over_the_raters(small, rated):
    """The t test over identities of each rater, Holm over the two raters, in a family apart from the emotions'."""
    results = small.results(small.rater(rated, "a"), small.rater(rated, "b", seed=2))
    valence, _ = biases(gather(rated, results, QUICK))
    assert (valence.overall_family_size, valence.family_size) == (2, 2 * len(valence.raters[0].emotions))
    tests = [entry.overall_test.p_value for entry in valence.raters]
    low, high = sorted(tests)
    corrected = {low: min(1.0, 2 * low), high: min(1.0, max(2 * low, high))}
    assert [entry.overall_holm.p_adjusted for entry in valence.raters] == pytest.approx([corrected[p] for p in tests])
