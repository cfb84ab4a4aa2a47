"""Signal detection: does a group's lower accuracy come from worse seeing (d') or from answering less often (criterion)?

Each label in turn is the signal, all others together are the noise. An answer is a "yes" where it names the label;
everything else, an invalid answer (None, NaN or "invalid") too, is a "no". A label that is not declared is refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, as_codes, require_aligned
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, resample_sums
from vlmrate.stats.confusion import CodedLabels, code_labels
from vlmrate.stats.estimate import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CORRECTION = "log-linear correction"


@dataclass(frozen=True, slots=True)
class Detection:
    """How one label was detected among all others."""

    label: str
    hits: int
    """Images of the label answered with it."""
    n_signal: int
    """Images of the label."""
    false_alarms: int
    """Images of other labels answered with it."""
    n_noise: int
    """Images of other labels."""
    d_prime: Outcome
    """Sensitivity, in SD units; 0 is chance."""
    criterion: Outcome
    """Response criterion; above 0 the label is answered too seldom, below 0 too readily."""


@dataclass(frozen=True, slots=True)
class DetectionGap:
    """Sensitivity and criterion of one label in one group minus those in another."""

    label: str
    group: Any
    reference: Any
    d_prime: Outcome
    criterion: Outcome


def detection(
    truth: Column,
    answers: Column,
    labels: Sequence[str],
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> tuple[Detection, ...]:
    """Return d' and criterion of every label against the rest, in the order of the labels.

    d' = z(H) - z(F) and c = -(z(H) + z(F)) / 2 with H = (hits + 1/2) / (signals + 1) and F = (false alarms + 1/2) /
    (noises + 1), the log-linear correction of Hautus 1995, Behavior Research Methods, Instruments, & Computers 27,
    46-51, made always and not only for rates of 0 or 1. Intervals: bootstrap over clusters; where a rate is 0 or 1
    no resample moves it, and the interval is the large-sample one, with Var z(p) = p (1 - p) / (n phi(z(p))²)
    (Gourevitch & Galanter 1967, Psychometrika 32, 25-33) at the corrected rates, n counting clusters. Skipped: a
    label without an image, or no image of another label.

    >>> truth = ["sad"] * 40 + ["neutral"] * 60
    >>> answers = ["sad"] * 10 + ["neutral"] * 30 + ["sad"] * 3 + ["neutral"] * 57
    >>> sad, neutral = detection(truth, answers, ["sad", "neutral"])
    >>> sad.hits, sad.false_alarms, round(sad.d_prime.value, 4), round(sad.criterion.value, 4)
    (10, 3, 0.9218, 1.1163)
    """
    coded = code_labels(truth, answers, labels, clusters=clusters)
    drawn = resample_sums(coded.cells(), clusters=clusters, bootstrap=bootstrap)
    side = _Side.of(coded, np.ones(coded.n, dtype=bool), clusters)
    return tuple(_detection(label, i, side, drawn, bootstrap.level) for i, label in enumerate(coded.labels))


def detection_gaps(
    truth: Column,
    answers: Column,
    labels: Sequence[str],
    groups: Column,
    group: Any,
    reference: Any,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> tuple[DetectionGap, ...]:
    """Return d' and criterion of every label in one group minus those in another, as `detection` within each.

    The large-sample interval adds the two groups' variances: it takes their images for independent. `AnalysisError`: a
    group that is not among `groups`, or that is compared with itself.

    >>> truth = (["angry"] * 40 + ["happy"] * 40) * 2
    >>> black = ["angry"] * 30 + ["happy"] * 10 + ["happy"] * 35 + ["angry"] * 5
    >>> korean = ["angry"] * 10 + ["happy"] * 30 + ["happy"] * 39 + ["angry"]
    >>> gaps = detection_gaps(truth, black + korean, ["angry", "happy"], ["B"] * 80 + ["K"] * 80, "K", "B")
    >>> round(gaps[0].d_prime.value, 4), round(gaps[0].criterion.value, 4)
    (-0.6261, 0.9978)
    """
    coded = code_labels(truth, answers, labels, clusters=clusters)
    require_aligned(truth=truth, answers=answers, groups=groups, clusters=clusters)
    if group == reference:
        raise AnalysisError(f"The group {group} is compared with itself: name another reference.")
    codes, names = as_codes(groups, "groups")
    for name in (group, reference):
        if name not in names:
            raise AnalysisError(f"No image belongs to the group {name}; there are {', '.join(map(str, names))}.")
    inside = [codes == names.index(name) for name in (group, reference)]
    sides = [_Side.of(coded, where, clusters) for where in inside]
    cells = np.concatenate([where[:, None] * coded.cells() for where in inside], axis=1)
    drawn = resample_sums(cells, clusters=clusters, bootstrap=bootstrap)
    told = []
    for i, label in enumerate(coded.labels):
        d, c = (_gap(f, i, sides, drawn, bootstrap.level) for f in (D_PRIME, CRITERION))
        told.append(DetectionGap(label, group, reference, d, c))
    return tuple(told)


@dataclass(frozen=True, slots=True)
class _Measure:
    """d' or criterion: its name and its weights of z(H) and z(F)."""

    name: str
    of_hits: float
    of_alarms: float

    def __call__(self, cells: FloatArray, label: int) -> FloatArray:
        """Return the measure of confusion matrices (..., k, k + 1)."""
        hits, signals, alarms, noises = _counts(cells, label)
        z_hits, z_alarms = ndtri((hits + 0.5) / (signals + 1)), ndtri((alarms + 0.5) / (noises + 1))
        value: FloatArray = self.of_hits * z_hits + self.of_alarms * z_alarms
        return np.where((signals > 0) & (noises > 0), value, np.nan)


