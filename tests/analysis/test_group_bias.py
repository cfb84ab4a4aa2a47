"""Bias between groups: groups that differ in their emotions, groups that nobody rated, and what is corrected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.analysis.groups import SAME_MIX, GroupFactor, RatedByBoth
from vlmrate.report.tables.bias import bias_tables
from vlmrate.report.tables.group_bias import group_bias_tables
from vlmrate.stats import Bootstrap, Estimate, Skipped, TestResult
from vlmrate.stats.gaps import REST
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=100))


@pytest.fixture
def rated(small):
    """Twelve identities, six women and six men, in six emotions, rated by eight people."""
    study = small.study(12)
    return replace(study, ratings=small.people(study, 8))


def told(small, study, rows):
    """The analysis, and the rows of the first item's bias between groups."""
    analysis = analyze(study, small.results(rows), QUICK)
    return analysis, analysis.group_bias[0]


def without(study, gone):
    """The study without the ratings of some images by people."""
    table = study.ratings.table
    kept = table[~table["image_id"].isin(gone)].reset_index(drop=True)
    return replace(study, ratings=HumanRatings(study.ratings.items, kept, has_singles=True))


def of_gender(study, gender, *emotions):
    """The images of one gender, in some emotions or in all."""
    return [
        s.image_id
        for s in study.stimuli
        if s.factors["gender"] == gender and (not emotions or s.factors["emotion"] in emotions)
    ]


def mix_differs(groups, emotion):
    """What is said of images whose groups and emotions these are."""
    rating = pd.Series(5.0, index=groups.index)
    rated = RatedByBoth("model", rating, rating, emotion, ("happy", "sad"), pd.Series(groups.index, groups.index))
    return rated.mix_differs(GroupFactor("group", groups))


@pytest.mark.parametrize(("moved", "differs"), [(0, False), (1, False), (2, True)])
def test_mixes_differ_beyond_two_images_in_a_hundred(moved, differs):
    """Of 50 images a group, one in another emotion is 2 % and the limit itself, two are 4 % and beyond it."""
    assert SAME_MIX == 0.02
    groups = pd.Series(["A"] * 50 + ["B"] * 50)
    emotion = pd.Series(["happy"] * 25 + ["sad"] * 25 + ["happy"] * (25 + moved) + ["sad"] * (25 - moved))
    assert mix_differs(groups, emotion) is differs


def test_mixes_are_compared_pair_by_pair():
    """Of three groups the two furthest apart decide, however near the mean of all mixes they lie."""
    groups = pd.Series(["A"] * 100 + ["B"] * 100 + ["C"] * 100)
    happy = [50, 51, 53]
    emotion = pd.Series([e for n in happy for e in ["happy"] * n + ["sad"] * (100 - n)])
    assert mix_differs(groups, emotion)
    two = groups != "C"
    assert not mix_differs(groups[two], emotion[two])
    assert not mix_differs(groups[:100], emotion[:100])


def test_groups_with_other_mixes_are_tested_and_corrected(small, rated):
    """Where a gender lacks emotions, the bias is the mean of those within emotions, has a test, and is in the family.

    The rater's bias on fear alone makes no bias between genders.
    """
    study = without(rated, of_gender(rated, "f", "sad", "angry")[:6])
    _, item = told(small, study, small.rater(study, bias={"sad": -3.0, "angry": -3.0}, noise=0.3))
    (gap,) = item.raters
    assert gap.over_emotions
    assert isinstance(gap.gap.bias, Estimate)
    assert "mean over 6 strata" in gap.gap.bias.method
    assert gap.gap.bias.ci_low < 0 < gap.gap.bias.ci_high
    assert isinstance(gap.gap.test, TestResult)
    assert gap.holm.p_value == gap.gap.test.p_value > 0.05
    assert item.family_size == 1


@pytest.mark.parametrize("by_people", [True, False])
def test_a_group_that_was_not_rated_is_a_row_with_its_reason(small, rated, by_people):
    """Women whom people did not rate, or the rater did not, stay in the table and say why there is no number."""
    women = of_gender(rated, "f")
    rows = small.rater(rated)
    study = without(rated, women) if by_people else rated
    analysis, item = told(small, study, rows if by_people else [row for row in rows if row["image_id"] not in women])
    (gap,) = item.raters
    assert (gap.gap.group, gap.gap.n, gap.gap.reference, gap.gap.n_reference) == ("f", 0, "m", 36)
    for outcome in (gap.gap.bias, gap.gap.model_effect, gap.gap.people_effect, gap.gap.test):
        assert outcome == Skipped("no image rated by both in f")
    assert isinstance(gap.holm, Skipped)
    assert item.family_size == 0
    assert "f − m" in [row[1] for row in next(group_bias_tables(analysis)).rows]


def test_a_factor_with_one_level_is_a_row_with_its_reason(small, rated):
    """A study of women alone: the factor is named and says that there is nobody to compare them with."""
    stimuli = tuple(replace(s, factors={**s.factors, "region": "Seoul"}) for s in rated.stimuli)
    study = replace(rated, stimuli=stimuli, factors=Factors("emotion", "identity", ("gender", "region")))
    _, item = told(small, study, small.rater(study))
    gender, region = item.raters
    assert isinstance(gender.gap.bias, Estimate)
    assert (region.factor, region.gap.group, region.gap.reference, region.gap.n) == ("region", "Seoul", REST, 72)
    assert "all images are of Seoul" in region.gap.bias.reason
    assert item.family_size == 1


def test_interval_and_test_say_the_same_and_the_table_says_how(small, rated):
    """A planted bias against women is significant and excluded by its interval; the note names the standard error."""
    rows = small.rater(rated, noise=0.5)
    women = set(of_gender(rated, "f"))
    for row in rows:
        if row["item"] == "valence" and row["image_id"] in women:
            row["value"] = float(np.clip(row["value"] - 1.0, 1, 9))
    analysis, item = told(small, rated, rows)
    (gap,) = item.raters
    assert gap.gap.bias.ci_low < -1.0 < gap.gap.bias.ci_high < 0
    assert gap.holm.p_adjusted < 0.05
    note = " ".join(next(group_bias_tables(analysis)).notes)
    assert "cluster-robust standard error (CR2) over identities" in note


def test_identities_that_repeat_in_an_emotion_are_told_in_the_note(small, rated):
    """With several images of a person an emotion the test is the clustered one, and the table's note says so."""
    plain, _ = told(small, rated, small.rater(rated))
    assert "p: Wilcoxon signed-rank test, two-sided" in " ".join(next(bias_tables(plain)).notes)
    stimuli = tuple(
        replace(s, factors={**s.factors, "identity": f"p{int(s.factors['identity'][1:]) // 2}"}) for s in rated.stimuli
    )
    repeated, _ = told(small, replace(rated, stimuli=stimuli), small.rater(rated))
    assert "signs of all images of one identity turn together" in " ".join(next(bias_tables(repeated)).notes)
    emotion = repeated.bias[0].raters[0].emotions[0].bias
    assert "over 6 clusters" in emotion.wilcoxon.method
    assert "over 6 clusters" in emotion.t.method
