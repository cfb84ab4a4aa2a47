"""Collapse and where it lies: planted reciters are found out, others are not, and the parts are the statistics'."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate import stats
from vlmrate.analysis.decoding import decodings
from vlmrate.analysis.variance import spreads
from vlmrate.stats import Skipped


@pytest.fixture(scope="module")
def found(kinds):
    """The answers on valence, by rater."""
    valence, _ = decodings(kinds, spreads(kinds))
    return {entry.rater: entry for entry in valence.raters}


def test_a_rater_that_speaks_one_number_has_collapsed_in_its_decoding(found):
    """Its weighted ratings follow people within emotions, the spoken ones are all the same."""
    told = found["reciting"]
    assert {entry.verdict for entry in told.collapse} == {"collapsed"}
    assert told.spoken_and_weighted.within.first.ci_low > 0.3
    assert isinstance(told.spoken_and_weighted.within.second, Skipped)
    assert told.source == "decoding"


def test_a_rater_that_sees_nothing_has_collapsed_in_the_model(found):
    """Its weighted ratings are noise: they do not follow people within emotions either."""
    told = found["blank"]
    assert {entry.verdict for entry in told.collapse} == {"collapsed"}
    assert told.source == "model"


def test_a_rater_that_tells_images_apart_has_not_collapsed(found):
    """Spread as people's means are, it is narrower than one person; no source is sought of what did not happen."""
    assert "collapsed" not in {entry.verdict for entry in found["close"].collapse}
    assert {entry.one_person for entry in found["close"].collapse} == {"narrower"}
    assert {entry.single_ratings for entry in found["noisy"].collapse} == {"wider"}
    assert found["close"].source is None


def test_widths_read_the_intervals_of_the_ratios(kinds, found):
    """Narrower where the whole interval lies below 1, in each emotion and for each comparator."""
    (spread, _) = spreads(kinds)
    for rater in spread.raters:
        for entry, told in zip(rater.emotions, found[rater.rater].collapse, strict=True):
            for name in ("single_ratings", "image_means", "one_person"):
                ratio, width = getattr(entry.ratios, name), getattr(told, name)
                assert (width == "narrower") == (ratio.ci_high < 1)
                assert (width == "wider") == (ratio.ci_low > 1)


def test_the_parts_are_those_of_the_statistics(kinds, found):
    """Spoken beside weighted, r within emotions, and distances equal the functions called with names."""
    item = kinds.scale_items[0]
    rater = next(rater for rater in kinds.asked(item) if rater.name == "noisy")
    given, told = kinds.scale(rater, item), found["noisy"]
    beside = stats.spoken_and_weighted(
        given.spoken,
        given.expected,
        given.people,
        groups=given.emotion,
        clusters=given.clusters,
        bootstrap=kinds.bootstrap,
        order=kinds.images.emotions,
    )
    assert told.spoken_and_weighted.emotions == beside
    within = stats.pearson_within_bootstrap(
        given.expected, given.people, given.emotion, clusters=given.clusters, bootstrap=kinds.bootstrap
    )
    assert told.spoken_and_weighted.within.first == within
    singles = kinds.singles(item).set_index("image_id")["value"]
    (overall,) = stats.answer_distances(
        given.spoken, singles, range(1, 10), clusters=kinds.images.clusters, bootstrap=kinds.bootstrap
    )
    for name in ("jensen_shannon", "earth_mover", "entropy_model", "entropy_people"):
        mine, theirs = getattr(told.distances[0], name), getattr(overall, name)
        assert mine.value == pytest.approx(theirs.value)
        assert (mine.ci_low, mine.ci_high) == pytest.approx((theirs.ci_low, theirs.ci_high))


def test_a_rater_of_one_number_is_far_from_peoples_distribution(found):
    """Its entropy is 0, and it lies farther from people than one random person does."""
    overall = found["reciting"].distances[0]
    assert overall.entropy_model.value == 0
    assert overall.jensen_shannon.ci_low > overall.one_person_jensen_shannon.ci_high
    assert found["reciting"].distances[1].group == "happy"


def test_without_probabilities_the_source_is_not_known(small, material):
    """A rater that told no probabilities has collapse and distances, and the reason why no more is known."""
    study = small.study(8)
    rated = replace(study, ratings=small.people(study))
    gathered = material(rated, small.rater(study, noise=0.0))
    (told,) = decodings(gathered, spreads(gathered))[0].raters
    assert told.spoken_and_weighted == Skipped("the rater told no probabilities of its answers")
    assert {entry.verdict for entry in told.collapse} == {"collapsed"}
    assert told.source == "not known"
    assert not isinstance(told.distances, Skipped)


def test_ratings_between_the_points_have_no_distribution_on_the_scale(small, material):
    """A network that answers 4.7 cannot be held against answers of 1 to 9: skipped, with the reason."""
    study = small.study(6)
    rows = [row | {"value": row["value"] + 0.3} for row in small.rater(study) if row["item"] == "valence"]
    gathered = material(replace(study, ratings=small.people(study)), rows)
    (told,) = decodings(gathered, spreads(gathered))[0].raters
    assert told.distances == Skipped("the rater answers between the points of the scale")


def test_what_is_missing_is_said(small, material):
    """No people, only means, no emotion: each part has its reason, and what can be told is told."""
    study = small.study(6)
    rows = [row | {"expected": row["value"]} for row in small.rater(study) if row["item"] != "emotion"]
    alone = material(study, rows)
    (told,) = decodings(alone, spreads(alone))[0].raters
    assert told.distances == told.spoken_and_weighted == Skipped("the study has no ratings by people")
    assert {entry.verdict for entry in told.collapse} == {"not known"}
    means = material(replace(study, ratings=small.aggregated(small.people(study))), rows)
    (told,) = decodings(means, spreads(means))[0].raters
    assert told.distances == Skipped("people's single ratings are not at hand, only their means")
    assert {entry.one_person for entry in told.collapse} == {"not known"}
    assert not isinstance(told.spoken_and_weighted, Skipped)
    no_emotion = material(
        replace(study, ratings=small.people(study), factors=replace(study.factors, emotion=None)), rows
    )
    (told,) = decodings(no_emotion, spreads(no_emotion))[0].raters
    assert told.collapse == told.spoken_and_weighted.emotions == Skipped("the study names no emotion factor")
    assert len(told.distances) == 1
