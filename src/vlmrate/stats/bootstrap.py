"""One seeded bootstrap for every statistic: clusters are drawn, whole, with replacement.

A resample is a row of counts: how often each cluster was drawn. Statistics come in three forms, fastest
first:

- *sums* (`resample_sums`, `bootstrap_sums`): functions of totals over the units (means, r, kappa, F1 …). All
  resamples are one matrix product, counts (B, clusters) x totals (clusters, S).
- *weights* (`bootstrap_weights`): functions of how often each unit is in the resample (ranks, Krippendorff's
  alpha).
- *rows* (`bootstrap_rows`): any function of a list of row numbers; one call a resample.

The same seed and clusters give the same resamples, so two raters of the same images are compared on the same
draws. Sources: Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 13 (percentile) and 14 (BCa);
resampling whole clusters: Davison & Hinkley 1997, Bootstrap Methods and their Application, section 3.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import numpy as np
from scipy.special import ndtr, ndtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, IntArray, as_codes, require_count, require_level, require_one_of
from vlmrate.stats.estimate import Estimate, Outcome, Skipped

IntervalKind: TypeAlias = Literal["percentile", "bca"]
SumsStatistic: TypeAlias = Callable[[FloatArray], FloatArray]
"""Totals (B, S) to values (B,)."""
WeightsStatistic: TypeAlias = Callable[[FloatArray], FloatArray]
"""Weights of the units (B, n) to values (B,)."""
RowsStatistic: TypeAlias = Callable[[IntArray], float]
"""Row numbers of a resample (m,) to its value."""

BLOCK = 500_000
"""Counts held at a time (4 MB): resamples are worked off in blocks of rows that stay near the processor."""
_KEPT_COUNTS = 8_000_000
"""Counts kept for the next statistic of the same study (64 MB a draw); larger draws are made anew."""
LEAST_DEFINED = 0.9
"""Share of resamples in which a statistic must be defined for their quantiles to be called its interval."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are made: number of resamples, confidence level, seed, and kind of interval."""

    resamples: int = 2000
    """Below some hundreds the ends of a 95 % interval rest on a handful of resamples, below 40 on none, and it is too
    narrow: few are for trials. The command `vlmrate analyze` takes no fewer than 100."""
    level: float = 0.95
    seed: int = 0
    interval: IntervalKind = "percentile"

    def __post_init__(self) -> None:
        require_count(self.resamples, 1, "The number of resamples of a bootstrap")
        require_count(self.seed, 0, "The seed of a bootstrap")
        require_one_of(self.interval, get_args(IntervalKind), "The kind of interval")
        require_level(self.level)


DEFAULT = Bootstrap()


def require_bootstrap(bootstrap: Bootstrap) -> None:
    """Refuse what is no `Bootstrap`, such as the number of resamples alone."""
    if not isinstance(bootstrap, Bootstrap):
        raise AnalysisError(f"bootstrap is a Bootstrap, such as Bootstrap(resamples=500), not {bootstrap!r}.")


