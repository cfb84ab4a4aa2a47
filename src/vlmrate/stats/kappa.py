"""Cohen's kappa against the intended label, and what a balanced design says it must be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import as_names, is_number, require_count, require_level
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums
from vlmrate.stats.confusion import CodedLabels, code_labels
from vlmrate.stats.estimate import NO_ERROR, Estimate, Outcome, Skipped, without_width
from vlmrate.stats.proportion import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._arrays import Column, FloatArray

NAME = "Cohen's kappa, unweighted, invalid answers a category of their own"


def cohen_kappa(
    truth: Column,
    answers: Column,
    labels: Sequence[str],
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return Cohen's kappa with a bootstrap interval, in [-1, 1].

    kappa = (po - pe) / (1 - pe), with po the share of agreement and pe = sum over the labels of (share among
    the true labels x share among the answers). An invalid answer is a category that the truth never has: it
    lowers po. Cohen 1960, Educational and Psychological Measurement 20, 37-46. Between two people, the second one
    stands as `answers`: a missing answer counts against agreement there, where psych::cohen.kappa leaves the pair
    out; drop such images first to have its figure. Raises `AnalysisError` for a true label that is missing, and for
    a label of either that is not declared. Where all answers are right, resamples cannot move kappa, and its
    interval is made from the accuracy's. Skipped where pe is 1 (both name one label only) and where there is nothing
    to resample.

    >>> kappa = cohen_kappa(["a", "a", "b", "b", "b", "a"], ["a", "b", "b", "b", "b", "a"], ["a", "b"])
    >>> round(kappa.value, 4), kappa.n
    (0.6667, 6)
    """
    coded = code_labels(truth, answers, labels, clusters=clusters)
    reason = undefined(coded)
    if reason is not None:
        return reason
    drawn = bootstrap_sums(
        coded.cells(),
        lambda totals: kappa_of(totals.reshape(-1, coded.k, coded.k + 1)),
        name=NAME,
        clusters=clusters,
        bootstrap=bootstrap,
    )
    return widened(drawn, coded, clusters)


def widened(kappa: Outcome, coded: CodedLabels, clusters: Column | None) -> Outcome:
    """Return a kappa with the interval that its accuracy has where all answers are right; else as it is.

    No resample can leave 1 there. Kappa is (accuracy - pe) / (1 - pe), so Wilson's limits of the accuracy, clusters
    being the trials, become kappa's. With a balanced truth pe is 1 / k whatever is answered validly; otherwise pe is
    held at what the truth's shares make it.
    """
    if not isinstance(kappa, Estimate) or not np.array_equal(coded.truth, coded.answers):
        return kappa
    trials = coded.n if clusters is None else len(set(as_names(clusters)))
    accuracy = wilson(trials, trials, kappa.level)
    if isinstance(accuracy, Skipped):
        return accuracy
    chance = float(((np.bincount(coded.truth) / coded.n) ** 2).sum())
    method = f"{NAME}; from Wilson's interval of the accuracy over {trials:,} clusters, resamples being constant at 1"
    return replace(kappa, ci_low=(accuracy.ci_low - chance) / (1 - chance), method=method)


def cohen_kappa_asymptotic(truth: Column, answers: Column, labels: Sequence[str], *, level: float = 0.95) -> Outcome:
    """Return Cohen's kappa with its large-sample interval, which takes the images for independent.

    Variance: Fleiss, Cohen & Everitt 1969, Psychological Bulletin 72, 323-327. Skipped as
    `cohen_kappa`, and where the standard error is 0 (perfect agreement, or a rater who always answers the same).

    >>> kappa = cohen_kappa_asymptotic(["a", "a", "b", "b", "b", "a"], ["a", "b", "b", "b", "b", "a"], ["a", "b"])
    >>> round(kappa.value, 4), round(kappa.ci_low, 4), round(kappa.ci_high, 4)
    (0.6667, 0.1044, 1.0)
    """
    require_level(level)
    coded = code_labels(truth, answers, labels)
    reason = undefined(coded)
    if reason is not None:
        return reason
    shares = coded.cells().mean(axis=0).reshape(coded.k, coded.k + 1)
    kappa = float(kappa_of(shares))
    se = math.sqrt(large_sample_variance(shares, np.eye(coded.k, coded.k + 1), kappa) / coded.n)
    if se < NO_ERROR:
        return without_width(NAME, kappa)
    half = float(ndtri((1 + level) / 2)) * se
    method = f"{NAME}; asymptotic (Fleiss, Cohen & Everitt 1969), bounded by -1 and 1"
    return Estimate(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), level, coded.n, method)


