"""Krippendorff's alpha: the worked example, the krippendorff package, CREMA-D, and what must not change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, Metric, alpha_from_counts, bootstrap_rows, krippendorff_alpha

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

    Floats = NDArray[np.float64]

METRICS: tuple[Metric, ...] = get_args(Metric)
FEW = Bootstrap(resamples=30)
_ = np.nan
WORKED_EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)
"""Four observers (rows) and twelve units: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, part C."""


def long(matrix: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Units, raters and values of a matrix of raters by units, missing cells as NaN."""
    raters, units = np.indices(matrix.shape)
    return units.ravel(), raters.ravel(), matrix.ravel()


def sparse_ratings(seed: int, raters: int = 8, units: int = 40, values: int = 7) -> Floats:
    """Raters by units: correlated whole numbers from 1, six cells of ten missing."""
    rng = np.random.default_rng(seed)
    true = rng.uniform(1, values, units)
    ratings = np.clip(np.round(true + rng.normal(0, 1.5, (raters, units))), 1, values)
    ratings[rng.random((raters, units)) < 0.6] = np.nan
    return ratings


@pytest.mark.parametrize(
    ("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorffs_worked_example(
    metric: Metric, published: float, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """The values printed in the source; unit 12 has one value and is no pairable unit."""
    alpha = estimated(krippendorff_alpha(*long(WORKED_EXAMPLE), metric))
    assert alpha.value == pytest.approx(published, abs=tolerance.printed3)
    assert alpha.n == 11


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(4))
def test_alpha_is_the_krippendorff_packages(
    seed: int, metric: Metric, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """On random ratings with missing cells the value is the package's."""
    matrix = sparse_ratings(seed)
    reference = krippendorff.alpha(reliability_data=matrix, level_of_measurement=metric)
    ours = estimated(krippendorff_alpha(*long(matrix), metric, bootstrap=FEW))
    assert ours.value == pytest.approx(reference, abs=tolerance.same_algorithm)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("clustered", [False, True])
def test_fast_resamples_are_the_packages(
    metric: Metric, clustered: bool, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """The interval is that of calling the package on every resample of units."""
    matrix = sparse_ratings(5)
    matrix = matrix[:, (~np.isnan(matrix)).sum(axis=0) >= 2]
    n = matrix.shape[1]
    clusters = np.arange(n) // 2 if clustered else None
    per_row = None if clusters is None else clusters[long(matrix)[0]]
    fast = estimated(krippendorff_alpha(*long(matrix), metric, clusters=per_row, bootstrap=FEW))
    plain = estimated(
        bootstrap_rows(
            lambda units: krippendorff.alpha(reliability_data=matrix[:, units], level_of_measurement=metric),
            n,
            name="alpha",
            clusters=clusters,
            bootstrap=FEW,
        )
    )
    assert (fast.ci_low, fast.ci_high) == pytest.approx((plain.ci_low, plain.ci_high), abs=tolerance.reference)


@pytest.mark.parametrize(("mode", "published"), [(1, 0.2811), (2, 0.4582), (3, 0.4967)])
def test_crema_d_votes(
    mode: int, published: float, crema_d: Path, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """Nominal alpha of 7,442 clips' votes: .2811 by voice, .4582 by face, .4967 by both."""
    votes = pd.read_csv(crema_d / "tabulatedVotes.csv", index_col=0)
    clips = votes[votes.index // 100_000 == mode]
    labels = list("ADFHNS")
    alpha = estimated(alpha_from_counts(clips[labels], labels, "nominal", bootstrap=Bootstrap(resamples=200)))
    assert alpha.value == pytest.approx(published, abs=tolerance.printed4)
    assert alpha.ci_low < alpha.value < alpha.ci_high


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(METRICS))
def test_order_of_rows_and_names_do_not_matter(random: object, metric: Metric) -> None:
    """Shuffled rows, renamed units and raters leave alpha as it is."""
    units, raters, values = long(sparse_ratings(1))
    order = list(range(len(units)))
    random.shuffle(order)  # type: ignore[attr-defined]
    names = np.array([f"image {u}" for u in units])
    one = krippendorff_alpha(units, raters, values, metric, bootstrap=FEW)
    other = krippendorff_alpha(names[order], -raters[order], values[order], metric, bootstrap=FEW)
    assert one.value == pytest.approx(other.value, abs=TOLERANCE.same_algorithm)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("metric", "transform"),
    [
        ("nominal", lambda x: (x * 5) % 11),
        ("ordinal", np.exp),
        ("interval", lambda x: 100 - 3 * x),
        ("ratio", lambda x: 7 * x),
    ],
)
def test_each_scale_ignores_what_it_may(
    metric: Metric, transform: Callable[[Floats], Floats], estimated: Callable[[object], Estimate]
) -> None:
    """Relabelling (nominal), any rising (ordinal), linear (interval) or scaling (ratio) map leaves alpha."""
    units, raters, values = long(sparse_ratings(2))
    one = estimated(krippendorff_alpha(units, raters, values, metric, bootstrap=FEW))
    other = estimated(krippendorff_alpha(units, raters, transform(values), metric, bootstrap=FEW))
    assert one.value == pytest.approx(other.value, abs=TOLERANCE.reference)
    assert one.ci_low == pytest.approx(other.ci_low, abs=TOLERANCE.reference)


def test_labels_are_values_of_a_nominal_scale(estimated: Callable[[object], Estimate]) -> None:
    """Words with None for missing give what their numbers give."""
    units, raters, values = long(WORKED_EXAMPLE)
    words = [None if np.isnan(v) else f"label {v:.0f}" for v in values]
    by_words = estimated(krippendorff_alpha(units, raters, words, "nominal", bootstrap=FEW))
    by_numbers = estimated(krippendorff_alpha(units, raters, values, "nominal", bootstrap=FEW))
    assert by_words.value == pytest.approx(by_numbers.value, abs=TOLERANCE.same_algorithm)


def test_a_missing_label_is_no_label(estimated: Callable[[object], Estimate]) -> None:
    """NaN in a plain list of labels is a missing value, as None is, and no label called nan."""
    units, raters = [1, 1, 2, 2, 3, 3, 4, 4], ["A", "B"] * 4
    told = [
        estimated(krippendorff_alpha(units, raters, ["joy", "joy", "sad", gap, "sad", "joy", "sad", "sad"], "nominal"))
        for gap in (None, float("nan"))
    ]
    assert told[0] == told[1]
    assert told[0].n == 3


def test_perfect_agreement_is_1_and_says_it_has_no_width(estimated: Callable[[object], Estimate]) -> None:
    """Raters who always agree on values that differ reach exactly 1."""
    matrix = np.tile([1.0, 2, 3, 4, 5, 2, 3, 1], (3, 1))
    for metric in METRICS:
        alpha = estimated(krippendorff_alpha(*long(matrix), metric, bootstrap=FEW))
        assert (alpha.value, alpha.ci_high) == (1, 1)
        assert "no width" in alpha.method


def test_what_has_no_alpha_is_skipped(skipped: Callable[[object], str]) -> None:
    """One rater, no shared unit, no variance, a repeat, or a negative ratio: each names its reason."""
    assert "two raters" in skipped(krippendorff_alpha([1, 2], ["A", "A"], [1, 2], "interval"))
    assert "two values" in skipped(krippendorff_alpha([1, 2], ["A", "B"], [1, 2], "interval"))
    assert "no variance" in skipped(krippendorff_alpha([1, 1, 2, 2], list("ABAB"), [3, 3, 3, 3], "interval"))
    assert "more than once" in skipped(krippendorff_alpha([1, 1, 1], list("AAB"), [1, 2, 3], "interval"))
    assert "below 0" in skipped(krippendorff_alpha([1, 1, 2, 2], list("ABAB"), [-1, 1, 2, 3], "ratio"))
    assert "two clusters" in skipped(krippendorff_alpha([1, 1], list("AB"), [1, 2], "interval"))
    skipped(krippendorff_alpha([], [], [], "interval"))


def test_misshapen_input_is_refused() -> None:
    """Counts that do not fit their domain, a domain that does not ascend, a unit in two clusters."""
    with pytest.raises(AnalysisError, match="column a value"):
        alpha_from_counts([[1, 2]], [1, 2, 3], "interval")
    with pytest.raises(AnalysisError, match="ascend"):
        alpha_from_counts([[1, 2], [2, 0]], [2, 1], "interval")
    with pytest.raises(AnalysisError, match="more than one cluster"):
        krippendorff_alpha([1, 1, 2, 2], list("ABAB"), [1, 2, 3, 4], "interval", clusters=list("xyzz"))
