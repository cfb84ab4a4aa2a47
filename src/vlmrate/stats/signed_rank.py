"""Wilcoxon's signed-rank test of model minus human, also where images hang together in clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from scipy import stats as scipy_stats
from scipy.special import ndtr

from vlmrate.stats._arrays import Column, FloatArray, IntArray, Pairs, as_codes, pairs, require_one_of
from vlmrate.stats.estimate import Skipped, TestOutcome, TestResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

Zeros: TypeAlias = Literal["drop", "pratt"]
"""What the signed-rank test does with differences of 0: drop them, or rank them first and then drop (Pratt 1959)."""

DECIMALS = 10
"""Differences are rounded to this before they are ranked: 3 - 2.9 and 4 - 3.9 tie, 0.3 - 0.1 * 3 is 0."""
CLUSTERED = "clustered signed-rank"
"""How the method of a test begins that took images of a cluster for related."""
EXACT_UP_TO = 50
"""Clusters with a non-zero difference (images, where none repeats) up to which the test is exact."""
EXACT_IMAGES = 1000
"""Images of such clusters up to which it is: the ways to turn signs are counted over all sums of their ranks."""


def wilcoxon(model: Column, human: Column, *, clusters: Column | None = None, zeros: Zeros = "drop") -> TestOutcome:
    """Test differences symmetric about 0 with Wilcoxon's signed-rank test, two-sided; the statistic is W+.

    W+ is the sum of the ranks of |difference| where the model rates higher, mid-ranks for ties. Differences
    of 0 are dropped before ranking (Wilcoxon 1945), or ranked and then dropped ("pratt"). Where clusters have several
    images the ranks are those of the images, and the signs of a cluster turn together: Rosner, Glynn & Lee 2006,
    Biometrics 62, 185-192, every image weighing the same. The p-value is exact up to 50 clusters (images, where none
    repeats) with a non-zero difference and 1,000 images, ties or not: the share of the 2^clusters ways to turn signs
    that give a W+ as far out, doubled. Beyond, W+ is taken for normal with the variance of these ways, which corrects
    for ties; no continuity correction. `method` says which of these happened. Skipped where every difference is 0 and
    below two images or two clusters.

    >>> test = wilcoxon([5, 6, 7, 9, 3], [4.0, 4.4, 6.3, 7.5, 3.2])
    >>> test.statistic, test.p_value
    (14.0, 0.125)
    >>> test.method
    'Wilcoxon signed-rank, two-sided; 0 of 5 differences are 0, dropped; no ties; exact'
    """
    require_one_of(zeros, get_args(Zeros), "zeros")
    both = pairs(model, human, clusters=clusters)
    d = np.round(both.difference, DECIMALS)
    moved = d != 0
    if not moved.any():
        return Skipped(f"all {both.n} differences are 0" if both.n else "a difference needs an image rated by both")
    drawn, several = cluster_codes(both)
    if len(np.unique(drawn)) < 2:
        return Skipped(f"a signed-rank test needs two {'clusters' if several else 'images'}, there is one")
    pratt = zeros == "pratt" and not moved.all()
    ranks = scipy_stats.rankdata(np.abs(d))[moved] if pratt else scipy_stats.rankdata(np.abs(d[moved]))
    signed = _SignedRanks.of(ranks, d[moved] > 0, drawn[moved])
    ties = len(np.unique(np.abs(d[moved]))) < moved.sum()
    turned = len(signed.up)
    test = f"{CLUSTERED} over {turned:,} cluster{'' if turned == 1 else 's'}" if several else "Wilcoxon signed-rank"
    method = (
        f"{test}, two-sided; "
        f"{both.n - moved.sum():,} of {both.n:,} differences are 0, "
        f"{'ranked, then dropped (Pratt)' if pratt else 'dropped'}; {'mid-ranks for ties' if ties else 'no ties'}; "
        f"{'exact' if signed.exact else 'normal approximation'}"
    )
    return TestResult(signed.w_plus, signed.p_value, None, method, both.n)


@dataclass(frozen=True, slots=True)
class _SignedRanks:
    """Sums of the ranks of positive and of negative differences, an entry a cluster."""

    up: FloatArray
    down: FloatArray
    exact: bool

    @classmethod
    def of(cls, ranks: FloatArray, positive: NDArray[np.bool_], cluster: IntArray) -> _SignedRanks:
        distinct, codes = np.unique(cluster, return_inverse=True)
        up = np.bincount(codes, weights=ranks * positive).astype(np.float64)
        down = np.bincount(codes, weights=ranks).astype(np.float64) - up
        return cls(up, down, len(distinct) <= EXACT_UP_TO and len(ranks) <= EXACT_IMAGES)

    @property
    def w_plus(self) -> float:
        return float(self.up.sum())

    @property
    def p_value(self) -> float:
        """Two-sided p of W+ where each cluster's signs stay or turn, each with probability 1/2."""
        return self._exact_p() if self.exact else self._normal_p()

    def _normal_p(self) -> float:
        net = self.up - self.down
        spread = float(np.sqrt((net**2).sum()))
        return float(2 * ndtr(-abs(net.sum()) / spread)) if spread > 0 else 1.0

    def _exact_p(self) -> float:
        up, down = (np.rint(2 * sums).astype(int) for sums in (self.up, self.down))  # mid-ranks are halves
        share = np.zeros(up.sum() + down.sum() + 1)
        share[0] = 1.0
        for a, b in zip(up, down, strict=True):
            share = (_moved(share, a) + _moved(share, b)) / 2
        at = up.sum()
        return float(min(1.0, 2 * min(share[: at + 1].sum(), share[at:].sum())))


def _moved(share: FloatArray, by: int) -> FloatArray:
    """The distribution of a sum after `by` was added to it; nothing falls off, for the array holds the largest sum."""
    return np.concatenate([np.zeros(by), share[: len(share) - by]])


def cluster_codes(both: Pairs) -> tuple[IntArray, bool]:
    """Each image's cluster, and whether any cluster has several images."""
    if both.clusters is None:
        return np.arange(both.n), False
    codes, names = as_codes(both.clusters, "clusters")
    return codes, len(names) < both.n
