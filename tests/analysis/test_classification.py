from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.analysis import Analysis, analyze
from vlmrate.stats import Estimate, Share, Skipped
from vlmrate.study.records import Factors, Item, Labels

if TYPE_CHECKING:
    from vlmrate.analysis.classification import RaterClassification

# Answers to 240 images of each emotion that give the published accuracies per emotion: 1044 of 1440 right, one invalid.
PUBLISHED = {
    "happy": {"happy": 240},
    "neutral": {"neutral": 240},
    "fear": {"fear": 235, "sad": 5},
    "disgust": {"disgust": 202, "angry": 38},
    "angry": {"angry": 97, "disgust": 100, "neutral": 43},
    "sad": {"sad": 30, "neutral": 170, "fear": 39, None: 1},
}


@pytest.fixture(scope="module")
def published(lasting) -> Analysis:
    """The analysis of a rater with the published accuracies."""
    study = lasting.study(240)
    answers = {emotion: iter([a for a, n in given.items() for _ in range(n)]) for emotion, given in PUBLISHED.items()}
    rows = [lasting.row(s.image_id, "emotion", next(answers[s.factors["emotion"]])) for s in study.stimuli]
    return analyze(study, lasting.results(rows))


def only(analysis: Analysis) -> RaterClassification:
    """The one rater's answers to the one item."""
    (item,) = analysis.classification
    (rater,) = item.raters
    return rater


def test_an_invalid_answer_is_an_error_and_the_valid_only_figure_stands_beside(published):
    """1044 of 1440 images are right; leaving the invalid answer out gives 1044 of 1439, and both are told."""
    scores = only(published).scores
    assert scores.accuracy.value == pytest.approx(1044 / 1440)
    assert scores.accuracy_valid.value == pytest.approx(1044 / 1439)
    assert (scores.n, scores.n_valid) == (1440, 1439)


def test_the_worst_pathway_names_numerator_and_denominator(published):
    """Sad seen as neutral is the most frequent error: 170 of 240 images, 170 of the 239 with a valid answer."""
    first = only(published).pathways[0]
    assert (first.truth, first.answer) == ("sad", "neutral")
    assert (first.of_truth.numerator, first.of_truth.denominator) == (170, 240)
    assert (first.of_truth_valid.numerator, first.of_truth_valid.denominator) == (170, 239)
    assert first.of_errors == Share(170, 396, first.of_errors.scope)


def test_kappa_is_the_one_that_accuracy_implies(published):
    """Labels are balanced, so kappa follows from accuracy and the one invalid answer; the check must hold."""
    rater = only(published)
    chance = (1 - 1 / 1440) / 6
    assert rater.kappa_check.holds
    assert rater.scores.kappa.value == pytest.approx((1044 / 1440 - chance) / (1 - chance))


def test_the_confusion_matrix_counts_every_image(published):
    """Rows add up to the images of each label, and the last column holds the invalid answer."""
    confusion = only(published).confusion
    assert confusion.answers[-1] == "invalid"
    assert [sum(row) for row in confusion.counts] == [240] * 6
    assert confusion.counts[confusion.labels.index("sad")][-1] == 1


def test_unbalanced_labels_skip_the_check_of_kappa(small):
    """With one image of a label missing kappa no longer follows from accuracy, and nothing must be claimed."""
    study = small.study(4)
    analysis = analyze(study, small.results(small.rater(study)[:-3]))
    assert isinstance(only(analysis).kappa_check, Skipped)


def test_raters_are_ranked_by_kappa(small):
    """The better rater comes first though its name comes last."""
    study = small.study(6)
    worse = [row | {"value": "happy"} if row["item"] == "emotion" else row for row in small.rater(study, "a")]
    analysis = analyze(study, small.results(worse, small.rater(study, "z")))
    assert [entry.rater for entry in analysis.classification[0].raters] == ["z", "a"]


def test_a_study_without_labels_says_so(small):
    """A study that asks for numbers only has no classification, with the reason."""
    study = small.study(4, items=small.study().items[1:])
    analysis = analyze(study, small.results(small.rater(study)))
    assert analysis.classification == Skipped("no item of the study is answered with labels")


def test_labels_without_an_intended_answer_say_so(small):
    """An item with labels whose right answer the study does not name has no accuracy, with the reason."""
    items = (Item("emotion", Labels(("happy", "sad"))),)
    study = small.study(4, emotions=("happy", "sad"), items=items, factors=Factors())
    analysis = analyze(study, small.results(small.rater(study)))
    assert analysis.classification[0].raters == Skipped("the study names no intended answers to emotion")


def test_only_images_that_were_rated_count(small):
    """A run that rated 12 of 24 images is scored on 12, and says n = 12."""
    study = small.study(4)
    analysis = analyze(study, small.results(small.rater(study)[: 12 * 3]))
    assert only(analysis).scores.n == 12
    assert isinstance(only(analysis).scores.accuracy, Estimate)


def test_the_first_repeat_counts_for_labels(small):
    """A wrong second answer changes nothing: labels are those of the first repeat, whatever the order of rows."""
    study = small.study(4)
    first = small.rater(study)
    second = [row | {"repeat": 2, "value": "sad" if row["item"] == "emotion" else row["value"]} for row in first]
    analysis = analyze(study, small.results([*second, *first]))
    assert only(analysis).scores.accuracy.value == 1.0
