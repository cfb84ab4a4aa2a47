"""Agreement with the intended label: the paper's figures, scikit-learn's, and what must not change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from stats.tolerances import TOLERANCE
from vlmrate.stats import (
    Bootstrap,
    Classification,
    Estimate,
    accuracy,
    balanced_accuracy,
    classification,
    cohen_kappa,
    kappa_identity,
    kappa_if_balanced,
    macro_f1,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances

LABELS = ["happy", "sad", "angry", "fear", "disgust", "neutral"]
PAPER = {
    "happy": {"happy": 240},
    "neutral": {"neutral": 240},
    "fear": {"fear": 235, "happy": 5},
    "disgust": {"disgust": 202, "angry": 38},
    "angry": {"angry": 97, "disgust": 60, "neutral": 83},
    "sad": {"sad": 30, "neutral": 170, "disgust": 20, "fear": 19, "invalid": 1},
}
"""Gemma3's answers with the paper's hits (its Table 2) and sad seen as neutral; the other errors are made up."""
TRUTH = [truth for truth, row in PAPER.items() for n in row.values() for _ in range(n)]
ANSWERS = [answer for row in PAPER.values() for answer, n in row.items() for _ in range(n)]
FEW = Bootstrap(resamples=20)


def scored(outcome: object) -> Classification:
    """Unwrap a Classification."""
    assert isinstance(outcome, Classification), outcome
    return outcome


@pytest.fixture(scope="module")
def paper() -> Classification:
    """The paper's Gemma3, scored."""
    return scored(classification(TRUTH, ANSWERS, LABELS))


