"""Confusion counts with their invalid column, and the ranking of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import INVALID, Share, confusion, error_pathways

if TYPE_CHECKING:
    from collections.abc import Callable

LABELS = ["happy", "sad", "angry"]
answered = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from([*LABELS, INVALID, None])), min_size=1)


def test_missing_answers_are_invalid() -> None:
    """None, NaN and "invalid" all land in the invalid column; no image is lost."""
    counts = confusion(["sad"] * 4, ["sad", None, float("nan"), INVALID], LABELS)
    assert list(counts.columns) == [*LABELS, INVALID]
    assert list(counts.index) == LABELS
    assert counts.loc["sad"].to_dict() == {"happy": 0, "sad": 1, "angry": 0, INVALID: 3}


@settings(deadline=None)
@given(answered)
def test_counts_are_sklearns_and_add_up(rows: list[tuple[str, str | None]]) -> None:
    """Every image is counted once; the declared part is scikit-learn's confusion matrix."""
    truth, answers = zip(*rows, strict=True)
    counts = confusion(truth, answers, LABELS)
    readable = [answer if answer in LABELS else INVALID for answer in answers]
    reference = confusion_matrix(truth, readable, labels=[*LABELS, INVALID])
    assert counts.to_numpy().sum() == len(rows)
    np.testing.assert_array_equal(counts.to_numpy(), reference[: len(LABELS)])


@settings(deadline=None)
@given(answered)
def test_pathways_partition_the_errors(rows: list[tuple[str, str | None]]) -> None:
    """The pathways are all the errors, each once, in falling order; their shares of errors add up to 1."""
    truth, answers = zip(*rows, strict=True)
    pathways = error_pathways(confusion(truth, answers, LABELS))
    counts = [pathway.count for pathway in pathways]
    assert sum(counts) == sum(a != t for t, a in rows)
    assert counts == sorted(counts, reverse=True)
    assert 0 not in counts
    if pathways:
        assert sum(pathway.of_errors.value for pathway in pathways) == pytest.approx(1)


def test_pathway_names_every_denominator(skipped: Callable[[object], str]) -> None:
    """The paper's 71.1 % of sad images seen as neutral is 170 of the 239 with a valid answer, 170/240 of all."""
    truth = ["sad"] * 240 + ["neutral"] * 10
    answers = ["sad"] * 30 + ["neutral"] * 170 + ["angry"] * 39 + [None] + ["neutral"] * 9 + ["sad"]
    first, second, *rest = error_pathways(confusion(truth, answers, ["neutral", "sad", "angry"]))
    assert (first.truth, first.answer) == ("sad", "neutral")
    assert first.of_truth == Share(170, 240, "images whose true label is 'sad'")
    assert isinstance(first.of_truth_valid, Share)
    assert (first.of_truth_valid.numerator, first.of_truth_valid.denominator) == (170, 239)
    assert first.of_truth_valid.value == pytest.approx(0.711, abs=TOLERANCE.printed3)
    assert first.of_errors == Share(170, 211, "errors, invalid answers included")
    assert second.count == 39
    assert [(p.truth, p.answer) for p in rest] == [("neutral", "sad"), ("sad", INVALID)]
    skipped(rest[1].of_truth_valid)


def test_no_error_no_pathway() -> None:
    """A faultless rater has no error pathway."""
    assert error_pathways(confusion(LABELS, LABELS, LABELS)) == ()


def test_undeclared_truth_is_refused() -> None:
    """A true label outside the list is a mistake in the study, said by name."""
    with pytest.raises(AnalysisError, match="contempt"):
        confusion(["contempt"], ["sad"], LABELS)


@pytest.mark.parametrize("labels", [["sad"], ["sad", "sad"], ["sad", INVALID]])
def test_unusable_labels_are_refused(labels: list[str]) -> None:
    """One label, a label twice, or one named like the invalid column cannot head a confusion matrix."""
    with pytest.raises(AnalysisError):
        confusion(["sad"], ["sad"], labels)


def test_misaligned_series_are_refused() -> None:
    """Two Series that index other images would pair one image's truth with another's answer."""
    truth = pd.Series(["sad", "happy"], index=["1.jpg", "2.jpg"])
    answers = pd.Series(["happy", "sad"], index=["2.jpg", "1.jpg"])
    with pytest.raises(AnalysisError, match="different indexes"):
        confusion(truth, answers, LABELS)
    assert np.trace(confusion(truth, answers.loc[truth.index], LABELS).to_numpy()) == 2
