"""The bias profile: where each rater is off, by emotion and by group, and which differences hold after correction.

Every place is told twice: the bias itself (rater minus people), and how far it lies from the rater's bias over all
images, for a rater that rates everything a point too high is not off in any one place. Both are in scale points; the
latter also in per cent of the scale's range, so that items can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from vlmrate import stats
from vlmrate.analysis.asked import asked_beside_people, rated_scales
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.analysis.groups import RatedByBoth, group_factors
from vlmrate.stats import Estimate, Outcome, Skipped, TestResult
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.analysis.data import Material
    from vlmrate.analysis.group_bias import GroupBiasOf, ItemGroupBias
    from vlmrate.analysis.groups import GroupFactor
    from vlmrate.stats import ResampledSums
    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.bootstrap import SumsStatistic
    from vlmrate.study.records import Item

Cell: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """The bias in one emotion or in one group; `factor` is the column that `level` belongs to.

    `centred` is the bias there less the rater's bias: for an emotion, less the mean over emotions; for a group, the
    mean over the emotions it shows of its bias less everyone's in that emotion. `percent` is the same in per cent of
    the scale's range.
    """

    kind: Literal["emotion", "group"]
    factor: str
    level: str
    n: int
    bias: Outcome
    centred: Outcome
    percent: Outcome


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """A difference in bias between two groups that holds after Holm's correction over `family_size` tests."""

    factor: str
    group: str
    reference: str
    bias: Estimate
    percent: Estimate
    p_adjusted: float
    family_size: int


@dataclass(frozen=True, slots=True)
class RaterProfile:
    """One rater's profile: its bias over all images, and where it lies furthest from that, furthest first.

    `differences` are those between groups that hold, largest first; `tested` is how many of this rater were tested.
    """

    rater: str
    overall: Outcome
    entries: tuple[ProfileEntry, ...]
    differences: tuple[GroupDifference, ...]
    tested: int


@dataclass(frozen=True, slots=True)
class ItemProfile:
    """All raters on one item, whose scale runs over `scale_range` points (1 to 9: 8)."""

    item: str
    scale_range: int
    raters: tuple[RaterProfile, ...] | Skipped


def profiles(material: Material, group_bias: tuple[ItemGroupBias, ...] | Skipped) -> tuple[ItemProfile, ...] | Skipped:
    """The profiles for each item that is answered with a number; `group_bias` holds the tests between groups."""
    if not material.study.factors.groups and material.images.emotion is None:
        return Skipped(f"{NO_EMOTION.reason} and no factor of groups")
    if isinstance(items := rated_scales(material), Skipped):
        return items
    gaps = () if isinstance(group_bias, Skipped) else group_bias
    return tuple(_item(material, item, [of for of in gaps if of.item == item.name]) for item in items)


def _item(material: Material, item: Item, gaps: Sequence[ItemGroupBias]) -> ItemProfile:
    scale_range = item.scale.high - item.scale.low if isinstance(item.scale, Likert) else 0
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemProfile(item.name, scale_range, raters)
    found = [gap for of in gaps if not isinstance(of.raters, Skipped) for gap in of.raters]
    sizes = [of.family_size for of in gaps]
    told = []
    for rater in raters:
        rated = RatedByBoth.of(material, material.scale(rater, item))
        own = [gap for gap in found if gap.rater == rater.name]
        held = _held(own, sizes[0] if sizes else 0, scale_range, material.bootstrap.level)
        tested = sum(isinstance(gap.gap.test, TestResult) for gap in own)
        told.append(_rater(material, rated, scale_range, held, tested))
    return ItemProfile(item.name, scale_range, tuple(told))


def _held(gaps: Sequence[GroupBiasOf], family_size: int, scale_range: int, level: float) -> tuple[GroupDifference, ...]:
    told = []
    for gap in gaps:
        bias, holm = gap.gap.bias, gap.holm
        if isinstance(bias, Estimate) and not isinstance(holm, Skipped) and holm.p_adjusted < 1 - level:
            groups = gap.factor, str(gap.gap.group), str(gap.gap.reference)
            percent = _percent(bias, scale_range)
            told.append(GroupDifference(*groups, bias, percent, holm.p_adjusted, family_size))
    return tuple(sorted(told, key=lambda difference: -abs(difference.bias.value)))


def _percent(estimate: Estimate, scale_range: int) -> Estimate:
    value, low, high = (100 * end / scale_range for end in (estimate.value, estimate.ci_low, estimate.ci_high))
    return Estimate(value, low, high, estimate.level, estimate.n, f"{estimate.method}, in per cent of the range")


