"""How far a model rates above or below people: mean difference, tests and effect sizes, over all or by group.

A difference is always model minus human, one an image, in scale points: positive where the model rates
higher. Images with either rating missing are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from scipy import stats as scipy_stats
from scipy.special import stdtr, stdtrit

from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    Pairs,
    as_codes,
    as_names,
    in_order,
    pairs,
    require_aligned,
    require_one_of,
)
from vlmrate.stats._ranks import midranks
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums, bootstrap_weights
from vlmrate.stats.dimensional import power_sums, sd_of
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, TestOutcome, TestResult

if TYPE_CHECKING:
    from collections.abc import Sequence

Zeros: TypeAlias = Literal["drop", "pratt"]
"""What the signed-rank test does with differences of 0: drop them, or rank them first and then drop (Pratt 1959)."""

DECIMALS = 10
"""Differences are rounded to this before they are ranked: 3 - 2.9 and 4 - 3.9 tie, 0.3 - 0.1 * 3 is 0."""
EXACT_UP_TO = 50
"""Non-zero differences up to which, without ties, the signed-rank test is exact."""


def mean_difference(model: Column, human: Column, *, level: float = 0.95) -> Outcome:
    """Return the mean of model minus human with Student's interval, mean ± t(n - 1) sd / sqrt(n).

    Skipped below two images, and where the differences have no variance.

    >>> bias = mean_difference([5, 6, 7, 9], [4.0, 4.5, 6.0, 7.5])
    >>> bias.value, round(bias.ci_low, 4), round(bias.ci_high, 4)
    (1.25, 0.7907, 1.7093)
    """
    both = pairs(model, human)
    if (reason := _no_spread(both)) is not None:
        return reason
    d = both.difference
    mean, half = float(d.mean()), float(stdtrit(both.n - 1, (1 + level) / 2)) * _standard_error(d)
    return Estimate(mean, mean - half, mean + half, level, both.n, "mean of model minus human; Student's t")


def mean_difference_bootstrap(
    model: Column, human: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT
) -> Outcome:
    """Return the mean of model minus human with a bootstrap interval; Skipped where no image has both."""
    both = pairs(model, human, clusters=clusters)
    if both.n == 0:
        return Skipped("a difference needs an image rated by both")
    return bootstrap_sums(
        power_sums(both.difference),
        lambda t: t[:, 1] / t[:, 0],
        name="mean of model minus human",
        clusters=both.clusters,
        bootstrap=bootstrap,
    )


def t_test(model: Column, human: Column) -> TestOutcome:
    """Test a mean difference of 0 with Student's paired t, two-sided, df = n - 1; Skipped as `mean_difference`.

    >>> test = t_test([5, 6, 7, 9], [4.0, 4.5, 6.0, 7.5])
    >>> round(test.statistic, 4), test.df, round(test.p_value, 4)
    (8.6603, 3.0, 0.0032)
    """
    both = pairs(model, human)
    if (reason := _no_spread(both)) is not None:
        return reason
    t = float(both.difference.mean()) / _standard_error(both.difference)
    df = both.n - 1
    return TestResult(t, float(2 * stdtr(df, -abs(t))), float(df), "paired t, two-sided", both.n)


def wilcoxon(model: Column, human: Column, *, zeros: Zeros = "drop") -> TestOutcome:
    """Test differences symmetric about 0 with Wilcoxon's signed-rank test, two-sided; the statistic is W+.

    W+ is the sum of the ranks of |difference| where the model rates higher, mid-ranks for ties. Differences
    of 0 are dropped before ranking (Wilcoxon 1945), or ranked and then dropped ("pratt"). The p-value is
    exact up to 50 non-zero differences, ties or not: the share of the 2^n ways to sign the observed ranks that
    give a W+ as far out, doubled. Beyond, it is the normal approximation with the variance corrected for ties
    and no continuity correction. `method` says which of these happened. Skipped where
    every difference is 0.

    >>> test = wilcoxon([5, 6, 7, 9, 3], [4.0, 4.4, 6.3, 7.5, 3.2])
    >>> test.statistic, test.p_value
    (14.0, 0.125)
    >>> test.method
    'Wilcoxon signed-rank, two-sided; 0 of 5 differences are 0, dropped; no ties; exact'
    """
    require_one_of(zeros, get_args(Zeros), "zeros")
    both = pairs(model, human)
    d = np.round(both.difference, DECIMALS)
    moved = d[d != 0]
    if len(moved) == 0:
        return Skipped(f"all {both.n} differences are 0" if both.n else "a difference needs an image rated by both")
    n_zero, ties = both.n - len(moved), len(np.unique(np.abs(moved))) < len(moved)
    pratt = zeros == "pratt" and n_zero > 0
    exact = len(moved) <= EXACT_UP_TO
    ranked = d if pratt else moved
    ranks = scipy_stats.rankdata(np.abs(ranked))
    w_plus = float(ranks[ranked > 0].sum())
    p_value = (
        _signed_rank_p(ranks[ranked != 0], w_plus)
        if exact
        else scipy_stats.wilcoxon(ranked, zero_method="pratt" if pratt else "wilcox", method="approx", axis=None).pvalue
    )
    method = (
        f"Wilcoxon signed-rank, two-sided; {n_zero:,} of {both.n:,} differences are 0, "
        f"{'ranked, then dropped (Pratt)' if pratt else 'dropped'}; {'mid-ranks for ties' if ties else 'no ties'}; "
        f"{'exact' if exact else 'normal approximation'}"
    )
    return TestResult(w_plus, float(p_value), None, method, both.n)


def _signed_rank_p(ranks: FloatArray, w_plus: float) -> float:
    """Exact two-sided p of W+ given the ranks: every rank counts or not, each with probability 1/2."""
    doubled = np.rint(2 * ranks).astype(int)  # mid-ranks are halves
    share = np.zeros(doubled.sum() + 1)
    share[0] = 1.0
    for rank in doubled:
        counted = np.zeros_like(share)
        counted[rank:] = share[: len(share) - rank]
        share = (share + counted) / 2
    at = round(2 * w_plus)
    return float(min(1.0, 2 * min(share[: at + 1].sum(), share[at:].sum())))


def rank_biserial(
    model: Column, human: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT
) -> Outcome:
    """Return the matched-pairs rank-biserial correlation, (W+ - W-) / (W+ + W-), in [-1, 1].

    Kerby 2014, Comprehensive Psychology 3, 1. Differences of 0 are dropped; |differences| are ranked anew
    within every resample. Skipped where every difference is 0.

    >>> round(rank_biserial([5, 6, 7, 9, 3], [4.0, 4.4, 6.3, 7.5, 3.2]).value, 4)
    0.8667
    """
    both = pairs(model, human, clusters=clusters)
    d = np.round(both.difference, DECIMALS)
    moved, up = d != 0, d[d != 0] > 0
    if not moved.any():
        return Skipped(f"all {both.n} differences are 0" if both.n else "a difference needs an image rated by both")

    def correlation(weights: FloatArray) -> FloatArray:
        kept = weights[:, moved]
        ranks = kept * midranks(np.abs(d[moved]), kept)
        total = ranks.sum(axis=1)
        return np.where(total > 0, (2 * ranks[:, up].sum(axis=1) - total) / total, np.nan)

    return bootstrap_weights(
        correlation, both.n, name="matched rank-biserial", clusters=both.clusters, bootstrap=bootstrap
    )


def d_z(model: Column, human: Column, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT) -> Outcome:
    """Return Cohen's d_z, the mean difference over the SD of the differences, unbounded.

    Cohen 1988, Statistical Power Analysis, section 2.3. Skipped as `mean_difference`.

    >>> round(d_z([5, 6, 7, 9, 3, 6], [4.0, 4.4, 6.3, 7.5, 3.2, 5.9]).value, 4)
    1.0723
    """
    both = pairs(model, human, clusters=clusters)
    if (reason := _no_spread(both)) is not None:
        return reason

    def effect(t: FloatArray) -> FloatArray:
        sd = sd_of(t[:, 0], t[:, 1], t[:, 2])
        return np.where(sd > 1e-9, t[:, 1] / t[:, 0] / sd, np.nan)

    sums = power_sums(both.difference)
    return bootstrap_sums(sums, effect, name="Cohen's d_z", clusters=both.clusters, bootstrap=bootstrap)


@dataclass(frozen=True, slots=True)
class GroupBias:
    """All that is said of the bias in one group of images, each entry named for what it is."""

    group: Any
    n: int
    """Images of the group with both ratings."""
    model_mean: float | None
    """Mean of the model's ratings over those images; None where there are none."""
    human_mean: float | None
    mean_t: Outcome
    mean_bootstrap: Outcome
    t: TestOutcome
    wilcoxon: TestOutcome
    rank_biserial: Outcome
    d_z: Outcome


