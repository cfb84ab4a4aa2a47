"""Reliability of people: intraclass correlations, the ceiling they set, and where single ratings vary."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from vlmrate.analysis import Analysis, AnalysisOptions, analyze
from vlmrate.analysis.rating_variance import ratio
from vlmrate.stats import Bootstrap, Estimate, Icc, Skipped, spearman_brown
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors, Item, Labels

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))


@pytest.fixture
def rated(small):
    """Ten identities in six emotions, all rated by six people."""
    study = small.study(10)
    return replace(study, ratings=small.people(study))


def people(small, study) -> Analysis:
    """The analysis beside a rater that is right."""
    return analyze(study, small.results(small.rater(study)), QUICK)


def test_complete_ratings_have_their_correlations_from_mean_squares(small, rated):
    """With every cell filled the F intervals are used, and the ceiling is the root of ICC(C,k): severity cancels."""
    told = people(small, rated).reliability[0]
    assert isinstance(told.icc, Icc)
    assert "F interval" in told.icc.agreement.method
    assert told.ceiling.value == pytest.approx(told.icc.consistency_k.value**0.5)
    assert told.alpha_of_means.value == pytest.approx(spearman_brown(told.alpha.value, 6))


def test_missing_cells_lead_to_variance_components(small, rated):
    """With a seventh of the ratings gone nothing is left out or filled in; the mean is of fewer people."""
    table = rated.ratings.table.drop(index=range(0, len(rated.ratings.table), 7))
    study = replace(rated, ratings=HumanRatings(rated.ratings.items, table, has_singles=True))
    told = people(small, study).reliability[0]
    assert "variance components" in told.icc.agreement.method
    assert 5.0 < told.icc.k < 5.2
    assert told.ceiling.value == pytest.approx(told.icc.agreement_k.value**0.5)


def test_shares_of_the_variance_sum_to_one(small, rated):
    """Images, people and residual are all there is."""
    split = people(small, rated).reliability[0].variance
    shares = (split.image_share, split.rater_share, split.residual_share)
    assert sum(share.value for share in shares) == pytest.approx(1.0)
    assert split.image_within.value < split.image.value


def test_means_alone_say_why_nothing_can_be_told(small, rated):
    """Where only means are at hand every figure of single ratings is Skipped with that reason."""
    study = replace(rated, ratings=small.aggregated(rated.ratings))
    told = people(small, study).reliability[0]
    for outcome in (told.alpha, told.alpha_of_means, told.icc, told.ceiling, told.one_person.r, told.variance):
        assert isinstance(outcome, Skipped)
        assert "only their means" in outcome.reason


def test_labels_by_people_have_alpha_and_no_variance(small):
    """Labels have no mean: nominal alpha is told, intraclass correlations are Skipped."""
    items = (Item("emotion", Labels(("happy", "sad")), intended="emotion"),)
    study = small.study(6, emotions=("happy", "sad"), items=items)
    votes = [
        {"rater_id": f"h{person}", "image_id": s.image_id, "emotion": "happy" if person == n % 3 else "sad"}
        for person in range(3)
        for n, s in enumerate(study.stimuli)
    ]
    study = replace(study, ratings=HumanRatings(("emotion",), pd.DataFrame(votes), has_singles=True))
    (told,) = people(small, study).reliability
    assert isinstance(told.alpha, Estimate)
    assert isinstance(told.icc, Skipped)
    assert "labels" in told.variance.reason


def test_without_emotions_there_is_no_variance_within_them(small, rated):
    """The reason is told, and the rest of the table stays."""
    study = replace(rated, factors=Factors(identity="identity"))
    split = people(small, study).reliability[0].variance
    assert split.image_within == Skipped("the study names no emotion factor")
    assert isinstance(split.rater_to_image, Estimate)


def test_a_ratio_to_what_may_be_nothing_is_not_told():
    """Where the images' variance is not told from 0 the ratio has no upper limit, and where people's may be, a 0."""
    some = Estimate(0.5, 0.4, 0.6, 0.95, 50, "some")
    little = Estimate(0.1, -0.05, 0.25, 0.95, 50, "little")
    assert isinstance(ratio(some, little), Skipped)
    assert ratio(little, some).ci_low == 0.0
    assert isinstance(ratio(Estimate(-0.1, -0.2, 0.1, 0.95, 50, "none"), some), Skipped)