@dataclass(frozen=True, slots=True)
class ResampledSums:
    """Totals of the same sums over all units, over every resample, and with each cluster left out in turn.

    Any number of statistics are computed from one such draw with `estimate`.
    """

    observed: FloatArray
    """Totals over all units, shape (S,)."""
    resampled: FloatArray
    """Totals over each resample, shape (B, S)."""
    left_out: FloatArray
    """Totals without one cluster, shape (clusters, S): the jackknife that BCa needs."""
    n: int
    bootstrap: Bootstrap

    def estimate(self, statistic: SumsStatistic, *, name: str, n: int | None = None) -> Outcome:
        """Apply a statistic of the totals, (B, S) to (B,), to the data and to the resamples.

        `n` overrides the number of units told in the estimate, for a statistic of some of them only.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(statistic(self.observed[None, :])[0])
            replicates = statistic(self.resampled)
            drawn = _Drawn(name, self.n if n is None else n, len(self.left_out), self.bootstrap)
            return drawn.estimate(value, replicates, lambda: statistic(self.left_out))


def resample_sums(
    sums: FloatArray, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT
) -> ResampledSums | Skipped:
    """Resample the totals of `sums`, shape (n, S): S additive quantities of each of n units.

    `clusters` names each unit's cluster (identity, image); None makes every unit its own. Skipped below two
    clusters.
    """
    require_bootstrap(bootstrap)
    sums = np.asarray(sums, dtype=np.float64)
    codes, k = _clusters(clusters, len(sums))
    if k < 2:
        return _too_few(k)
    per_cluster = sums if clusters is None else _totals_by_cluster(sums, codes, k)
    resampled = np.concatenate([counts @ per_cluster for counts in _draws(k, bootstrap)])
    observed = sums.sum(axis=0)
    return ResampledSums(observed, resampled, observed - per_cluster, len(sums), bootstrap)


def bootstrap_sums(
    sums: FloatArray,
    statistic: SumsStatistic,
    *,
    name: str,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Estimate one statistic of totals; `resample_sums` serves several from one draw.

    `sums` has shape (n, S); `statistic` takes totals (B, S) and returns values (B,).

    >>> ratings = np.array([1.0, 2.0, 2.0, 3.0, 5.0, 8.0])
    >>> sums = np.column_stack([np.ones(6), ratings])
    >>> mean = bootstrap_sums(sums, lambda total: total[:, 1] / total[:, 0], name="mean")
    >>> round(mean.value, 3), round(mean.ci_low, 3), round(mean.ci_high, 3)
    (3.5, 1.833, 5.5)
    >>> mean.method
    'mean; percentile bootstrap, 2,000 resamples of 6 clusters'
    """
    drawn = resample_sums(sums, clusters=clusters, bootstrap=bootstrap)
    return drawn if isinstance(drawn, Skipped) else drawn.estimate(statistic, name=name)


