"""Whether a model's bias differs between groups of images: difference-in-differences, with the raw effects beside it.

A model that rates group A lower than group B is not biased by that alone: people may do the same. The bias between
groups is the difference of the differences, (model - people) in A minus (model - people) in B. The model's own group
effect and the people's stand beside it, named for what they are: bias = model effect - people effect.

All of them are contrasts of cell means. Interval and test of a contrast come from one cluster-robust standard error,
so the test has p < .05 exactly where the 95 % interval excludes 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    IntArray,
    as_codes,
    as_floats,
    as_names,
    in_order,
    require_aligned,
    require_level,
    require_one_of,
)
from vlmrate.stats._contrast import ContrastDesign, outcomes
from vlmrate.stats.estimate import Outcome, Skipped, TestOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

Mask: TypeAlias = NDArray[np.bool_]
Cells: TypeAlias = "Sequence[tuple[str, Mask, float]]"
"""The cells of a contrast: each one's name, its images, and the weight of its mean."""
Against: TypeAlias = Literal["pairs", "rest"]
"""What each group is compared with: every other group in turn, or all other images together."""

REST = "all others"
"""Name of the reference where a group is compared with all images outside it."""


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
    """Test of a bias of 0, by the standard error of the bias's own interval."""


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
    test: TestOutcome
    """Test of a bias of 0, by the standard error of the bias's own interval."""


def group_gap(
    model: Column,
    human: Column,
    groups: Column,
    group: Any,
    reference: Any = None,
    *,
    strata: Column | None = None,
    clusters: Column | None = None,
    level: float = 0.95,
) -> GroupGap:
    """Compare one group with another, or with all images outside it where no reference is named.

    `model` and `human` have one value an image, images with either missing are left out. With d = model - human,
    bias = mean(d in the group) - mean(d in the reference), every image of a group counting the same. With `strata`
    (emotion) it is the plain mean of that difference over the strata in which both groups have an image, so that a
    different mix of emotions makes no bias. Source of the contrast: Angrist & Pischke 2009, Mostly Harmless
    Econometrics, ch. 5. Interval and test: t with a CR2 standard error over `clusters` (identities; without them every
    image is its own) and Satterthwaite's df, Bell & McCaffrey 2002, Survey Methodology 28, 169-181. Clusters may lie
    in one group, in both, or some in one and some in both. Where all have equally many images, t is Welch's between
    the clusters' means (one group each), or the paired t within clusters (both groups).

    Skipped: a group without an image, a group or stratum of it whose images are all of one cluster, a standard error
    of 0. `AnalysisError`: a group that is not among `groups`, or that is compared with itself.

    >>> model = [3.0, 4.0, 3.5, 6.0, 6.5, 7.0]
    >>> human = [4.0, 4.5, 4.0, 5.5, 6.5, 7.0]
    >>> gap = group_gap(model, human, ["Korean"] * 3 + ["Black"] * 3, "Korean", "Black")
    >>> round(gap.bias.value, 4), round(gap.bias.ci_low, 4), round(gap.bias.ci_high, 4)
    (-0.8333, -1.4877, -0.1789)
    >>> round(gap.test.statistic, 4), gap.test.df, round(gap.test.p_value, 4)
    (-3.5355, 4.0, 0.0241)
    >>> round(gap.model_effect.value, 4), round(gap.people_effect.value, 4)
    (-3.0, -2.1667)
    """
    require_level(level)
    if reference is not None and group == reference:
        raise AnalysisError(f"The group {group} is compared with itself: name another reference.")
    return _group_gap(_Rated.of(model, human, groups, strata, clusters), group, reference, level)


def group_gaps(
    model: Column,
    human: Column,
    groups: Column,
    *,
    against: Against = "pairs",
    reference: Any = None,
    strata: Column | None = None,
    clusters: Column | None = None,
    level: float = 0.95,
    order: Sequence[Any] | None = None,
) -> tuple[GroupGap, ...] | Skipped:
    """Compare all groups: each with the reference where one is named, else every pair, or each with the rest.

    For intersections pass `intersect(race, gender)` as the groups. A group whose ratings are all missing stays, with
    every entry Skipped. Skipped as a whole: all images are of one group, so nothing is there to compare. See
    `group_gap`.

    >>> gaps = group_gaps([3, 4, 6, 7, 5, 5], [4, 4, 6, 6, 5, 4], list("AABBCC"), against="rest")
    >>> [f"{gap.group} minus {gap.reference}: {gap.bias.value}" for gap in gaps]
    ['A minus all others: -1.0', 'B minus all others: 0.5', 'C minus all others: 0.5']
    """
    require_one_of(against, get_args(Against), "against")
    require_level(level)
    rated = _Rated.of(model, human, groups, strata, clusters)
    names = in_order(rated.names, order)
    if reference is not None:
        rated.inside(reference)
    if (single := _one_level(names, "groups")) is not None:
        return single
    if reference is not None:
        compared = [(name, reference) for name in names if name != reference]
    elif against == "rest":
        compared = [(name, None) for name in names]
    else:
        compared = list(combinations(names, 2))
    return tuple(_group_gap(rated, group, other, level) for group, other in compared)