def bias_by_group(
    model: Column,
    human: Column,
    groups: Column,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
    zeros: Zeros = "drop",
    order: Sequence[Any] | None = None,
) -> tuple[GroupBias, ...]:
    """Return the bias in every group (emotion), in the order given, else as the groups first appear.

    Each group is tested for itself against 0: the simple effects, not contrasts with a reference group. A
    group whose ratings are all missing stays, with n = 0 and every entry Skipped.
    """
    require_aligned(model=model, human=human, groups=groups, clusters=clusters)
    codes, names = as_codes(groups, "groups")
    told = []
    for group in in_order(names, order):
        inside = codes == names.index(group)
        x, y = np.asarray(model)[inside], np.asarray(human)[inside]
        identities = None if clusters is None else as_names(clusters)[inside]
        told.append(_group_bias(group, x, y, identities, bootstrap, zeros))
    return tuple(told)


def _group_bias(
    group: Any, model: Column, human: Column, clusters: Column | None, bootstrap: Bootstrap, zeros: Zeros
) -> GroupBias:
    both = pairs(model, human)
    return GroupBias(
        group=group,
        n=both.n,
        model_mean=float(both.model.mean()) if both.n else None,
        human_mean=float(both.human.mean()) if both.n else None,
        mean_t=mean_difference(model, human, level=bootstrap.level),
        mean_bootstrap=mean_difference_bootstrap(model, human, clusters=clusters, bootstrap=bootstrap),
        t=t_test(model, human),
        wilcoxon=wilcoxon(model, human, zeros=zeros),
        rank_biserial=rank_biserial(model, human, clusters=clusters, bootstrap=bootstrap),
        d_z=d_z(model, human, clusters=clusters, bootstrap=bootstrap),
    )


def _no_spread(both: Pairs) -> Skipped | None:
    if both.n < 2:
        return Skipped(f"a t interval needs two images rated by both, there are {both.n}")
    if np.ptp(np.round(both.difference, DECIMALS)) == 0:
        return Skipped(f"the differences have no variance: all {both.n} are {both.difference[0]:g}")
    return None


def _standard_error(d: FloatArray) -> float:
    return float(d.std(ddof=1)) / math.sqrt(len(d))
