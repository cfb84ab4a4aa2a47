"""By how much one rater does better than another on the same images: paired bootstrap of a metric's difference.

Both raters are scored on every resample, so what makes an image easy or hard for both cancels. A difference is
always first minus second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrate.stats._arrays import Column, FloatArray, as_floats, as_names, require_aligned
from vlmrate.stats.agreement import accuracy_of, f1_of, recall_of
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, bootstrap_rows, resample_sums
from vlmrate.stats.concordance import ccc_of, moments, pearson_of
from vlmrate.stats.confusion import code_labels
from vlmrate.stats.estimate import Outcome, Skipped, TestOutcome
from vlmrate.stats.jackknife import jackknife_t
from vlmrate.stats.kappa import kappa_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PairedMetric: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], float]
"""A rater's values and the reference's on the same images, to a score."""


def paired_difference(
    metric: PairedMetric,
    first: Column,
    second: Column,
    reference: Column,
    *,
    name: str = "difference of the metric",
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return metric(first, reference) - metric(second, reference) for any metric, with a bootstrap interval.

    The metric is called twice a resample, with the columns as they are: what is missing is its own affair,
    and NaN where it is not defined. `compare_classification` and `compare_dimensional` are faster.

    >>> def agreeing(values, reference):
    ...     return float(np.mean(values == reference))
    >>> truth, a, b = list("xxyyxy"), list("xxyyxx"), list("xyyxxx")
    >>> better = paired_difference(agreeing, a, b, truth, name="accuracy of A minus B")
    >>> round(better.value, 4), better.ci_low, round(better.ci_high, 4)
    (0.3333, 0.0, 0.6667)
    """
    n = require_aligned(first=first, second=second, reference=reference, clusters=clusters)
    if n == 0:
        return Skipped("a difference needs an image")
    a, b, truth = np.asarray(first), np.asarray(second), np.asarray(reference)
    return bootstrap_rows(
        lambda rows: metric(a[rows], truth[rows]) - metric(b[rows], truth[rows]),
        n,
        name=name,
        clusters=clusters,
        bootstrap=bootstrap,
    )


@dataclass(frozen=True, slots=True)
class ClassificationDifference:
    """First rater's score minus the second's, from one set of resamples."""

    n: int
    accuracy: Outcome
    macro_f1: Outcome
    balanced_accuracy: Outcome
    kappa: Outcome
    kappa_test: TestOutcome
    """Two-sided t of the difference over its jackknife standard error, clusters left out in turn."""


