"""Whether a rater is right as often as it is sure: calibration of the probabilities it gives its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    IntArray,
    as_names,
    one_hot,
    require_aligned,
    require_count,
    require_one_of,
)
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, resample_sums
from vlmrate.stats.confusion import code_labels
from vlmrate.stats.estimate import Estimate, Outcome, Skipped
from vlmrate.stats.proportion import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

Binning: TypeAlias = Literal["width", "count"]
"""Bins of equal width over [0, 1], or of (nearly) equal numbers of images."""

DRAWS = 1000
"""Times that answers of a rater calibrated perfectly are drawn."""
SUM_TOLERANCE = 1e-6
"""How far the probabilities of one image may add up from 1."""


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """One row of the reliability table: images whose confidence lies in (low, high]."""

    low: float
    high: float
    n: int
    confidence: float | None
    """Mean confidence; None in an empty bin."""
    accuracy: Outcome
    """Share right, with Wilson's interval (images taken for independent)."""


@dataclass(frozen=True, slots=True)
class ConfidenceCalibration:
    """How well the probability of the most probable label tells whether it is right."""

    n: int
    """Images with probabilities."""
    ece: Outcome
    """Expected calibration error in [0, 1]; from few images it lies above 0 even for a perfect rater."""
    ece_if_calibrated: Outcome
    """The same for a rater who is right exactly as often as it is sure, the interval the middle of the draws."""
    overconfidence: Outcome
    """Mean confidence minus accuracy; above 0 the rater is too sure."""
    brier: Outcome
    """Brier score over all labels, in [0, 2]; 0 is perfect."""
    bins: tuple[ConfidenceBin, ...]


def confidence_calibration(
    probabilities: Any,
    truth: Column,
    labels: Sequence[str],
    *,
    bins: int = 10,
    binning: Binning = "width",
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> ConfidenceCalibration | Skipped:
    """Compare confidence with accuracy; `probabilities` has shape (images, labels), columns in the labels' order.

    Confidence is the largest probability, the answer its label (of equals the first). With bins b of n_b images,
    ECE = sum n_b / n |accuracy_b - confidence_b|: Naeini, Cooper & Hauskrecht 2015, Proceedings of the AAAI
    Conference on Artificial Intelligence 29, 2901-2907. Bins are `bins` steps of equal width over (0, 1], or hold
    equal numbers ("count": cut at the quantiles of confidence). Brier = mean over images of sum over labels (p - [label
    is true])²: Brier 1950, Monthly Weather Review 78, 1-3. Intervals: bootstrap over clusters, bins fixed. ECE is
    never below 0 and its plug-in value too high, most with many bins and few images: hold it against
    `ece_if_calibrated`, drawn at the same confidences with answers right that often. Images without probabilities
    (NaN) are left out. Raises `AnalysisError` where a row is no distribution. Skipped without an image.

    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6], [0.15, 0.85], [0.05, 0.95]]
    >>> told = confidence_calibration(p, ["a", "a", "b", "b", "b", "a"], ["a", "b"], bins=2)
    >>> told.n, round(told.ece.value, 4), round(told.brier.value, 4), round(told.overconfidence.value, 4)
    (6, 0.1333, 0.5417, 0.1333)
    """
    require_one_of(binning, get_args(Binning), "binning")
    require_count(bins, 1, "The number of bins of a reliability table")
    coded = code_labels(truth, truth, labels, clusters=clusters)
    p = _distributions(probabilities, len(labels))
    of_rows = pd.Series(p[:, 0], probabilities.index) if isinstance(probabilities, pd.DataFrame) else p[:, 0]
    require_aligned(probabilities=of_rows, truth=truth, clusters=clusters)
    there = ~np.isnan(p).any(axis=1)
    if not there.any():
        return Skipped("no image has probabilities")
    p, true = p[there], coded.truth[there]
    sure, right = p.max(axis=1), (p.argmax(axis=1) == true).astype(np.float64)
    brier = ((p - one_hot(true, len(labels))) ** 2).sum(axis=1)
    edges = _edges(sure, bins, binning)
    codes = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, len(edges) - 2).astype(np.int64)
    kept = None if clusters is None else as_names(clusters)[there]
    drawn = resample_sums(_sums(codes, len(edges) - 1, sure, right, brier), clusters=kept, bootstrap=bootstrap)
    n = len(sure)
    told = f"{len(edges) - 1} bins of equal {binning}"
    perfect = _if_calibrated(codes, len(edges) - 1, sure, bootstrap)
    table = tuple(
        _bin(edges[b], edges[b + 1], sure[codes == b], right[codes == b], bootstrap.level)
        for b in range(len(edges) - 1)
    )
    if isinstance(drawn, Skipped):
        return ConfidenceCalibration(n, drawn, perfect, drawn, drawn, table)
    return ConfidenceCalibration(n, *_scores(drawn, perfect, told), table)


