"""How well answers agree with the intended labels: accuracy, recall, precision, F1, balanced accuracy, kappa.

Every image counts; an invalid answer (None, NaN or "invalid") is an error. Averages over labels run over the declared
ones alone, so an invalid answer can lower a label's recall but never adds a label to the average. A label that is not
declared, true or answered, raises `AnalysisError`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats import kappa
from vlmrate.stats._arrays import as_names
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, resample_sums
from vlmrate.stats.confusion import CodedLabels, code_labels
from vlmrate.stats.estimate import Estimate, Outcome, Skipped
from vlmrate.stats.proportion import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.stats._arrays import Column, FloatArray


@dataclass(frozen=True, slots=True)
class LabelScores:
    """How one label fared."""

    label: str
    n_truth: int
    """Images whose true label it is."""
    n_answers: int
    """Images answered with it."""
    precision: Outcome
    recall: Outcome
    f1: Outcome


@dataclass(frozen=True, slots=True)
class Classification:
    """All agreement with the intended labels, from one set of resamples."""

    n: int
    n_valid: int
    accuracy: Outcome
    """Over all images, an invalid answer an error."""
    accuracy_valid: Outcome
    """Over the images with a valid answer; stands beside `accuracy`, never in its place."""
    macro_f1: Outcome
    balanced_accuracy: Outcome
    kappa: Outcome
    labels: tuple[LabelScores, ...]


def classification(
    truth: Column,
    answers: Column,
    labels: Sequence[str],
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Classification | Skipped:
    """Return every score of the answers against the truth, with bootstrap intervals from one draw.

    `truth`, `answers` and `clusters` have one entry an image; `labels` are the declared ones. With c the
    confusion matrix: accuracy = sum c_ii / n; recall_i = c_ii / c_i.; precision_i = c_ii / c_.i; F1_i = 2
    c_ii / (c_i. + c_.i); macro-F1 and balanced accuracy are the plain means of F1 and recall over the
    declared labels (Sokolova & Lapalme 2009, Information Processing & Management 45, 427-437). All lie in [0, 1], kappa
    in [-1, 1]. A proportion of exactly 0 or 1 has Wilson's interval, since resamples cannot move it, kappa of 1 the one
    that follows from accuracy's, balanced accuracy accuracy's own where all labels have as many images. Macro-F1 and F1
    of 1 keep an interval of no width: of other images it says nothing. Skipped: recall and F1 of a label with no image,
    precision of a label never answered, macro-F1 and balanced accuracy where a declared label has no image; everything
    where there are fewer than two clusters.

    >>> truth, answers = ["sad", "sad", "sad", "happy", "happy"], ["sad", "happy", None, "happy", "happy"]
    >>> scores = classification(truth, answers, ["happy", "sad"])
    >>> scores.accuracy.value, scores.accuracy_valid.value, round(scores.macro_f1.value, 4)
    (0.6, 0.75, 0.65)
    >>> [(score.label, round(score.recall.value, 4)) for score in scores.labels]
    [('happy', 1.0), ('sad', 0.3333)]
    """
    scorer = _Scorer.of(truth, answers, labels, clusters, bootstrap)
    if isinstance(scorer, Skipped):
        return scorer
    return Classification(
        n=scorer.coded.n,
        n_valid=scorer.coded.n_valid,
        accuracy=scorer.accuracy(),
        accuracy_valid=scorer.accuracy_valid(),
        macro_f1=scorer.macro_f1(),
        balanced_accuracy=scorer.balanced_accuracy(),
        kappa=scorer.kappa(),
        labels=tuple(scorer.label(i) for i in range(scorer.coded.k)),
    )


def accuracy(
    truth: Column,
    answers: Column,
    labels: Sequence[str],
    *,
    valid_only: bool = False,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return the share of images answered with their true label, in [0, 1]; of those answered validly if asked.

    >>> accuracy(["a", "a", "b", "b"], ["a", "b", "b", None], ["a", "b"]).value
    0.5
    """
    scorer = _Scorer.of(truth, answers, labels, clusters, bootstrap)
    if isinstance(scorer, Skipped):
        return scorer
    return scorer.accuracy_valid() if valid_only else scorer.accuracy()


