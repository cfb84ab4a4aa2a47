"""How far a model rates above or below people: mean difference, tests and effect sizes, over all or by group.

A difference is always model minus human, one an image, in scale points: positive where the model rates
higher. Images with either rating missing are left out.

Tests take `clusters` (identities) whose images may be related in any way. Where no cluster has two images, or none are
named, they are the textbook's tests of independent images.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    Pairs,
    as_codes,
    as_floats,
    as_names,
    in_order,
    pairs,
    require_aligned,
    require_level,
)
from vlmrate.stats._contrast import ContrastDesign
from vlmrate.stats._ranks import midranks
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums, bootstrap_weights, require_bootstrap
from vlmrate.stats.dimensional import power_sums, sd_of
from vlmrate.stats.estimate import Outcome, Skipped, TestOutcome
from vlmrate.stats.signed_rank import DECIMALS, Zeros, cluster_codes, wilcoxon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._contrast import ClusteredContrast


def mean_difference(model: Column, human: Column, *, clusters: Column | None = None, level: float = 0.95) -> Outcome:
    """Return the mean of model minus human with Student's interval, mean ± t(n - 1) sd / sqrt(n).

    Where clusters have several images, the interval is t with a CR2 standard error and Satterthwaite's df (Bell &
    McCaffrey 2002, Survey Methodology 28, 169-181). Skipped below two images or two clusters, and where the differences
    have no variance.

    >>> bias = mean_difference([5, 6, 7, 9], [4.0, 4.5, 6.0, 7.5])
    >>> bias.value, round(bias.ci_low, 4), round(bias.ci_high, 4)
    (1.25, 0.7907, 1.7093)
    """
    require_level(level)
    mean = _mean(pairs(model, human, clusters=clusters))
    if isinstance(mean, Skipped):
        return mean
    return mean.estimate("mean of model minus human", level)


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


def t_test(model: Column, human: Column, *, clusters: Column | None = None) -> TestOutcome:
    """Test a mean difference of 0 with Student's paired t, two-sided, df = n - 1; Skipped as `mean_difference`.

    Where clusters have several images it is the t of `mean_difference`'s interval, every image weighing the same.

    >>> test = t_test([5, 6, 7, 9], [4.0, 4.5, 6.0, 7.5])
    >>> round(test.statistic, 4), round(test.df, 4), round(test.p_value, 4)
    (8.6603, 3.0, 0.0032)
    """
    mean = _mean(pairs(model, human, clusters=clusters))
    return mean if isinstance(mean, Skipped) else mean.test()


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
    require_bootstrap(bootstrap)
    x, y = as_floats(model, "model"), as_floats(human, "human")
    codes, names = as_codes(groups, "groups")
    told = []
    for group in in_order(names, order):
        inside = codes == names.index(group)
        identities = None if clusters is None else as_names(clusters)[inside]
        told.append(_group_bias(group, x[inside], y[inside], identities, bootstrap, zeros))
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
        mean_t=mean_difference(model, human, clusters=clusters, level=bootstrap.level),
        mean_bootstrap=mean_difference_bootstrap(model, human, clusters=clusters, bootstrap=bootstrap),
        t=t_test(model, human, clusters=clusters),
        wilcoxon=wilcoxon(model, human, clusters=clusters, zeros=zeros),
        rank_biserial=rank_biserial(model, human, clusters=clusters, bootstrap=bootstrap),
        d_z=d_z(model, human, clusters=clusters, bootstrap=bootstrap),
    )


def _no_spread(both: Pairs) -> Skipped | None:
    if both.n < 2:
        return Skipped(f"a t interval needs two images rated by both, there are {both.n}")
    if np.ptp(np.round(both.difference, DECIMALS)) == 0:
        return Skipped(f"the differences have no variance: all {both.n} are {both.difference[0]:g}")
    return None


def _mean(both: Pairs) -> ClusteredContrast | Skipped:
    """The mean difference with its standard error; without repeated clusters that is sd / sqrt(n), with n - 1 df."""
    if (reason := _no_spread(both)) is not None:
        return reason
    codes, several = cluster_codes(both)
    if len(np.unique(codes)) < 2:
        return Skipped(f"a t interval needs two clusters, all {both.n} images are of one")
    design = ContrastDesign.of(np.zeros(both.n, dtype=np.int64), np.ones(1), codes, ["the group"])
    if isinstance(design, Skipped):
        return design
    mean = design.contrast(both.difference)
    return mean if several else replace(mean, df=float(both.n - 1), how="Student's paired t")
