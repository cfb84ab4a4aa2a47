"""Which label was given to which: the confusion matrix with its column of invalid answers, and error pathways.

One denominator throughout: every image counts. An answer that is missing (None, NaN) or "invalid" could not be read:
it is *invalid*, an error, counted in a column of its own. So is the missing answer of a person who stands in the
model's place; psych and irr leave such pairs out instead. A true label must be there. A label that is not among the
declared ones is neither: misspelt, or a number where words are declared, it would pass for a rater's error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, IntArray, declared, label_codes, one_hot, require_aligned
from vlmrate.stats.estimate import Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

INVALID = "invalid"
"""Name of the column of answers that are none of the declared labels."""


@dataclass(frozen=True, slots=True)
class CodedLabels:
    """True and answered labels as numbers: truth in 0 … k-1, answers in 0 … k, where k stands for invalid."""

    truth: IntArray
    answers: IntArray
    labels: tuple[str, ...]

    @property
    def n(self) -> int:
        """Images."""
        return len(self.truth)

    @property
    def k(self) -> int:
        """Declared labels."""
        return len(self.labels)

    @property
    def n_valid(self) -> int:
        """Images with a valid answer."""
        return int((self.answers < self.k).sum())

    def cells(self) -> FloatArray:
        """Return each image's cell of the confusion matrix, one-hot, row by row: shape (n, k (k + 1))."""
        return one_hot(self.truth * (self.k + 1) + self.answers, self.k * (self.k + 1))


def code_labels(
    truth: Column, answers: Column, labels: Sequence[str], *, clusters: Column | None = None
) -> CodedLabels:
    """Number the labels, an answer that is missing or "invalid" as k; `clusters` is only held against their index.

    Raises `AnalysisError` for a true label that is missing, and for any label that is not declared.
    """
    require_aligned(truth=truth, answers=answers, clusters=clusters)
    number = declared(labels, INVALID)
    coded_truth = label_codes(truth, number, "truth")
    if (coded_truth < 0).any():
        raise AnalysisError(f"truth has no label for {int((coded_truth < 0).sum())} of {len(coded_truth)} images.")
    read = [None if isinstance(answer, str) and answer == INVALID else answer for answer in answers]
    coded_answers = label_codes(read, number, "answers")
    coded_answers[coded_answers < 0] = len(labels)
    return CodedLabels(coded_truth, coded_answers, tuple(labels))


def confusion(truth: Column, answers: Column, labels: Sequence[str]) -> pd.DataFrame:
    """Count the images of each true label (rows) by answer (columns: the labels, then "invalid").

    `truth` and `answers` have one entry an image; `labels` are the declared ones, in the order wanted. Raises
    `AnalysisError` for a true label that is missing and for a label, true or answered, that is not declared.

    >>> counts = confusion(["sad", "sad", "happy"], ["sad", None, "happy"], ["happy", "sad"])
    >>> counts.loc["sad"].to_dict()
    {'happy': 0, 'sad': 1, 'invalid': 1}
    """
    coded = code_labels(truth, answers, labels)
    counts = coded.cells().sum(axis=0).astype(np.int64).reshape(coded.k, coded.k + 1)
    return pd.DataFrame(
        counts,
        index=pd.Index(coded.labels, name="truth"),
        columns=pd.Index([*coded.labels, INVALID], name="answer"),
    )


@dataclass(frozen=True, slots=True)
class Share:
    """A share that names what it is a share of."""

    numerator: int
    denominator: int
    scope: str
    """What the denominator counts, in words."""

    @property
    def value(self) -> float:
        """Numerator / denominator, in [0, 1]."""
        return self.numerator / self.denominator


@dataclass(frozen=True, slots=True)
class Pathway:
    """One kind of error: images of one label answered with another (or with nothing valid)."""

    truth: str
    answer: str
    count: int
    of_truth: Share
    """Share of all images with this true label."""
    of_truth_valid: Share | Skipped
    """Share of the images with this true label that got a valid answer; Skipped for the invalid pathway."""
    of_errors: Share
    """Share of all errors, invalid answers among them."""


def error_pathways(counts: pd.DataFrame) -> tuple[Pathway, ...]:
    """Rank the errors in a confusion matrix by their number, largest first; ties in the order of the labels.

    `counts` is what `confusion` returns. Pathways nobody took are left out; no error at all gives ().

    >>> counts = confusion(["sad"] * 4 + ["happy"], ["happy", "happy", None, "sad", "happy"], ["happy", "sad"])
    >>> first = error_pathways(counts)[0]
    >>> first.truth, first.answer, first.count
    ('sad', 'happy', 2)
    >>> first.of_truth
    Share(numerator=2, denominator=4, scope="images whose true label is 'sad'")
    >>> first.of_errors
    Share(numerator=2, denominator=3, scope='errors, invalid answers included')
    """
    matrix = counts.to_numpy(dtype=np.int64)
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    rows, columns = np.unravel_index(np.argsort(-wrong, axis=None, kind="stable"), wrong.shape)
    ranked = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if wrong[i, j] > 0]
    return tuple(_pathway(counts, matrix, i, j, int(wrong.sum())) for i, j in ranked)


def _pathway(counts: pd.DataFrame, matrix: IntArray, i: int, j: int, errors: int) -> Pathway:
    truth, answer, count = str(counts.index[i]), str(counts.columns[j]), int(matrix[i, j])
    images = f"images whose true label is '{truth}'"
    of_valid: Share | Skipped = Skipped("an invalid answer is no share of the valid ones")
    if answer != INVALID:
        of_valid = Share(count, int(matrix[i, :-1].sum()), f"{images} and whose answer is valid")
    return Pathway(
        truth=truth,
        answer=answer,
        count=count,
        of_truth=Share(count, int(matrix[i].sum()), images),
        of_truth_valid=of_valid,
        of_errors=Share(count, errors, "errors, invalid answers included"),
    )