def _rater(
    material: Material,
    rated: RatedByBoth,
    scale_range: int,
    differences: tuple[GroupDifference, ...],
    tested: int,
) -> RaterProfile:
    overall = stats.mean_difference_bootstrap(
        rated.value, rated.people, clusters=rated.clusters, bootstrap=material.bootstrap
    )
    cells = _Cells.of(material, rated)
    emotion, emotions = material.study.factors.emotion, material.images.emotions
    entries = [] if emotion is None else [cells.of_emotion(emotion, level, scale_range) for level in emotions]
    for factor in group_factors(material):
        entries += [cells.of_group(factor, level, scale_range) for level in factor.levels]
    ranked = tuple(sorted(entries, key=_nearness))
    return RaterProfile(rated.rater, overall, ranked, differences, tested)


def _nearness(entry: ProfileEntry) -> float:
    """Smallest for the place furthest from the rater's own bias; places without a number come last.

    Rounded, for two groups lie equally far, and which comes first must not hang on their last bit.
    """
    return -round(abs(entry.centred.value), 9) if isinstance(entry.centred, Estimate) else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Images and summed differences of every emotion, and of every emotion in every group, from one draw.

    A cell is (factor, level, emotion), or ("", "", emotion) for all groups together. `column` is where its number of
    images stands among the totals, the sum of their differences being next to it; `n` are its images.
    """

    drawn: ResampledSums | Skipped
    column: Mapping[Cell, int]
    n: Mapping[Cell, int]
    strata: tuple[str, ...]

    @classmethod
    def of(cls, material: Material, rated: RatedByBoth) -> _Cells:
        inside = {("", "", name): (rated.stratum == name).to_numpy() for name in rated.strata}
        for factor in group_factors(material):
            levels = rated.levels(factor)
            for level in factor.levels:
                of_level = (levels == level).to_numpy()
                inside |= {(factor.name, level, name): of_level & inside["", "", name] for name in rated.strata}
        difference = rated.difference.to_numpy()
        sums = [column for where in inside.values() for column in (where, where * difference)]
        drawn: ResampledSums | Skipped = Skipped("no image was rated by both")
        if sums:
            table = np.column_stack(sums).astype(np.float64)
            drawn = stats.resample_sums(table, clusters=rated.clusters, bootstrap=material.bootstrap)
        column = {cell: 2 * place for place, cell in enumerate(inside)}
        return cls(drawn, column, {cell: int(where.sum()) for cell, where in inside.items()}, rated.strata)

    def of_emotion(self, name: str, level: str, scale_range: int) -> ProfileEntry:
        """The bias in an emotion, and how far it lies from the mean over emotions."""
        cells = [("", "", level)] if level in self.strata else []
        others = [("", "", other) for other in self.strata]
        alone = Skipped(f"the images rated by both show one emotion, {level}") if len(self.strata) == 1 else None

        def centred(totals: FloatArray) -> FloatArray:
            everywhere = np.mean([self._mean(totals, [cell]) for cell in others], axis=0)
            return np.asarray(self._mean(totals, cells) - everywhere)

        return self._entry("emotion", name, level, cells, centred, alone, scale_range)

    def of_group(self, factor: GroupFactor, level: str, scale_range: int) -> ProfileEntry:
        """The bias in a group, and how far it lies from everyone's in the same emotions."""
        cells = [cell for name in self.strata if self.n[cell := (factor.name, level, name)]]

        def centred(totals: FloatArray) -> FloatArray:
            pairs = [(cell, ("", "", cell[2])) for cell in cells]
            apart = [self._mean(totals, [own]) - self._mean(totals, [everyone]) for own, everyone in pairs]
            return np.asarray(np.mean(apart, axis=0))

        return self._entry("group", factor.name, level, cells, centred, factor.alone(), scale_range)

    def _mean(self, totals: FloatArray, cells: Sequence[Cell]) -> FloatArray:
        """Mean difference over the images of some cells, one a resample."""
        at = np.array([self.column[cell] for cell in cells])
        mean: FloatArray = totals[:, at + 1].sum(axis=1) / totals[:, at].sum(axis=1)
        return mean

    def _entry(
        self,
        kind: Literal["emotion", "group"],
        factor: str,
        level: str,
        cells: Sequence[Cell],
        centred: SumsStatistic,
        alone: Skipped | None,
        scale_range: int,
    ) -> ProfileEntry:
        if not cells or isinstance(self.drawn, Skipped):
            why = self.drawn if isinstance(self.drawn, Skipped) else Skipped(f"no image rated by both in {level}")
            return ProfileEntry(kind, factor, level, 0, why, why, why)
        n = sum(self.n[cell] for cell in cells)
        name = f"mean of rater minus people in {level}"
        bias = self.drawn.estimate(lambda totals: self._mean(totals, cells), name=name, n=n)
        apart = alone or self.drawn.estimate(centred, name=f"{name}, less the rater's bias", n=n)
        percent = apart if isinstance(apart, Skipped) else _percent(apart, scale_range)
        return ProfileEntry(kind, factor, level, n, bias, apart, percent)
