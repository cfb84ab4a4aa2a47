"""The bootstrap engine: its three forms agree, its draws are right, its intervals cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from scipy import stats as scipy_stats

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, bootstrap_rows, bootstrap_sums, bootstrap_weights, resample_sums
from vlmrate.stats import bootstrap as engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate, Outcome

    Floats = NDArray[np.float64]

RATINGS = np.array([1.0, 2.0, 2.0, 3.0, 5.0, 8.0, 4.0, 4.0, 9.0])
IDENTITIES = ["a", "a", "b", "b", "c", "c", "c", "d", "e"]


def means(sums: Floats) -> Floats:
    """Mean from n and sum x."""
    mean: Floats = sums[:, 1] / sums[:, 0]
    return mean


def mean_by(form: str, bootstrap: Bootstrap, clusters: list[str] | None) -> Outcome:
    """The mean of RATINGS in one of the three forms of a statistic."""
    n = len(RATINGS)
    if form == "sums":
        sums = np.column_stack([np.ones(n), RATINGS])
        return bootstrap_sums(sums, means, name="mean", clusters=clusters, bootstrap=bootstrap)
    if form == "weights":
        return bootstrap_weights(
            lambda w: w @ RATINGS / w.sum(axis=1), n, name="mean", clusters=clusters, bootstrap=bootstrap
        )
    return bootstrap_rows(
        lambda rows: float(RATINGS[rows].mean()), n, name="mean", clusters=clusters, bootstrap=bootstrap
    )


@pytest.mark.parametrize("interval", ["percentile", "bca"])
@pytest.mark.parametrize("clusters", [None, IDENTITIES])
@pytest.mark.parametrize("form", ["weights", "rows"])
def test_three_forms_give_one_interval(
    form: str,
    clusters: list[str] | None,
    interval: Literal["percentile", "bca"],
    estimated: Callable[[object], Estimate],
) -> None:
    """A mean has the same estimate and interval whether given as sums, weights or rows."""
    bootstrap = Bootstrap(resamples=300, interval=interval)
    sums, other = (estimated(mean_by(f, bootstrap, clusters)) for f in ("sums", form))
    assert sums.method == other.method
    np.testing.assert_allclose(
        [sums.value, sums.ci_low, sums.ci_high],
        [other.value, other.ci_low, other.ci_high],
        rtol=TOLERANCE.same_algorithm,
    )


def test_same_seed_same_interval_other_seed_other() -> None:
    """An interval is a function of data and seed alone."""
    first, again, other = (mean_by("sums", Bootstrap(seed=seed), None) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_order_of_rows_does_not_change_the_interval_of_named_clusters() -> None:
    """Shuffled units, each with its cluster's name, give the same resamples."""
    order = np.random.default_rng(0).permutation(len(RATINGS))
    sums = np.column_stack([np.ones(len(RATINGS)), RATINGS])
    one = bootstrap_sums(sums, means, name="mean", clusters=IDENTITIES)
    other = bootstrap_sums(sums[order], means, name="mean", clusters=[IDENTITIES[i] for i in order])
    assert one == other


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many resamples are held at a time is invisible in the result."""
    whole = mean_by("weights", Bootstrap(interval="bca"), IDENTITIES)
    monkeypatch.setattr(engine, "BLOCK", 20)
    assert mean_by("weights", Bootstrap(interval="bca"), IDENTITIES) == whole


def test_clusters_are_drawn_whole() -> None:
    """Every resample holds as many clusters as there are, each with all its units."""
    indicator = np.array([[name == cluster for cluster in "abcde"] for name in IDENTITIES], dtype=float)
    drawn = resample_sums(indicator, clusters=IDENTITIES, bootstrap=Bootstrap(resamples=200))
    assert isinstance(drawn, engine.ResampledSums)
    times = drawn.resampled / indicator.sum(axis=0)
    np.testing.assert_array_equal(times, np.round(times))
    np.testing.assert_array_equal(times.sum(axis=1), 5)


def test_clusters_widen_the_interval_of_what_they_share(estimated: Callable[[object], Estimate]) -> None:
    """Copying every unit four times must not make the mean look surer, once the copies are one cluster."""
    copied = np.repeat(RATINGS, 4)
    sums = np.column_stack([np.ones(36), copied])
    clusters = np.repeat(np.arange(9), 4)
    single = estimated(mean_by("sums", Bootstrap(), None))
    clustered = estimated(bootstrap_sums(sums, means, name="mean", clusters=clusters))
    naive = estimated(bootstrap_sums(sums, means, name="mean"))
    assert (clustered.ci_low, clustered.ci_high) == pytest.approx((single.ci_low, single.ci_high))
    assert naive.ci_high - naive.ci_low < 0.7 * (clustered.ci_high - clustered.ci_low)


@pytest.mark.parametrize(("ours", "theirs"), [("percentile", "percentile"), ("bca", "BCa")])
def test_interval_is_scipys(
    ours: Literal["percentile", "bca"], theirs: str, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """The interval of a skewed statistic is that of scipy.stats.bootstrap, which draws the same from one seed."""
    sample = np.random.default_rng(5).gamma(1.5, size=40)
    estimate = estimated(
        bootstrap_sums(
            np.column_stack([np.ones(40), sample, sample**2]),
            lambda t: np.log(t[:, 2] / t[:, 0] - (t[:, 1] / t[:, 0]) ** 2),
            name="log variance",
            bootstrap=Bootstrap(seed=7, interval=ours),
        )
    )
    reference = scipy_stats.bootstrap(
        (sample,), lambda x, axis: np.log(x.var(axis=axis)), n_resamples=2000, method=theirs, rng=7
    ).confidence_interval
    assert estimate.ci_low == pytest.approx(reference.low, rel=tolerance.reference)
    assert estimate.ci_high == pytest.approx(reference.high, rel=tolerance.reference)


def test_higher_level_holds_the_lower(estimated: Callable[[object], Estimate]) -> None:
    """The 99 % interval contains the 80 % interval, and each names its level."""
    wide, narrow = (estimated(mean_by("sums", Bootstrap(level=level), None)) for level in (0.99, 0.8))
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high
    assert (wide.level, narrow.level) == (0.99, 0.8)


def test_one_cluster_is_skipped(skipped: Callable[[object], str]) -> None:
    """A single cluster can only be drawn again: no interval, and the reason says so."""
    assert "two clusters" in skipped(mean_by("sums", Bootstrap(), ["a"] * 9))


def test_undefined_statistic_is_skipped(skipped: Callable[[object], str]) -> None:
    """NaN never becomes an estimate."""
    sums = np.zeros((5, 2))
    assert "not defined for these data" in skipped(bootstrap_sums(sums, means, name="mean"))


def test_statistic_undefined_in_many_resamples_is_skipped(skipped: Callable[[object], str]) -> None:
    """Quantiles of a few lucky resamples are no interval: one unit of three carries the whole denominator."""
    sums = np.array([[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]])
    assert "resamples" in skipped(bootstrap_sums(sums, means, name="mean"))


def test_few_undefined_resamples_are_told(estimated: Callable[[object], Estimate]) -> None:
    """Resamples left out are counted in the method's words."""
    sums = np.array([[1.0, 2.0]] * 3 + [[1.0, 3.0]] + [[0.0, 0.0]] * 3)
    assert "resamples undefined" in estimated(bootstrap_sums(sums, means, name="mean")).method