def bootstrap_weights(
    statistic: WeightsStatistic,
    n_units: int,
    *,
    name: str,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Estimate a statistic of how often each unit is in the resample: weights (B, n_units) to values (B,)."""
    require_bootstrap(bootstrap)
    codes, k = _clusters(clusters, n_units)
    if k < 2:
        return _too_few(k)

    def over(blocks: Iterator[FloatArray]) -> FloatArray:
        return np.concatenate([statistic(_to_units(counts, clusters, codes)) for counts in blocks])

    with np.errstate(divide="ignore", invalid="ignore"):
        value, replicates = float(statistic(np.ones((1, n_units)))[0]), over(_draws(k, bootstrap, n_units))
        drawn = _Drawn(name, n_units, k, bootstrap)
        return drawn.estimate(value, replicates, lambda: over(_leave_one_out(k, n_units)))


def bootstrap_rows(
    statistic: RowsStatistic,
    n_units: int,
    *,
    name: str,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Estimate any statistic of row numbers: one call a resample, for what has no form in sums or weights."""

    def of_rows(weights: FloatArray) -> FloatArray:
        return np.array([statistic(np.repeat(np.arange(n_units), times)) for times in weights.astype(np.int64)])

    return bootstrap_weights(of_rows, n_units, name=name, clusters=clusters, bootstrap=bootstrap)


def _clusters(clusters: Column | None, n: int) -> tuple[IntArray, int]:
    if clusters is None:
        return np.arange(n), n
    # In ascending order, so that an interval does not depend on the order of the rows.
    codes, names = as_codes(clusters, "clusters", ascending=True)
    if len(codes) != n:
        raise AnalysisError(f"Clusters are named for {len(codes)} units, but there are {n}.")
    return codes, len(names)


def _too_few(clusters: int) -> Skipped:
    return Skipped(f"a bootstrap needs two clusters to draw from, there are {clusters}")


def _totals_by_cluster(sums: FloatArray, codes: IntArray, k: int) -> FloatArray:
    return np.column_stack([np.bincount(codes, weights=column, minlength=k) for column in sums.T])


def _to_units(counts: FloatArray, clusters: Column | None, codes: IntArray) -> FloatArray:
    return counts if clusters is None else np.take(counts, codes, axis=1)


def _blocks(rows: int, width: int) -> Iterator[int]:
    """Yield the numbers of rows of blocks that together make `rows`."""
    block = max(1, BLOCK // width)
    for start in range(0, rows, block):
        yield min(block, rows - start)


def _draws(k: int, bootstrap: Bootstrap, width: int = 0) -> Iterator[FloatArray]:
    """Yield blocks of resamples: how often each of k clusters was drawn, shape (block, k)."""
    if k * bootstrap.resamples <= _KEPT_COUNTS:
        kept = _kept_draws(k, bootstrap.resamples, bootstrap.seed)
        start = 0
        for rows in _blocks(bootstrap.resamples, max(k, width)):
            yield kept[start : start + rows]
            start += rows
        return
    rng = np.random.default_rng(bootstrap.seed)
    for rows in _blocks(bootstrap.resamples, max(k, width)):
        yield _drawn(rng, rows, k)


@lru_cache(maxsize=4)
def _kept_draws(k: int, resamples: int, seed: int) -> FloatArray:
    """One study's statistics share their resamples, hundreds of times over: drawing them once is most of the work."""
    rng = np.random.default_rng(seed)
    kept = np.concatenate([_drawn(rng, rows, k) for rows in _blocks(resamples, k)])
    kept.flags.writeable = False
    return kept


def _drawn(rng: np.random.Generator, rows: int, k: int) -> FloatArray:
    # Row by row from one stream: the resamples do not depend on how the blocks fall.
    drawn = rng.integers(0, k, size=(rows, k)) + np.arange(rows)[:, None] * k
    return np.bincount(drawn.ravel(), minlength=rows * k).reshape(rows, k).astype(np.float64)


def _leave_one_out(k: int, width: int) -> Iterator[FloatArray]:
    """Yield blocks of the counts in which each cluster in turn is missing, shape (block, k)."""
    start = 0
    for rows in _blocks(k, max(k, width)):
        counts = np.ones((rows, k))
        counts[np.arange(rows), np.arange(start, start + rows)] = 0.0
        start += rows
        yield counts


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What an estimate says of its bootstrap."""

    name: str
    n: int
    clusters: int
    bootstrap: Bootstrap

    def estimate(self, value: float, replicates: FloatArray, jackknife: Callable[[], FloatArray]) -> Outcome:
        """Make the Estimate of a value from its replicates; Skipped where it, or too many of them, are NaN."""
        if not np.isfinite(value):
            return Skipped(f"{self.name} is not defined for these data")
        defined = replicates[np.isfinite(replicates)]
        lost = len(replicates) - len(defined)
        if len(defined) < LEAST_DEFINED * len(replicates):
            return Skipped(f"{self.name} is not defined in {lost:,} of {len(replicates):,} resamples")
        tails = np.array([(1 - self.bootstrap.level) / 2, (1 + self.bootstrap.level) / 2])
        kind, constant = "percentile", bool(np.ptp(defined) == 0)
        if self.bootstrap.interval == "bca" and not constant:
            corrected = _bca_tails(value, defined, jackknife(), tails)
            kind, tails = ("percentile (BCa is undefined)", tails) if corrected is None else ("BCa", corrected)
        low, high = np.quantile(defined, tails)
        told = self._method(kind, lost, constant)
        return Estimate(value, float(low), float(high), self.bootstrap.level, self.n, told)

    def _method(self, kind: str, lost: int, constant: bool) -> str:
        told = [f"{self.name}; {kind} bootstrap, {self.bootstrap.resamples:,} resamples of {self.clusters:,} clusters"]
        if lost:
            told.append(f"{lost:,} resamples undefined")
        if constant:
            told.append("every resample gave this value, so the interval has no width")
        return "; ".join(told)


def _bca_tails(value: float, replicates: FloatArray, jackknife: FloatArray, tails: FloatArray) -> FloatArray | None:
    """Return the two quantiles that BCa reads, or None where its corrections are not defined.

    z0 = probit(share of replicates below the value, ties by half); a = sum(d^3) / (6 sum(d^2)^(3/2)) with
    d = mean(jackknife) - jackknife; tail = Phi(z0 + (z0 + z) / (1 - a (z0 + z))).
    """
    below = np.mean(replicates < value) + np.mean(replicates == value) / 2
    d = jackknife.mean() - jackknife
    spread = (d**2).sum()
    if not (0 < below < 1 and np.isfinite(spread) and spread > 0):
        return None
    z0, a = ndtri(below), (d**3).sum() / (6 * spread**1.5)
    shifted = z0 + ndtri(tails)
    return np.asarray(ndtr(z0 + shifted / (1 - a * shifted)), dtype=np.float64)