D_PRIME, CRITERION = _Measure("d'", 1.0, -1.0), _Measure("criterion", -0.5, -0.5)


@dataclass(frozen=True, slots=True)
class _Side:
    """The images of one group (or all): their confusion matrix, and the clusters behind each true label."""

    cells: FloatArray
    """Confusion matrix, shape (k, k + 1)."""
    clusters: FloatArray
    """Whether a cluster has an image of a true label: shape (clusters, k)."""

    @classmethod
    def of(cls, coded: CodedLabels, where: np.ndarray[Any, np.dtype[np.bool_]], clusters: Column | None) -> _Side:
        cells = coded.cells()[where].sum(axis=0).reshape(coded.k, coded.k + 1)
        codes = np.arange(coded.n) if clusters is None else as_codes(clusters, "clusters")[0]
        seen = np.zeros((int(codes.max(initial=0)) + 1, coded.k))
        seen[codes[where], coded.truth[where]] = 1.0
        return cls(cells, seen)

    def counts(self, label: int) -> tuple[int, int, int, int]:
        hits, signals, alarms, noises = _counts(self.cells, label)
        return int(hits), int(signals), int(alarms), int(noises)

    def at_bound(self, label: int) -> bool:
        hits, signals, alarms, noises = self.counts(label)
        return hits in (0, signals) or alarms in (0, noises)

    def variance(self, measure: _Measure, label: int) -> float:
        """Large-sample variance, clusters being the trials."""
        hits, signals, alarms, noises = self.counts(label)
        n_signal = float(self.clusters[:, label].sum())
        n_noise = float((np.delete(self.clusters, label, axis=1).sum(axis=1) > 0).sum())
        of_hits = _variance_of_z((hits + 0.5) / (signals + 1), n_signal)
        of_alarms = _variance_of_z((alarms + 0.5) / (noises + 1), n_noise)
        return measure.of_hits**2 * of_hits + measure.of_alarms**2 * of_alarms


def _counts(cells: FloatArray, label: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    hits, signals = cells[..., label, label], cells[..., label, :].sum(axis=-1)
    alarms = cells[..., :, label].sum(axis=-1) - hits
    return hits, signals, alarms, cells.sum(axis=(-2, -1)) - signals


def _variance_of_z(p: float, n: float) -> float:
    density = math.exp(-0.5 * float(ndtri(p)) ** 2) / math.sqrt(2 * math.pi)
    return p * (1 - p) / (n * density**2)


def _detection(label: str, i: int, side: _Side, drawn: ResampledSums | Skipped, level: float) -> Detection:
    hits, signals, alarms, noises = side.counts(i)
    d, c = (_outcome(measure, i, [side], [1.0], drawn, level) for measure in (D_PRIME, CRITERION))
    return Detection(label, hits, signals, alarms, noises, d, c)


def _gap(measure: _Measure, i: int, sides: list[_Side], drawn: ResampledSums | Skipped, level: float) -> Outcome:
    return _outcome(measure, i, sides, [1.0, -1.0], drawn, level)


def _outcome(
    measure: _Measure,
    i: int,
    sides: list[_Side],
    weights: list[float],
    drawn: ResampledSums | Skipped,
    level: float,
) -> Outcome:
    counts = [side.counts(i) for side in sides]
    if any(signals == 0 for _, signals, _, _ in counts):
        return Skipped(f"{measure.name} needs an image of the label")
    if any(noises == 0 for _, _, _, noises in counts):
        return Skipped(f"{measure.name} needs an image of another label")
    n = sum(signals + noises for _, signals, _, noises in counts)
    name = f"{measure.name}{', difference between groups' if len(sides) > 1 else ''}, {CORRECTION}"
    if isinstance(drawn, Skipped):
        return drawn
    if any(side.at_bound(i) for side in sides):
        return _large_sample(measure, i, sides, weights, level, n, name)
    return drawn.estimate(_over_sides(measure, i, sides, weights), name=name, n=n)


def _over_sides(
    measure: _Measure, i: int, sides: list[_Side], weights: list[float]
) -> Callable[[FloatArray], FloatArray]:
    k = sides[0].cells.shape[0]

    def statistic(totals: FloatArray) -> FloatArray:
        cells = totals.reshape(len(totals), len(sides), k, k + 1)
        return np.asarray(measure(cells, i) @ np.array(weights))

    return statistic


def _large_sample(
    measure: _Measure, i: int, sides: list[_Side], weights: list[float], level: float, n: int, name: str
) -> Outcome:
    value = sum(w * float(measure(side.cells, i)) for w, side in zip(weights, sides, strict=True))
    variance = sum(side.variance(measure, i) for side in sides)
    half = float(ndtri((1 + level) / 2)) * math.sqrt(variance)
    method = f"{name}; large-sample interval over clusters, a rate being 0 or 1"
    return Estimate(value, value - half, value + half, level, n, method)
