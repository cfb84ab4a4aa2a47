"""A bias is split by right and wrong label as planted, and as the statistic called directly splits it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate import stats
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.analysis.split import bias_splits
from vlmrate.stats import Skipped
from vlmrate.study.records import Factors, Item, Likert

MOVED_BY_A_WRONG_LABEL, WRONG_SADNESS = 1.2, 0.3
"""As the raters of planted kinds have it."""


@pytest.fixture(scope="module")
def found(kinds):
    """The splits on valence, by rater."""
    valence, _ = bias_splits(kinds)
    return {entry.rater: entry for entry in valence.raters}


def test_what_wrong_labels_move_is_found(found):
    """A rater that calls three of ten sad faces neutral, and rates those 1.2 higher, is moved by what that comes to."""
    (sad,) = [split for split in found["fooled"].emotions if split.group == "sad"]
    assert sad.wrong.ci_low < MOVED_BY_A_WRONG_LABEL < sad.wrong.ci_high
    assert sad.moved.ci_low < MOVED_BY_A_WRONG_LABEL * WRONG_SADNESS < sad.moved.ci_high
    assert sad.right.ci_low < 0 < sad.right.ci_high
    assert sad.total.value == pytest.approx(sad.right.value + sad.moved.value)


def test_without_a_wrong_label_nothing_is_moved(found):
    """A bias that is there under the right label stays: the part from wrong labels does not exist, and that is said."""
    (angry,) = [split for split in found["angerblind"].emotions if split.group == "angry"]
    assert angry.right.value == pytest.approx(angry.total.value)
    assert angry.right.ci_high < -1
    assert angry.moved == Skipped("no image of the group got a wrong label")


def test_it_is_the_statistics(kinds, found):
    """Every emotion and all images equal bias_split called with the columns."""
    valence = kinds.scale_items[0]
    rater = next(rater for rater in kinds.asked(valence) if rater.name == "fooled")
    given, answers = kinds.scale(rater, valence), kinds.labels(rater, kinds.label_items[0])
    columns = given.value, given.people, answers.intended, answers.answer
    named = {"clusters": given.clusters, "bootstrap": kinds.bootstrap}
    assert found["fooled"].emotions == stats.bias_split(*columns, order=kinds.images.emotions, **named)
    total = stats.mean_difference_bootstrap(given.value, given.people, **named)
    assert found["fooled"].overall.total.value == pytest.approx(total.value)
    assert found["fooled"].overall.total.ci_low == pytest.approx(total.ci_low)


def test_what_is_missing_is_said(small, material):
    """No people, no labels, a rater without labels, no emotion factor: each has its reason."""
    study = small.study(5)
    rows = small.rater(study)
    assert bias_splits(material(study, rows)) == NO_PEOPLE
    rated = replace(study, ratings=small.people(study))
    numbers = [row | {"rater": "numbers"} for row in rows if row["item"] != "emotion"]
    told = bias_splits(material(rated, rows, numbers))[0].raters
    assert [entry.rater for entry in told] == ["model", "numbers"]
    assert told[1].overall == told[1].emotions == Skipped("the rater gave no answers to emotion")
    no_emotion = replace(rated, factors=replace(rated.factors, emotion=None))
    (told,) = bias_splits(material(no_emotion, rows))[0].raters
    assert told.emotions == Skipped("the study names no emotion factor")
    assert told.overall.n_right == 30
    scales = replace(rated, items=(Item("valence", Likert(1, 9)),), factors=Factors())
    assert bias_splits(material(scales, rows)) == Skipped("no item of the study has labels of which one is intended")