def kappa_of(cells: FloatArray) -> FloatArray:
    """Return kappa of each confusion matrix: shape (..., k, k + 1) to (...)."""
    k = cells.shape[-2]
    n = cells.sum(axis=(-2, -1))
    po = np.trace(cells[..., :k], axis1=-2, axis2=-1) / n
    pe = (cells.sum(axis=-1) * cells[..., :k].sum(axis=-2)).sum(axis=-1) / n**2
    return np.where(pe < 1, (po - pe) / (1 - pe), np.nan)


def undefined(coded: CodedLabels) -> Skipped | None:
    """Say why kappa is not defined, or return None where it is."""
    if coded.n == 0:
        return Skipped("kappa needs an image")
    if np.ptp(coded.truth) == 0 and np.array_equal(coded.truth, coded.answers):
        only = coded.labels[coded.truth[0]]
        return Skipped(f"kappa is not defined where truth and answers are all '{only}': chance agreement is 1")
    return None


def large_sample_variance(p: FloatArray, weights: FloatArray, kappa: float) -> float:
    """Return n times the variance of a kappa of weights (k, k + 1), from the shares p (k, k + 1).

    Fleiss, Cohen & Everitt 1969: the variance over images of w_ij - (w_i. + w_.j)(1 - kappa), over (1 - pe)², w_i. and
    w_.j the mean weights of row i and column j under the other's margin. Unweighted: ones on the diagonal.
    """
    truth, answers = p.sum(axis=1), p.sum(axis=0)
    of_row, of_column = weights @ answers, truth @ weights
    moved = weights - (of_row[:, None] + of_column[None, :]) * (1 - kappa)
    # Squares about their mean: a mean of squares less a squared mean would leave 1e-16, and a root of 1e-8, for 0.
    spread = moved - float((p * moved).sum())
    return float((p * spread**2).sum()) / (1 - float(truth @ of_row)) ** 2


@dataclass(frozen=True, slots=True)
class KappaIdentity:
    """Whether a kappa is the one that its accuracy implies in a balanced design."""

    expected: float
    observed: float
    gap: float
    """Observed minus expected."""
    tolerance: float
    holds: bool


def kappa_if_balanced(accuracy: float, n_labels: int, invalid_share: float = 0.0) -> float:
    """Return the kappa that follows from the accuracy where every label is true equally often.

    With k labels and a share v of invalid answers chance agreement is pe = (1 - v) / k whatever is answered,
    so kappa = (accuracy - pe) / (1 - pe); without invalid answers (accuracy - 1/k) / (1 - 1/k).

    >>> round(kappa_if_balanced(0.899, 6), 4)
    0.8788
    """
    require_count(n_labels, 2, "The number of labels")
    if not all(is_number(share) and 0 <= share <= 1 for share in (accuracy, invalid_share)):
        raise AnalysisError(
            f"An accuracy and a share of invalid answers lie from 0 to 1, not at {accuracy} and {invalid_share}."
        )
    chance = (1 - invalid_share) / n_labels
    return (accuracy - chance) / (1 - chance)


def kappa_identity(
    accuracy: float, kappa: float, n_labels: int, *, invalid_share: float = 0.0, rounding: float = 0.0
) -> KappaIdentity:
    """Check a pair of accuracy and kappa from a balanced design against each other.

    `rounding` is half a unit of the last digit printed (0.0005 for three decimals); it passes through
    `kappa_if_balanced` with the slope 1 / (1 - pe).

    >>> kappa_identity(0.899, 0.878, 6, rounding=0.0005).holds, kappa_identity(0.766, 0.713, 6, rounding=0.0005).holds
    (True, False)
    """
    if not (is_number(kappa) and is_number(rounding) and -1 <= kappa <= 1 and 0 <= rounding < 1):
        raise AnalysisError(f"A kappa lies in [-1, 1] and its rounding in [0, 1), not at {kappa} and {rounding}.")
    expected = kappa_if_balanced(accuracy, n_labels, invalid_share)
    tolerance = rounding * (1 + 1 / (1 - (1 - invalid_share) / n_labels)) + 1e-12
    gap = kappa - expected
    return KappaIdentity(expected, kappa, gap, tolerance, abs(gap) <= tolerance)
