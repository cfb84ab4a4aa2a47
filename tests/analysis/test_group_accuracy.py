"""Accuracy between groups: planted confusions are found, and told apart from a response bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.groups_planted import SURE, fair_study, holds, material_of, planted_study
from vlmrate import stats
from vlmrate.analysis import analyze
from vlmrate.analysis.group_accuracy import group_accuracies
from vlmrate.report.tables.group_accuracy import group_accuracy_tables
from vlmrate.simulate.planted import ANSWERS_A, ANSWERS_B, LABELS, PlantedLabels
from vlmrate.stats import Bootstrap, Skipped, TestResult
from vlmrate.study.records import Factors

A, B = PlantedLabels.of(ANSWERS_A), PlantedLabels.of(ANSWERS_B)


@pytest.fixture(scope="module")
def made():
    """A model that confuses more in race B."""
    return planted_study()


@pytest.fixture(scope="module")
def item(made):
    """Its accuracy by group."""
    (found,) = group_accuracies(material_of(made))
    return found


def of(item, factor):
    """The one rater's entry of a factor."""
    return next(entry for entry in item.raters if entry.factor == factor)


def test_accuracy_of_every_group_and_label_is_found(item):
    """The planted share of right answers is in the interval of each group and of each label within it."""
    for group, planted in zip(of(item, "race").groups, (A, B), strict=True):
        assert holds(group.accuracy, planted.accuracy)
        assert group.correct.denominator == 192
        for label in group.labels:
            assert holds(label.accuracy, planted.recall(label.label))
            assert label.correct.value == label.accuracy.value
            assert label.correct.denominator == 48


def test_the_ratio_is_found_where_it_was_planted_and_nowhere_else(item):
    """Race B is right less often about anger; men and women are recognised alike."""
    gaps = {gap.label: gap for gap in of(item, "race").gaps}
    assert holds(gaps[None].ratio, A.accuracy / B.accuracy)
    assert holds(gaps["angry"].ratio, A.recall("angry") / B.recall("angry"))
    assert gaps[None].holm.p_adjusted < 0.05
    assert all(holds(gap.ratio, 1.0) for gap in of(item, "gender").gaps)


def test_seeing_and_answering_are_told_apart(item):
    """The planted difference in d' and criterion is in its interval; no label but happy is never answered wrongly."""
    gaps = {gap.label: gap for gap in of(item, "race").gaps}
    for label in ("sad", "angry", "neutral"):
        assert holds(gaps[label].d_prime, A.d_prime(label) - B.d_prime(label))
        assert holds(gaps[label].criterion, A.criterion(label) - B.criterion(label))


def test_a_mere_response_bias_has_no_difference_in_d_prime(made):
    """Sadness is seen alike (d' 1.5), but answered more readily in race B: its criterion lies 1 lower there.

    Accuracy on sad alone would make the rater look better at reading race B.
    """
    rng = np.random.default_rng(3)
    truth, race = made.factor("emotion"), made.factor("race")
    evidence = rng.normal(np.where(truth == "sad", 1.5, 0.0))
    said = evidence > np.where(race == "B", 0.3, 1.3)
    answers = pd.Series(np.where(said, "sad", np.where(truth == "sad", "neutral", truth)), index=truth.index)
    table = made.ratings.copy()
    labels = table["item"] == "emotion"
    table.loc[labels, "value"] = table.loc[labels, "image_id"].map(answers)
    (found,) = group_accuracies(material_of(made, ratings=table))
    sad = next(gap for gap in of(found, "race").gaps if gap.label == "sad")
    assert holds(sad.d_prime, 0.0)
    assert holds(sad.criterion, 1.0)
    assert sad.criterion.ci_low > 0.2
    assert sad.ratio.ci_high < 1


def test_the_largest_pathway_of_each_group_names_what_it_is_a_share_of(item):
    """Angry to sad leads in B with its count out of the group's errors and out of the label's images."""
    group = of(item, "race").groups[1]
    paths = {(path.truth, path.answer): path for path in group.pathways}
    path = paths["angry", "sad"]
    assert path.of_truth.denominator == 48
    assert path.of_errors.denominator == group.correct.denominator - group.correct.numerator
    assert group.pathways[0].count >= path.count > 8


def test_the_numbers_are_those_of_the_statistics_called_directly(made, item):
    """Score ratio of counts, detection within the group, and the clustered t over all labels."""
    answers, truth = made.answers("model", "emotion"), made.factor("emotion")
    answers = answers.where(answers.notna(), None)
    race, identity = made.factor("race"), made.factor("identity")
    right = truth == answers
    entry = of(item, "race")
    counts = [
        (int(right[(race == level) & (truth == "sad")].sum()), int(((race == level) & (truth == "sad")).sum()))
        for level in "AB"
    ]
    gap = next(gap for gap in entry.gaps if gap.label == "sad")
    assert (gap.ratio, gap.test) == stats.accuracy_ratio_score(*counts[0], *counts[1], level=0.99)
    inside = race == "B"
    seen = stats.detection(truth[inside], answers[inside], LABELS, clusters=identity[inside], bootstrap=SURE.bootstrap)
    assert [label.d_prime for label in entry.groups[1].labels] == [of_label.d_prime for of_label in seen]
    t = stats.group_gap(right, np.zeros(len(right)), race, "A", "B", strata=truth, clusters=identity).test
    assert entry.gaps[0].test == t