def interaction_gaps(
    model: Column,
    human: Column,
    first: Column,
    second: Column,
    *,
    clusters: Column | None = None,
    level: float = 0.95,
) -> tuple[InteractionGap, ...] | Skipped:
    """Compare the gaps of one factor between the levels of another, for every pair of levels of both.

    Interval and test as in `group_gap`. Skipped as a whole: either factor has one level only.

    >>> model, human = [1, 2, 5, 6, 1, 3, 5, 6] * 9, [2, 2, 5, 4] * 18
    >>> (gap,) = interaction_gaps(model, human, ["a", "b"] * 36, ["x", "x", "y", "y"] * 18)
    >>> gap.n, gap.bias.value
    ((18, 18, 18, 18), 0.5)
    """
    require_level(level)
    rated = _Rated.of(model, human, first, second, clusters)
    for names, factor in ((rated.names, "first factor"), (rated.strata_names, "second factor")):
        if (single := _one_level(names, factor)) is not None:
            return single
    pairs_of_first, pairs_of_second = combinations(rated.names, 2), list(combinations(rated.strata_names, 2))
    return tuple(_interaction(rated, ab, xy, level) for ab in pairs_of_first for xy in pairs_of_second)


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
    group: IntArray
    names: list[Any]
    stratum: IntArray
    strata_names: list[Any]
    cluster: IntArray

    @classmethod
    def of(cls, model: Column, human: Column, groups: Column, strata: Column | None, clusters: Column | None) -> _Rated:
        n = require_aligned(model=model, human=human, groups=groups, strata=strata, clusters=clusters)
        x, y = as_floats(model, "model"), as_floats(human, "human")
        codes, names = as_codes(groups, "groups")
        of_strata, strata_names = as_codes(np.zeros(n) if strata is None else strata, "strata")
        both = ~(np.isnan(x) | np.isnan(y))
        kept = np.arange(n)[both] if clusters is None else as_codes(as_names(clusters)[both], "clusters")[0]
        return cls(x[both], y[both], codes[both], names, of_strata[both], strata_names, kept)

    def inside(self, group: Any) -> Mask:
        if group not in self.names:
            raise AnalysisError(f"No image belongs to the group {group}; there are {', '.join(map(str, self.names))}.")
        return np.asarray(self.group == self.names.index(group))

    def contrasts(self, cells: Cells, told: str, level: float) -> tuple[Outcome, Outcome, Outcome, TestOutcome]:
        """Bias, model's effect and people's effect of a contrast of cells, and the test of the bias."""
        cell = np.full(len(self.model), -1)
        for number, (_, where, _) in enumerate(cells):
            cell[where] = number
        kept = cell >= 0
        names, _, weights = zip(*cells, strict=True)
        design = ContrastDesign.of(cell[kept], np.array(weights), self.cluster[kept], names)
        model, human = self.model[kept], self.human[kept]
        name = "difference-in-differences, model minus people"
        bias, test = outcomes(design, model - human, f"{name}, {told}", level)
        model_effect, _ = outcomes(design, model, f"model's group effect, {told}", level)
        people_effect, _ = outcomes(design, human, f"people's group effect, {told}", level)
        return bias, model_effect, people_effect, test


def _one_level(names: Sequence[Any], what: str) -> Skipped | None:
    if len(names) > 1:
        return None
    of = f"all images are of {names[0]}" if names else "there is no image"
    return Skipped(f"{of}: the {what} must differ to be compared")


def _group_gap(rated: _Rated, group: Any, reference: Any, level: float) -> GroupGap:
    inside = rated.inside(group)
    outside = ~inside if reference is None else rated.inside(reference)
    name = REST if reference is None else reference
    counts = int(inside.sum()), int(outside.sum())
    if 0 in counts:
        empty = Skipped(f"no image rated by both in {group if counts[0] == 0 else name}")
        return GroupGap(group, name, *counts, empty, empty, empty, empty)
    cells = _cells(rated, inside, outside, str(group), str(name))
    if not cells:
        apart = Skipped(f"{group} and {name} have no stratum in common")
        return GroupGap(group, name, *counts, apart, apart, apart, apart)
    over = f", mean over {len(cells) // 2} strata" if len(cells) > 2 else ""
    bias, of_model, of_people, test = rated.contrasts(cells, f"{group} minus {name}{over}", level)
    return GroupGap(group, name, *counts, bias, of_model, of_people, test)


def _cells(rated: _Rated, inside: Mask, outside: Mask, group: str, reference: str) -> Cells:
    """Both groups in every stratum they share, each stratum's difference weighing the same."""
    there = [(stratum, rated.stratum == number) for number, stratum in enumerate(rated.strata_names)]
    shared = [(s, inside & at, outside & at) for s, at in there if (inside & at).any() and (outside & at).any()]
    share, several = 1 / max(len(shared), 1), len(rated.strata_names) > 1
    found: list[tuple[str, Mask, float]] = []
    for stratum, first, second in shared:
        told = f" in {stratum}" if several else ""
        found += [(f"{group}{told}", first, share), (f"{reference}{told}", second, -share)]
    return found


def _interaction(rated: _Rated, ab: tuple[Any, Any], xy: tuple[Any, Any], level: float) -> InteractionGap:
    signs = (1.0, -1.0, -1.0, 1.0)
    at = [(name, rated.stratum == rated.strata_names.index(name)) for name in xy]
    places = [(f"{of} in {name}", rated.inside(of) & there) for name, there in at for of in ab]
    n = tuple(int(where.sum()) for _, where in places)
    counts = (n[0], n[1], n[2], n[3])
    if 0 in counts:
        empty = Skipped("a cell of the interaction has no image rated by both")
        return InteractionGap(ab, xy, counts, empty, empty, empty, empty)
    cells = [(name, where, sign) for (name, where), sign in zip(places, signs, strict=True)]
    told = f"({ab[0]} minus {ab[1]}) at {xy[0]} minus the same at {xy[1]}"
    bias, of_model, of_people, test = rated.contrasts(cells, told, level)
    return InteractionGap(ab, xy, counts, bias, of_model, of_people, test)