def test_papers_accuracy_over_all_images_and_over_valid_ones(
    paper: Classification, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """1,044 right of 1,440 are .725; the printed .726 drops the one invalid answer."""
    assert (paper.n, paper.n_valid) == (1440, 1439)
    assert estimated(paper.accuracy).value == 1044 / 1440 == 0.725
    assert estimated(paper.accuracy_valid).value == 1044 / 1439
    assert estimated(paper.accuracy_valid).value == pytest.approx(0.726, abs=tolerance.printed3)
    assert estimated(paper.accuracy_valid).n == 1439


def test_papers_accuracy_per_emotion(paper: Classification, estimated: Callable[[object], Estimate]) -> None:
    """Recall per label over all its images; the printed .126 for sad is 30 of 239, .125 over all 240."""
    recall = {score.label: estimated(score.recall) for score in paper.labels}
    assert {label: round(r.value, 3) for label, r in recall.items()} == {
        "happy": 1.0, "neutral": 1.0, "fear": 0.979, "disgust": 0.842, "angry": 0.404, "sad": 0.125,
    }  # fmt: skip
    assert all(r.n == 240 for r in recall.values())
    sad_valid = [i for i, (t, a) in enumerate(zip(TRUTH, ANSWERS, strict=True)) if t == "sad" and a in LABELS]
    assert round(30 / len(sad_valid), 3) == 0.126


def test_papers_kappa_follows_from_its_accuracy(
    paper: Classification, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """Balanced truth ties kappa to accuracy: exactly over all images, and to the printed .726 and .671."""
    kappa = estimated(paper.kappa).value
    assert kappa_identity(0.725, kappa, 6, invalid_share=1 / 1440).holds
    assert kappa == pytest.approx(0.670, abs=tolerance.printed3)
    assert kappa_identity(0.726, 0.671, 6, rounding=0.0005).holds


def test_recall_of_one_has_an_interval(paper: Classification, estimated: Callable[[object], Estimate]) -> None:
    """240 of 240 right is no proof of certainty: the interval is Wilson's, and says so."""
    happy = estimated(paper.labels[0].recall)
    reference = estimated(wilson(240, 240))
    assert (happy.ci_low, happy.ci_high) == (reference.ci_low, 1.0)
    assert "Wilson" in happy.method


def test_wilson_counts_clusters_not_images(estimated: Callable[[object], Estimate]) -> None:
    """Ten images of five identities, all right, bound the recall as five trials do."""
    truth, identities = ["happy"] * 10 + ["sad"] * 10, list(range(5)) * 4
    scores = scored(classification(truth, truth, ["happy", "sad"], clusters=identities))
    assert estimated(scores.labels[0].recall).ci_low == estimated(wilson(5, 5)).ci_low


answered = st.lists(
    st.tuples(st.sampled_from(LABELS[:3]), st.sampled_from([*LABELS[:3], "invalid", None])), min_size=1, max_size=30
).map(lambda rows: rows + [(label, LABELS[0]) for label in LABELS[:3]])


@settings(deadline=None)
@given(answered)
def test_scores_are_sklearns(rows: list[tuple[str, str | None]]) -> None:
    """Accuracy, F1, macro-F1 over declared labels, balanced accuracy and kappa equal scikit-learn's."""
    truth, answers = map(list, zip(*rows, strict=True))
    labels = LABELS[:3]
    readable = [answer if answer in labels else "invalid" for answer in answers]
    scores = scored(classification(truth, answers, labels, bootstrap=FEW))
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, readable, labels=labels, zero_division=np.nan
    )
    expected = {
        "accuracy": metrics.accuracy_score(truth, readable),
        "macro_f1": metrics.f1_score(truth, readable, labels=labels, average="macro", zero_division=0),
        "balanced_accuracy": recall.mean(),
        "kappa": metrics.cohen_kappa_score(truth, readable),
    }
    for name, reference in expected.items():
        outcome = getattr(scores, name)
        if isinstance(outcome, Estimate):
            assert outcome.value == pytest.approx(reference, rel=TOLERANCE.reference, abs=TOLERANCE.same_algorithm), (
                name
            )
    for i, score in enumerate(scores.labels):
        for outcome, reference in ((score.precision, precision[i]), (score.recall, recall[i]), (score.f1, f1[i])):
            assert not isinstance(outcome, Estimate) or outcome.value == pytest.approx(
                reference, rel=TOLERANCE.reference
            )


def test_single_scores_are_those_of_the_whole(paper: Classification) -> None:
    """Asked for alone, a score has the same value, interval and method as among all."""
    assert accuracy(TRUTH, ANSWERS, LABELS) == paper.accuracy
    assert accuracy(TRUTH, ANSWERS, LABELS, valid_only=True) == paper.accuracy_valid
    assert macro_f1(TRUTH, ANSWERS, LABELS) == paper.macro_f1
    assert balanced_accuracy(TRUTH, ANSWERS, LABELS) == paper.balanced_accuracy
    assert cohen_kappa(TRUTH, ANSWERS, LABELS) == paper.kappa


def test_order_of_images_and_names_of_labels_do_not_matter(quick: Bootstrap) -> None:
    """Shuffled rows and renamed labels leave every value as it is."""
    shuffled = np.random.default_rng(0).permutation(len(TRUTH))
    name = {label: f"label {i}" for i, label in enumerate(LABELS)}
    first = scored(classification(TRUTH, ANSWERS, LABELS, bootstrap=quick))
    other = scored(
        classification(
            [name[TRUTH[i]] for i in shuffled],
            [name.get(ANSWERS[i]) for i in shuffled],
            [name[label] for label in LABELS],
            bootstrap=quick,
        )
    )
    for score in ("accuracy", "accuracy_valid", "macro_f1", "balanced_accuracy", "kappa"):
        assert getattr(first, score).value == pytest.approx(getattr(other, score).value, rel=TOLERANCE.same_algorithm)


def test_macro_f1_ignores_labels_outside_the_list(estimated: Callable[[object], Estimate]) -> None:
    """Invalid answers lower recall but add no label to the mean: over the list, not over all labels seen."""
    truth, answers = ["sad", "sad", "happy", "happy"] * 5, ["sad", "invalid", "happy", "invalid"] * 5
    value = estimated(macro_f1(truth, answers, ["happy", "sad"])).value
    over_all_seen = metrics.f1_score(truth, answers, average="macro", zero_division=0)
    assert value == pytest.approx(2 / 3)
    assert over_all_seen == pytest.approx(4 / 9)


def test_absent_labels_are_skipped_by_name(skipped: Callable[[object], str]) -> None:
    """A label without images has no recall or F1, one never answered no precision, and the averages name it."""
    scores = scored(classification(["sad"] * 3 + ["happy"] * 3, ["sad"] * 6, ["happy", "sad", "fear"]))
    happy, _, fear = scores.labels
    assert "never answered" in skipped(happy.precision)
    assert "fear" in skipped(fear.recall)
    assert "fear" in skipped(fear.f1)
    assert "fear" in skipped(scores.macro_f1)
    assert "fear" in skipped(scores.balanced_accuracy)


def test_no_valid_answer(estimated: Callable[[object], Estimate], skipped: Callable[[object], str]) -> None:
    """A rater who never answers validly has accuracy 0, and no accuracy among valid answers."""
    scores = scored(classification(["sad", "happy"] * 5, [None] * 10, ["happy", "sad"]))
    assert estimated(scores.accuracy).value == 0
    assert estimated(scores.accuracy).ci_high > 0.2
    assert "no answer is valid" in skipped(scores.accuracy_valid)


def test_no_image_is_skipped(skipped: Callable[[object], str]) -> None:
    """Nothing to score is said, not scored 0."""
    assert "no image" in skipped(classification([], [], LABELS))
    assert "no image" in skipped(accuracy([], [], LABELS))


def test_all_answers_right_leave_no_score_more_certain_than_accuracy() -> None:
    """Kappa's interval follows from accuracy's; in a balanced design balanced accuracy has accuracy's own."""
    truth = ["a", "b", "c"] * 8
    told = classification(truth, truth, ["a", "b", "c"])
    assert isinstance(told, Classification)
    accuracy, kappa, balanced = told.accuracy, told.kappa, told.balanced_accuracy
    assert isinstance(accuracy, Estimate)
    assert isinstance(kappa, Estimate)
    assert isinstance(balanced, Estimate)
    assert kappa.ci_low == pytest.approx(kappa_if_balanced(accuracy.ci_low, 3))
    assert (balanced.ci_low, balanced.ci_high) == (accuracy.ci_low, accuracy.ci_high)
    assert kappa.ci_low < accuracy.ci_low < 0.9
    uneven = classification([*truth, "a"], [*truth, "a"], ["a", "b", "c"])
    assert isinstance(uneven, Classification)
    assert isinstance(uneven.balanced_accuracy, Estimate)
    assert uneven.balanced_accuracy.ci_low == 1