def test_families_are_named_and_counted(item):
    """One test a factor over all labels, and four within labels, corrected apart."""
    assert (item.family_size, item.label_family_size) == (2, 8)
    assert "over all labels" in item.family
    assert "within labels" in item.label_family
    assert {gap.holm.family_size for entry in item.raters for gap in entry.gaps[1:]} == {8}


def test_identities_that_repeat_within_a_label_are_clusters(made):
    """Two identities made one: the images of a label are related, and the ratio's interval says so."""
    stimuli = made.stimuli.assign(identity=[f"p{int(name[1:]) // 2}" for name in made.stimuli["identity"]])
    (found,) = group_accuracies(material_of(replace(made, stimuli=stimuli)))
    gap = next(gap for gap in of(found, "race").gaps if gap.label == "angry")
    assert "clusters" in gap.ratio.method
    assert isinstance(gap.test, TestResult)
    assert "CR2" in gap.test.method


def test_without_an_identity_column_images_stand_alone(made):
    """Accuracy is still told, each image its own cluster."""
    (found,) = group_accuracies(material_of(made, factors=Factors("emotion", None, ("race",))))
    assert "192 clusters" in of(found, "race").groups[0].accuracy.method


def test_a_group_that_was_not_rated_keeps_its_rows(made):
    """No image of race B was rated: its row and gaps say so, and only gender is in the families."""
    race = made.factor("race")
    table = made.ratings[made.ratings["image_id"].map(race) == "A"]
    (found,) = group_accuracies(material_of(made, ratings=table))
    entry = of(found, "race")
    assert entry.groups[1].accuracy == Skipped("the rater rated no image of B")
    assert all(isinstance(gap.test, Skipped) and isinstance(gap.ratio, Skipped) for gap in entry.gaps)
    assert (found.family_size, found.label_family_size) == (1, 4)


def test_what_cannot_be_asked_is_skipped_with_its_reason(small, material):
    """No groups, no labels, no intended answers, one level."""
    study = small.study(4)
    rows = small.rater(study)
    none = group_accuracies(material(replace(study, factors=Factors("emotion", "identity", ())), rows))
    assert none == Skipped("the study names no factor of groups")
    scales = small.study(4, items=study.items[1:])
    assert "labels" in group_accuracies(material(scales, small.rater(scales))).reason
    open_item = replace(study.items[0], intended=None)
    free = small.study(4, items=(open_item, *study.items[1:]))
    (found,) = group_accuracies(material(free, small.rater(free)))
    assert "no intended answers" in found.raters.reason
    women = tuple(replace(s, factors={**s.factors, "gender": "f"}) for s in study.stimuli)
    (alone,) = group_accuracies(material(replace(study, stimuli=women), rows))
    (entry,) = alone.raters
    assert "all images are of f" in entry.gaps.reason
    assert entry.groups[0].accuracy.value == 1.0


def test_the_tables_say_it_all(small):
    """Four tables, with shares, d' beside the criterion, and the sizes of both families."""
    study = small.study(8)
    analysis = analyze(study, small.results(small.rater(study)), replace(SURE, bootstrap=Bootstrap(resamples=100)))
    tables = {table.id: table for table in group_accuracy_tables(analysis)}
    assert list(tables) == [
        "accuracy-groups-emotion", "accuracy-ratios-emotion", "detection-groups-emotion", "pathways-groups-emotion",
    ]  # fmt: skip
    assert [row[1] for row in tables["accuracy-groups-emotion"].rows] == ["f", "m"]
    ratios = tables["accuracy-ratios-emotion"]
    assert [row[2] for row in ratios.rows][:2] == ["all", "happy"]
    assert "Holm corrects over 0 tests over all labels" in " ".join(ratios.notes)
    assert len(tables["detection-groups-emotion"].rows) == 6


@pytest.mark.slow
def test_fair_raters_are_seldom_called_unfair():
    """Of 120 raters that confuse every group alike, near 5 % of tests reject, over all labels and within them."""
    options = replace(SURE, bootstrap=Bootstrap(resamples=20))
    (item,) = group_accuracies(material_of(fair_study(120), options=options))
    tests = [(gap.label, gap.test) for entry in item.raters for gap in entry.gaps if isinstance(gap.test, TestResult)]
    overall = [test.p_value < 0.05 for label, test in tests if label is None]
    within = [test.p_value < 0.05 for label, test in tests if label is not None]
    assert len(overall) == 240
    assert 0.02 < np.mean(overall) < 0.09
    assert 0.03 < np.mean(within) < 0.07
