"""Whether a model's bias differs between groups of images: difference-in-differences, with the raw effects beside it.

A model that rates group A lower than group B is not biased by that alone: people may do the same. The bias between
groups is the difference of the differences, (model - people) in A minus (model - people) in B. The model's own group
effect and the people's stand beside it, named for what they are: bias = model effect - people effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    as_codes,
    as_floats,
    as_names,
    in_order,
    require_aligned,
    require_one_of,
)
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, resample_sums
from vlmrate.stats.estimate import Outcome, Skipped, TestOutcome, TestResult

if TYPE_CHECKING:
    from collections.abc import Sequence

Mask: TypeAlias = NDArray[np.bool_]
Against: TypeAlias = Literal["pairs", "rest"]
"""What each group is compared with: every other group in turn, or all other images together."""

REST = "all others"
"""Name of the reference where a group is compared with all images outside it."""
DECIMALS = 10
"""Cluster means are rounded to this before they are asked for variance."""


@dataclass(frozen=True, slots=True)
class GroupGap:
    """How one group compares with another, in scale points; positive where the first is rated higher."""

    group: Any
    reference: Any
    """The group compared with, or `REST`."""
    n: int
    """Images of the group with both ratings."""
    n_reference: int
    bias: Outcome
    """(model - people) in the group minus (model - people) in the reference: the difference-in-differences."""
    model_effect: Outcome
    """Model in the group minus model in the reference: the raw group effect, which is not called bias."""
    people_effect: Outcome
    """People in the group minus people in the reference."""
    test: TestOutcome
    """Test of a bias of 0, over clusters."""


@dataclass(frozen=True, slots=True)
class InteractionGap:
    """Whether a group gap differs between the levels of a second factor (a difference of two group gaps)."""

    first: tuple[Any, Any]
    """Levels a, b of the first factor."""
    second: tuple[Any, Any]
    """Levels x, y of the second factor."""
    n: tuple[int, int, int, int]
    """Images in the cells ax, bx, ay, by."""
    bias: Outcome
    """(bias in ax - bias in bx) - (bias in ay - bias in by)."""
    model_effect: Outcome
    people_effect: Outcome


def group_gap(
    model: Column,
    human: Column,
    groups: Column,
    group: Any,
    reference: Any = None,
    *,
    strata: Column | None = None,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> GroupGap:
    """Compare one group with another, or with all images outside it where no reference is named.

    `model` and `human` have one value an image, images with either missing are left out. With d = model - human,
    bias = mean(d in the group) - mean(d in the reference). With `strata` (emotion) it is the plain mean of that
    difference over the strata in which both groups have an image, so that a different mix of emotions makes no
    bias. Source of the contrast: Angrist & Pischke 2009, Mostly Harmless Econometrics, ch. 5. Intervals: clusters
    drawn whole. Test: where every cluster lies on one side, Welch's t between the cluster means of d; where every
    cluster is on both sides, a paired t of its two means; else Skipped. The test knows no strata: Skipped with
    them. Skipped: a group without an image; `AnalysisError`: a group that is not among `groups`.

    >>> model = [3.0, 4.0, 3.5, 6.0, 6.5, 7.0]
    >>> human = [4.0, 4.5, 4.0, 5.5, 6.5, 7.0]
    >>> gap = group_gap(model, human, ["Korean"] * 3 + ["Black"] * 3, "Korean", "Black")
    >>> round(gap.bias.value, 4), gap.model_effect.value, round(gap.people_effect.value, 4)
    (-0.8333, -3.0, -2.1667)
    >>> round(gap.test.statistic, 4), round(gap.test.p_value, 4)
    (-3.5355, 0.0241)
    """
    rated = _Rated.of(model, human, groups, strata, clusters)
    return _group_gap(rated, group, reference, bootstrap)


def group_gaps(
    model: Column,
    human: Column,
    groups: Column,
    *,
    against: Against = "pairs",
    reference: Any = None,
    strata: Column | None = None,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
    order: Sequence[Any] | None = None,
) -> tuple[GroupGap, ...]:
    """Compare all groups: each with the reference where one is named, else every pair, or each with the rest.

    For intersections pass `intersect(race, gender)` as the groups. See `group_gap`.

    >>> gaps = group_gaps([3, 4, 6, 7, 5, 5], [4, 4, 6, 6, 5, 4], list("AABBCC"), against="rest")
    >>> [f"{gap.group} minus {gap.reference}: {gap.bias.value}" for gap in gaps]
    ['A minus all others: -1.0', 'B minus all others: 0.5', 'C minus all others: 0.5']
    """
    require_one_of(against, get_args(Against), "against")
    rated = _Rated.of(model, human, groups, strata, clusters)
    names = in_order(rated.names, order)
    if reference is not None:
        compared = [(name, reference) for name in names if name != reference]
    elif against == "rest":
        compared = [(name, None) for name in names]
    else:
        compared = list(combinations(names, 2))
    return tuple(_group_gap(rated, group, other, bootstrap) for group, other in compared)


def interaction_gaps(
    model: Column,
    human: Column,
    first: Column,
    second: Column,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> tuple[InteractionGap, ...]:
    """Compare the gaps of one factor between the levels of another, for every pair of levels of both.

    >>> (gap,) = interaction_gaps([1, 2, 5, 6] * 9, [2, 2, 5, 4] * 9, ["a", "b"] * 18, ["x", "x", "y", "y"] * 9)
    >>> gap.n, gap.bias.value
    ((9, 9, 9, 9), 1.0)
    """
    rated = _Rated.of(model, human, first, second, clusters)
    pairs_of_first, pairs_of_second = combinations(rated.names, 2), list(combinations(rated.strata_names, 2))
    return tuple(_interaction(rated, ab, xy, bootstrap) for ab in pairs_of_first for xy in pairs_of_second)


def intersect(*factors: Column) -> NDArray[np.object_]:
    """Return each image's intersection of factors as one name, such as "Black x woman".

    >>> intersect(["Black", "Korean"], ["woman", "man"]).tolist()
    ['Black x woman', 'Korean x man']
    """
    require_aligned(**{f"factor {number}": factor for number, factor in enumerate(factors, 1)})
    for number, factor in enumerate(factors, 1):
        as_codes(factor, f"factor {number}")
    named = [" x ".join(map(str, levels)) for levels in zip(*factors, strict=True)]
    return np.array(named, dtype=np.object_)


@dataclass(frozen=True, slots=True)
class _Rated:
    """Images rated by both, with their group, stratum and cluster; groups emptied by missing ratings are kept."""

    model: FloatArray
    human: FloatArray
    group: NDArray[np.int64]
    names: list[Any]
    stratum: NDArray[np.int64]
    strata_names: list[Any]
    clusters: Column | None

    @classmethod
    def of(cls, model: Column, human: Column, groups: Column, strata: Column | None, clusters: Column | None) -> _Rated:
        n = require_aligned(model=model, human=human, groups=groups, strata=strata, clusters=clusters)
        x, y = as_floats(model, "model"), as_floats(human, "human")
        codes, names = as_codes(groups, "groups")
        of_strata, strata_names = as_codes(np.zeros(n) if strata is None else strata, "strata")
        both = ~(np.isnan(x) | np.isnan(y))
        kept = None if clusters is None else as_names(clusters)[both]
        return cls(x[both], y[both], codes[both], names, of_strata[both], strata_names, kept)

    def inside(self, group: Any) -> Mask:
        if group not in self.names:
            raise AnalysisError(f"No image belongs to the group {group}; there are {', '.join(map(str, self.names))}.")
        return np.asarray(self.group == self.names.index(group))


def _group_gap(rated: _Rated, group: Any, reference: Any, bootstrap: Bootstrap) -> GroupGap:
    inside = rated.inside(group)
    outside = ~inside if reference is None else rated.inside(reference)
    name = REST if reference is None else reference
    counts = int(inside.sum()), int(outside.sum())
    if 0 in counts:
        empty = Skipped(f"no image rated by both in {group if counts[0] == 0 else name}")
        return GroupGap(group, name, *counts, empty, empty, empty, empty)
    shared = [
        (inside & (rated.stratum == s), outside & (rated.stratum == s))
        for s in range(len(rated.strata_names))
        if (inside & (rated.stratum == s)).any() and (outside & (rated.stratum == s)).any()
    ]
    if not shared:
        apart = Skipped(f"{group} and {name} have no stratum in common")
        return GroupGap(group, name, *counts, apart, apart, apart, apart)
    cells = [cell for both_sides in shared for cell in both_sides]
    drawn = _draw(rated, cells, bootstrap)
    weights = np.tile([1.0, -1.0], len(shared)) / len(shared)
    bias, model, people = _effects(drawn, weights, f"{group} minus {name}", len(shared))
    return GroupGap(group, name, *counts, bias, model, people, _gap_test(rated, inside, outside))


def _interaction(rated: _Rated, ab: tuple[Any, Any], xy: tuple[Any, Any], bootstrap: Bootstrap) -> InteractionGap:
    at = [rated.stratum == rated.strata_names.index(level) for level in xy]
    cells = [rated.inside(level) & there for there in at for level in ab]
    n = tuple(int(cell.sum()) for cell in cells)
    counts = (n[0], n[1], n[2], n[3])
    if 0 in counts:
        empty = Skipped("a cell of the interaction has no image rated by both")
        return InteractionGap(ab, xy, counts, empty, empty, empty)
    drawn = _draw(rated, cells, bootstrap)
    told = f"({ab[0]} minus {ab[1]}) at {xy[0]} minus the same at {xy[1]}"
    return InteractionGap(ab, xy, counts, *_effects(drawn, np.array([1.0, -1.0, -1.0, 1.0]), told, 1))


def _draw(rated: _Rated, cells: list[Mask], bootstrap: Bootstrap) -> ResampledSums | Skipped:
    """Resample count, sum of model and sum of human in every cell: columns cell by cell."""
    columns = np.column_stack([np.ones(len(rated.model)), rated.model, rated.human])
    sums = np.concatenate([cell[:, None] * columns for cell in cells], axis=1)
    return resample_sums(sums, clusters=rated.clusters, bootstrap=bootstrap)


def _effects(
    drawn: ResampledSums | Skipped, weights: FloatArray, told: str, strata: int
) -> tuple[Outcome, Outcome, Outcome]:
    if isinstance(drawn, Skipped):
        return drawn, drawn, drawn
    n = int(drawn.observed[::3].sum())
    over = f", mean over {strata} strata" if strata > 1 else ""

    def contrast(of_model: float, of_human: float, name: str) -> Outcome:
        return drawn.estimate(
            lambda t: ((of_model * t[:, 1::3] + of_human * t[:, 2::3]) / t[:, ::3]) @ weights,
            name=f"{name}, {told}{over}",
            n=n,
        )

    return (
        contrast(1, -1, "difference-in-differences, model minus people"),
        contrast(1, 0, "model's group effect"),
        contrast(0, 1, "people's group effect"),
    )


def _gap_test(rated: _Rated, inside: Mask, outside: Mask) -> TestOutcome:
    if len(rated.strata_names) > 1:
        return Skipped("the test between groups takes no strata: read the interval")
    d = rated.model - rated.human
    codes = np.arange(len(d)) if rated.clusters is None else as_codes(rated.clusters, "clusters")[0]
    in_group, in_reference = np.unique(codes[inside]), np.unique(codes[outside])
    shared = np.intersect1d(in_group, in_reference)
    first, second = _cluster_means(d, codes, inside, in_group), _cluster_means(d, codes, outside, in_reference)
    if len(shared) == 0:
        return _welch(first, second)
    if len(shared) == len(in_group) == len(in_reference):
        return _paired(first - second)
    return Skipped("some clusters lie in both groups and some in one: no test over cluster means")


def _cluster_means(d: FloatArray, codes: NDArray[np.int64], where: Mask, clusters: NDArray[np.int64]) -> FloatArray:
    sums = np.bincount(codes[where], weights=d[where])
    means: FloatArray = sums[clusters] / np.bincount(codes[where])[clusters]
    return means


def _welch(first: FloatArray, second: FloatArray) -> TestOutcome:
    if min(len(first), len(second)) < 2:
        return Skipped(f"Welch's t needs two clusters in each group, there are {len(first)} and {len(second)}")
    if np.ptp(np.round(first, DECIMALS)) == 0 == np.ptp(np.round(second, DECIMALS)):
        return Skipped("the cluster means have no variance in either group")
    t = scipy_stats.ttest_ind(first, second, equal_var=False)
    method = f"Welch's t between the means of {len(first):,} and {len(second):,} clusters, two-sided"
    return TestResult(float(t.statistic), float(t.pvalue), float(t.df), method, len(first) + len(second))


def _paired(difference: FloatArray) -> TestOutcome:
    if len(difference) < 2:
        return Skipped("a paired t needs two clusters, there is 1")
    if np.ptp(np.round(difference, DECIMALS)) == 0:
        return Skipped("the differences of the cluster means have no variance")
    t = scipy_stats.ttest_1samp(difference, 0.0)
    method = f"paired t over the means of {len(difference):,} clusters seen in both groups, two-sided"
    return TestResult(float(t.statistic), float(t.pvalue), float(t.df), method, len(difference))