def test_constant_statistic_says_it_has_no_width(estimated: Callable[[object], Estimate]) -> None:
    """Where no resample can differ the estimate stands, with a word on its interval."""
    estimate = estimated(bootstrap_sums(np.ones((6, 2)), means, name="mean", bootstrap=Bootstrap(interval="bca")))
    assert (estimate.value, estimate.ci_low, estimate.ci_high) == (1.0, 1.0, 1.0)
    assert "no width" in estimate.method


@pytest.mark.parametrize("settings", [{"resamples": 0}, {"level": 1.0}, {"level": 0.0}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    """No resamples, or a level outside (0, 1), is misuse."""
    with pytest.raises(AnalysisError):
        Bootstrap(**settings)  # type: ignore[arg-type]


def test_clusters_of_other_length_are_refused() -> None:
    """Clusters must name every unit."""
    with pytest.raises(AnalysisError, match="4 units"):
        bootstrap_sums(np.ones((5, 2)), means, name="mean", clusters=list("abab"))


@pytest.mark.slow
@pytest.mark.parametrize("interval", ["percentile", "bca"])
def test_interval_of_a_clustered_mean_covers(
    interval: Literal["percentile", "bca"], estimated: Callable[[object], Estimate]
) -> None:
    """95 % intervals of a mean over 60 clusters of 4 hold the true mean in 92 to 97.5 % of 600 studies.

    A percentile interval of k clusters is short by about sqrt((k - 1) / k) and z for t: some 94 % at k = 60. With
    600 studies three standard errors are 2.7 points. Ignoring the clusters would cover only about 78 %.
    """
    rng = np.random.default_rng(11)
    clusters = np.repeat(np.arange(60), 4)
    covered = 0
    for seed in range(600):
        ratings = 5 + np.repeat(rng.normal(0, 1, 60), 4) + rng.normal(0, 1, 240)
        estimate = estimated(
            bootstrap_sums(
                np.column_stack([np.ones(240), ratings]),
                means,
                name="mean",
                clusters=clusters,
                bootstrap=Bootstrap(resamples=500, seed=seed, interval=interval),
            )
        )
        covered += estimate.ci_low <= 5 <= estimate.ci_high
    assert 0.92 <= covered / 600 <= 0.975
