"""Limits of agreement of each rater: those of the statistics called directly, planted stretches, reasons for none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate import stats
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.analysis.limits import limits_of_agreement
from vlmrate.stats import Skipped
from vlmrate.study.records import Item, Labels


@pytest.fixture(scope="module")
def found(kinds):
    """The limits of agreement on valence, by rater."""
    valence, _ = limits_of_agreement(kinds)
    return {entry.rater: entry for entry in valence.raters}


def test_they_are_those_of_the_statistics(kinds, found):
    """Bias, limits and concordance are bland_altman's and ccc_bootstrap's, with clusters for their intervals."""
    item = kinds.scale_items[0]
    rater = next(rater for rater in kinds.asked(item) if rater.name == "angerblind")
    given, told = kinds.scale(rater, item), found["angerblind"]
    plain = stats.bland_altman(given.value, given.people)
    for name in ("bias", "sd", "lower", "upper", "slope"):
        assert getattr(told.means, name).value == pytest.approx(getattr(plain, name).value)
    assert "40 clusters" in told.means.lower.method
    assert told.ccc == stats.ccc_bootstrap(
        given.value, given.people, clusters=given.clusters, bootstrap=kinds.bootstrap
    )


def test_limits_against_one_person_are_those_of_raw_ratings(kinds, found):
    """They are wider than against the means, by the scatter of single people, and those of bland_altman_repeated."""
    item = kinds.scale_items[0]
    rater = next(rater for rater in kinds.asked(item) if rater.name == "close")
    singles = kinds.singles(item).set_index("image_id")["value"]
    direct = stats.bland_altman_repeated(
        kinds.scale(rater, item).spoken, singles, clusters=kinds.images.clusters, bootstrap=kinds.bootstrap
    )
    told = found["close"]
    assert told.one_person == direct
    assert told.one_person.upper.value - told.one_person.lower.value > 1.5 * (
        told.means.upper.value - told.means.lower.value
    )


def test_a_stretched_scale_is_a_proportional_bias(found):
    """Doubled differences have a slope near 2 (2 - 1) / (2 + 1), but for the scale's ends; close to people it is 0."""
    stretched, close = found["stretched"].means, found["close"].means
    assert stretched.slope.ci_low < 2 / 3 + 0.05
    assert stretched.slope.ci_low > 0.4
    assert found["stretched"].slope_holm.p_adjusted < 0.001
    assert abs(close.slope.value) < 0.12


def test_the_family_of_slopes_is_counted(kinds, found):
    """Nine raters less the two that say one number: their differences lie on a line and have no error."""
    valence, _ = limits_of_agreement(kinds)
    tested = [entry for entry in valence.raters if isinstance(entry.means.slope_test, stats.TestResult)]
    assert valence.family_size == len(tested) == 7
    assert all(entry.slope_holm.family_size == 7 for entry in tested)


def test_what_is_missing_is_said(small, material):
    """Without people, without the item among theirs, without single ratings, without variance: each has its reason."""
    study = small.study(6)
    rows = small.rater(study)
    assert limits_of_agreement(material(study, rows)) == NO_PEOPLE
    part = replace(study, ratings=small.people(study, items=("valence",)))
    assert limits_of_agreement(material(part, rows))[1].raters == Skipped("people did not rate arousal")
    rated = replace(study, ratings=small.people(study))
    means = replace(rated, ratings=small.aggregated(rated.ratings))
    (entry,) = limits_of_agreement(material(means, rows))[0].raters
    assert isinstance(entry.means, stats.BlandAltman)
    assert entry.one_person == Skipped("people's single ratings are not at hand, only their means")
    labels = replace(study, items=(Item("emotion", Labels(("happy", "sad")), intended="emotion"),))
    assert isinstance(limits_of_agreement(material(labels, [small.row("p000_sad", "emotion", "sad")])), Skipped)