def _scores(drawn: ResampledSums, perfect: Outcome, told: str) -> tuple[Outcome, Outcome, Outcome, Outcome]:
    return (
        drawn.estimate(_ece, name=f"expected calibration error, {told}"),
        perfect,
        drawn.estimate(lambda t: (t[:, 1:-1:2] - t[:, 2:-1:2]).sum(axis=1) / t[:, 0], name="confidence minus accuracy"),
        drawn.estimate(lambda t: t[:, -1] / t[:, 0], name="Brier score over all labels"),
    )


def _distributions(probabilities: Any, k: int) -> FloatArray:
    try:
        p = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"Probabilities must be a table of numbers, a row an image: {error}.") from error
    if p.ndim != 2 or p.shape[1] != k:
        raise AnalysisError(f"Probabilities need a column a label: {k} labels, probabilities of shape {p.shape}.")
    there = p[~np.isnan(p).any(axis=1)]
    wrong = (there < 0).any(axis=1) | (np.abs(there.sum(axis=1) - 1) > SUM_TOLERANCE)
    if wrong.any():
        raise AnalysisError(
            f"Probabilities of {int(wrong.sum())} images are below 0 or do not add up to 1: scale them."
        )
    return p


def _edges(sure: FloatArray, bins: int, binning: Binning) -> FloatArray:
    if binning == "width":
        return np.linspace(0.0, 1.0, bins + 1)
    inner = np.unique(np.quantile(sure, np.arange(1, bins) / bins))
    return np.concatenate([[0.0], inner[(inner > 0) & (inner < 1)], [1.0]])


def _sums(codes: IntArray, bins: int, sure: FloatArray, right: FloatArray, brier: FloatArray) -> FloatArray:
    """Return 1, then confidence and correctness in the columns of the image's bin, then its Brier score."""
    both = one_hot(codes, bins)[:, :, None] * np.column_stack([sure, right])[:, None, :]
    return np.column_stack([np.ones(len(sure)), both.reshape(len(sure), -1), brier])


def _ece(t: FloatArray) -> FloatArray:
    gaps: FloatArray = np.abs(t[:, 1:-1:2] - t[:, 2:-1:2]).sum(axis=1) / t[:, 0]
    return gaps


def _if_calibrated(codes: IntArray, bins: int, sure: FloatArray, bootstrap: Bootstrap) -> Outcome:
    rng = np.random.default_rng(bootstrap.seed)
    right = rng.random((DRAWS, len(sure))) < sure
    gaps = np.abs((right - sure) @ one_hot(codes, bins)).sum(axis=1) / len(sure)
    low, high = np.quantile(gaps, [(1 - bootstrap.level) / 2, (1 + bootstrap.level) / 2])
    method = f"expected calibration error of a calibrated rater; mean over {DRAWS:,} draws, the interval their middle"
    return Estimate(
        float(gaps.mean()), float(low), float(high), bootstrap.level, len(sure), f"{method} {bootstrap.level:.0%}"
    )


def _bin(low: float, high: float, sure: FloatArray, right: FloatArray, level: float) -> ConfidenceBin:
    accuracy = wilson(int(right.sum()), len(right), level, name="accuracy in the bin")
    return ConfidenceBin(float(low), float(high), len(sure), float(sure.mean()) if len(sure) else None, accuracy)