def compare_classification(
    truth: Column,
    first: Column,
    second: Column,
    labels: Sequence[str],
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> ClassificationDifference | Skipped:
    """Return by how much the first rater's labels are better, score by score as in `classification`.

    Invalid answers (None, NaN or "invalid") are errors; a label that is not declared is refused. Macro-F1 and
    balanced accuracy are Skipped where a declared label has no image, kappa where it is not defined for either rater;
    everything below two clusters.

    >>> truth, a, b = list("xxyyxy"), list("xxyyxx"), list("xyyxxx")
    >>> better = compare_classification(truth, a, b, ["x", "y"])
    >>> round(better.accuracy.value, 4), round(better.kappa.value, 4)
    (0.3333, 0.6667)
    """
    require_aligned(truth=truth, first=first, second=second, clusters=clusters)
    one, other = code_labels(truth, first, labels), code_labels(truth, second, labels)
    if one.n == 0:
        return Skipped("there is no image to score")
    drawn = resample_sums(np.hstack([one.cells(), other.cells()]), clusters=clusters, bootstrap=bootstrap)
    return drawn if isinstance(drawn, Skipped) else _classification(drawn, one.k)


def _classification(drawn: ResampledSums, k: int) -> ClassificationDifference:
    def difference(score: Callable[[FloatArray], FloatArray], name: str) -> Outcome:
        def of_totals(totals: FloatArray) -> FloatArray:
            of_first, of_second = _two(totals, k)
            return score(of_first) - score(of_second)

        return drawn.estimate(of_totals, name=f"difference in {name}, first minus second")

    return ClassificationDifference(
        n=drawn.n,
        accuracy=difference(accuracy_of, "accuracy over all images"),
        macro_f1=difference(lambda cells: f1_of(cells).mean(axis=-1), f"macro-F1 over the {k} declared labels"),
        balanced_accuracy=difference(lambda cells: recall_of(cells).mean(axis=-1), "mean recall over the labels"),
        kappa=difference(kappa_of, "Cohen's kappa"),
        kappa_test=_test(
            drawn,
            lambda t: np.subtract(*(kappa_of(cells) for cells in _two(t, k))),
            "difference in Cohen's kappa",
        ),
    )


def _two(totals: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Return both raters' confusion counts, (B, k, k + 1) each."""
    both = totals.reshape(len(totals), 2, k, k + 1)
    return both[:, 0], both[:, 1]


def _test(drawn: ResampledSums, statistic: Callable[[FloatArray], FloatArray], name: str) -> TestOutcome:
    with np.errstate(divide="ignore", invalid="ignore"):
        value, left_out = float(statistic(drawn.observed[None, :])[0]), statistic(drawn.left_out)
    return jackknife_t(left_out, value, name=name, n=drawn.n)


@dataclass(frozen=True, slots=True)
class DimensionalDifference:
    """First rater's figure minus the second's, from one set of resamples; for errors, negative is better."""

    n: int
    """Images that both raters and people rated."""
    pearson: Outcome
    ccc: Outcome
    mae: Outcome
    rmse: Outcome
    pearson_test: TestOutcome
    """Of Fisher's z of the first minus that of the second: two-sided t over its jackknife standard error."""
    mae_test: TestOutcome
    """The same of the difference in MAE."""


def compare_dimensional(
    first: Column,
    second: Column,
    human: Column,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> DimensionalDifference | Skipped:
    """Return how Pearson's r, Lin's CCC, MAE and RMSE against people differ between two raters.

    Only images that all three rated count. r and CCC are Skipped where a rating has no variance.

    >>> better = compare_dimensional([1, 2, 4, 4, 7], [2, 5, 3, 4, 6], [2.1, 2.0, 3.9, 5.2, 6.0])
    >>> round(better.pearson.value, 4), round(better.mae.value, 4)
    (0.41, -0.36)
    """
    require_aligned(first=first, second=second, human=human, clusters=clusters)
    rated = np.column_stack([as_floats(first, "first"), as_floats(second, "second"), as_floats(human, "human")])
    there = ~np.isnan(rated).any(axis=1)
    a, b, h = rated[there].T
    if len(a) == 0:
        return Skipped("a difference needs an image rated by all three")
    errors = np.column_stack([np.abs(a - h), np.abs(b - h), (a - h) ** 2, (b - h) ** 2])
    sums = np.hstack([moments(a, h), moments(b, h), errors])
    kept = None if clusters is None else as_names(clusters)[there]
    drawn = resample_sums(sums, clusters=kept, bootstrap=bootstrap)
    return drawn if isinstance(drawn, Skipped) else _dimensional(drawn)


def _dimensional(drawn: ResampledSums) -> DimensionalDifference:
    def difference(of_totals: Callable[[FloatArray], FloatArray], name: str) -> Outcome:
        return drawn.estimate(of_totals, name=f"difference in {name}, first minus second")

    def mae(t: FloatArray) -> FloatArray:
        return np.asarray((t[:, 12] - t[:, 13]) / t[:, 0], dtype=np.float64)

    def fisher_z(t: FloatArray) -> FloatArray:
        z: FloatArray = np.arctanh(pearson_of(t[:, :6])) - np.arctanh(pearson_of(t[:, 6:12]))
        return z

    return DimensionalDifference(
        n=drawn.n,
        pearson=difference(lambda t: pearson_of(t[:, :6]) - pearson_of(t[:, 6:12]), "Pearson r"),
        ccc=difference(lambda t: ccc_of(t[:, :6]) - ccc_of(t[:, 6:12]), "Lin's CCC"),
        mae=difference(mae, "mean absolute error"),
        rmse=difference(lambda t: np.sqrt(t[:, 14] / t[:, 0]) - np.sqrt(t[:, 15] / t[:, 0]), "root mean square error"),
        pearson_test=_test(drawn, fisher_z, "difference in Fisher's z of Pearson r"),
        mae_test=_test(drawn, mae, "difference in mean absolute error"),
    )