def macro_f1(
    truth: Column,
    answers: Column,
    labels: Sequence[str],
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return the mean F1 over the declared labels, in [0, 1]; see `classification`."""
    scorer = _Scorer.of(truth, answers, labels, clusters, bootstrap)
    return scorer if isinstance(scorer, Skipped) else scorer.macro_f1()


def balanced_accuracy(
    truth: Column,
    answers: Column,
    labels: Sequence[str],
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return the mean recall over the declared labels, in [0, 1]; see `classification`."""
    scorer = _Scorer.of(truth, answers, labels, clusters, bootstrap)
    return scorer if isinstance(scorer, Skipped) else scorer.balanced_accuracy()


def _hits(cells: FloatArray) -> FloatArray:
    return np.diagonal(cells, axis1=-2, axis2=-1)


def accuracy_of(cells: FloatArray) -> FloatArray:
    """Return the share of all images answered rightly, of each confusion matrix (..., k, k + 1)."""
    share: FloatArray = _hits(cells).sum(axis=-1) / cells.sum(axis=(-2, -1))
    return share


def accuracy_valid_of(cells: FloatArray) -> FloatArray:
    """Return the share of validly answered images answered rightly, of each confusion matrix."""
    share: FloatArray = _hits(cells).sum(axis=-1) / cells[..., :-1].sum(axis=(-2, -1))
    return share


def recall_of(cells: FloatArray) -> FloatArray:
    """Return every label's recall, of each confusion matrix: (..., k, k + 1) to (..., k)."""
    shares: FloatArray = _hits(cells) / cells.sum(axis=-1)
    return shares


def _precision(cells: FloatArray) -> FloatArray:
    shares: FloatArray = _hits(cells) / cells[..., :-1].sum(axis=-2)
    return shares


def f1_of(cells: FloatArray) -> FloatArray:
    """Return every label's F1, of each confusion matrix; NaN for a label without images."""
    in_truth, in_answers = cells.sum(axis=-1), cells[..., :-1].sum(axis=-2)
    # By its formula F1 of a label without images would be 0: a verdict on the stimuli, not on the rater.
    return np.where(in_truth > 0, 2 * _hits(cells) / (in_truth + in_answers), np.nan)


@dataclass(frozen=True, slots=True)
class _Scorer:
    """Coded labels with their resampled confusion matrices."""

    coded: CodedLabels
    drawn: ResampledSums
    clusters: Column | None

    @classmethod
    def of(
        cls, truth: Column, answers: Column, labels: Sequence[str], clusters: Column | None, bootstrap: Bootstrap
    ) -> _Scorer | Skipped:
        coded = code_labels(truth, answers, labels, clusters=clusters)
        if coded.n == 0:
            return Skipped("there is no image to score")
        drawn = resample_sums(coded.cells(), clusters=clusters, bootstrap=bootstrap)
        return drawn if isinstance(drawn, Skipped) else cls(coded, drawn, clusters)

    def accuracy(self) -> Outcome:
        everything = np.ones(self.coded.n, dtype=bool)
        return self._proportion(accuracy_of, everything, "accuracy over all images")

    def accuracy_valid(self) -> Outcome:
        valid = self.coded.answers < self.coded.k
        if not valid.any():
            return Skipped("no answer is valid")
        return self._proportion(accuracy_valid_of, valid, "accuracy over images with a valid answer")

    def macro_f1(self) -> Outcome:
        name = f"macro-F1 over the {self.coded.k} declared labels"
        return self._no_image("macro-F1") or self._score(lambda cells: f1_of(cells).mean(axis=-1), name)

    def balanced_accuracy(self) -> Outcome:
        name = f"mean recall over the {self.coded.k} declared labels"
        mean = self._no_image("balanced accuracy") or self._score(lambda cells: recall_of(cells).mean(axis=-1), name)
        accuracy, images = self.accuracy(), np.bincount(self.coded.truth, minlength=self.coded.k)
        if isinstance(mean, Skipped) or isinstance(accuracy, Skipped) or 0 < mean.value < 1 or np.ptp(images):
            return mean
        # With as many images of each label it is the accuracy, whose interval has a width here.
        low, high = accuracy.ci_low, accuracy.ci_high
        return replace(mean, ci_low=low, ci_high=high, method=f"{name}; as {accuracy.method}")

    def kappa(self) -> Outcome:
        if (reason := kappa.undefined(self.coded)) is not None:
            return reason
        return kappa.widened(self._score(kappa.kappa_of, kappa.NAME), self.coded, self.clusters)

    def label(self, i: int) -> LabelScores:
        label = self.coded.labels[i]
        true, answered = self.coded.truth == i, self.coded.answers == i
        recall: Outcome = Skipped(f"no image has the true label '{label}'")
        f1 = recall
        precision: Outcome = Skipped(f"'{label}' was never answered")
        if true.any():
            recall = self._proportion(lambda cells: recall_of(cells)[:, i], true, f"recall of '{label}'")
            f1 = self._score(lambda cells: f1_of(cells)[:, i], f"F1 of '{label}'")
        if answered.any():
            precision = self._proportion(lambda cells: _precision(cells)[:, i], answered, f"precision of '{label}'")
        return LabelScores(label, int(true.sum()), int(answered.sum()), precision, recall, f1)

    def _no_image(self, name: str) -> Skipped | None:
        absent = [label for i, label in enumerate(self.coded.labels) if not (self.coded.truth == i).any()]
        return (
            Skipped(f"{name} needs an image of every declared label; none of {', '.join(absent)}") if absent else None
        )

    def _score(self, score: Callable[[FloatArray], FloatArray], name: str, n: int | None = None) -> Outcome:
        k = self.coded.k
        return self.drawn.estimate(lambda totals: score(totals.reshape(-1, k, k + 1)), name=name, n=n)

    def _proportion(
        self,
        score: Callable[[FloatArray], FloatArray],
        among: np.ndarray[tuple[int], np.dtype[np.bool_]],
        name: str,
    ) -> Outcome:
        estimate = self._score(score, name, int(among.sum()))
        if not isinstance(estimate, Estimate) or 0 < estimate.value < 1:
            return estimate
        # No resample can leave 0 or 1. Images of one cluster may stand or fall together, so clusters are the trials.
        trials = int(among.sum()) if self.clusters is None else len(set(as_names(self.clusters)[among]))
        bounded = wilson(trials * round(estimate.value), trials, estimate.level, name=name)
        if isinstance(bounded, Skipped):
            return bounded
        method = f"{name}; Wilson over {trials:,} clusters, resamples being constant at {estimate.value:g}"
        return Estimate(estimate.value, bounded.ci_low, bounded.ci_high, estimate.level, estimate.n, method)
