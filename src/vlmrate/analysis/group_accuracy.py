"""How often a rater gives the intended label in each group of people shown, and whether it sees or says the difference.

Unequal accuracy has two causes. A rater may see an expression worse in one group (d'), or it may only answer that label
less readily there (criterion), which raises its accuracy on other labels. Both stand beside the ratio of accuracies, as
do the errors that each group meets most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.analysis.asked import NO_LABELS, NO_TEST, asked
from vlmrate.analysis.groups import NO_GROUPS, group_factors
from vlmrate.stats import Adjusted, Outcome, Pathway, Share, Skipped, TestOutcome
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from vlmrate.analysis.data import LabelAnswers, Material, RaterRun
    from vlmrate.analysis.groups import GroupFactor
    from vlmrate.stats._arrays import FloatArray
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class LabelInGroup:
    """How one label fared in one group: images of it answered rightly, and d' and criterion against all others."""

    label: str
    correct: Share
    accuracy: Outcome
    d_prime: Outcome
    criterion: Outcome


@dataclass(frozen=True, slots=True)
class GroupScores:
    """A rater's answers to the images of one group; `pathways` are its errors, most frequent first."""

    level: str
    correct: Share
    accuracy: Outcome
    labels: tuple[LabelInGroup, ...]
    pathways: tuple[Pathway, ...]


@dataclass(frozen=True, slots=True)
class AccuracyGap:
    """The first group beside the second on one label; `label` is None over all, each label weighing alike.

    `ratio` is the first's accuracy over the second's, `test` that of equal accuracies. `d_prime` and `criterion` are
    first minus second, None over all labels.
    """

    label: str | None
    group: str
    reference: str
    ratio: Outcome
    test: TestOutcome
    holm: Adjusted | Skipped
    d_prime: Outcome | None
    criterion: Outcome | None


@dataclass(frozen=True, slots=True)
class RaterGroupAccuracy:
    """One rater and one factor of groups: every level, and every two levels compared."""

    rater: str
    factor: str
    groups: tuple[GroupScores, ...]
    gaps: tuple[AccuracyGap, ...] | Skipped


@dataclass(frozen=True, slots=True)
class ItemGroupAccuracy:
    """All raters on one item; the tests over all labels are one family, those within labels another."""

    item: str
    labels: tuple[str, ...]
    family: str
    family_size: int
    label_family: str
    label_family_size: int
    raters: tuple[RaterGroupAccuracy, ...] | Skipped


def group_accuracies(material: Material) -> tuple[ItemGroupAccuracy, ...] | Skipped:
    """Accuracy by group for each item that is answered with labels."""
    if not material.study.factors.groups:
        return NO_GROUPS
    if not material.label_items:
        return NO_LABELS
    return tuple(_item(material, item) for item in material.label_items)


def _item(material: Material, item: Item) -> ItemGroupAccuracy:
    labels = item.scale.options if isinstance(item.scale, Labels) else ()
    names = (
        f"accuracy between groups in {item.name} over all labels, all raters and factors",
        f"accuracy between groups in {item.name} within labels, all raters and factors",
    )
    raters = asked(material, item)
    if item.intended is None:
        raters = Skipped(f"the study names no intended answers to {item.name}")
    if isinstance(raters, Skipped):
        return ItemGroupAccuracy(item.name, labels, names[0], 0, names[1], 0, raters)
    factors = group_factors(material)
    found = [_rater(material, rater, item, factor, labels) for rater in raters for factor in factors]
    overall = stats.Family.of(names[0], _tests(found, within=False))
    within = stats.Family.of(names[1], _tests(found, within=True))
    holm = {adjusted.test: adjusted for family in (overall, within) for adjusted in stats.holm(family)}
    told_raters = tuple(_corrected(entry, holm) for entry in found)
    return ItemGroupAccuracy(item.name, labels, names[0], overall.size, names[1], within.size, told_raters)


def _rater(
    material: Material, rater: RaterRun, item: Item, factor: GroupFactor, labels: tuple[str, ...]
) -> RaterGroupAccuracy:
    given = material.labels(rater, item)
    levels = factor.of_image.reindex(given.answer.index)
    groups = tuple(_group(material, given, levels == level, level, labels) for level in factor.levels)
    alone = factor.alone()
    if alone is not None:
        return RaterGroupAccuracy(rater.name, factor.name, groups, alone)
    gaps = _Gaps(material, given, levels, labels)
    told = (gap for one, other in factor.pairs for gap in gaps.between(one, other))
    return RaterGroupAccuracy(rater.name, factor.name, groups, tuple(told))


def _group(
    material: Material, given: LabelAnswers, inside: pd.Series[bool], level: str, labels: tuple[str, ...]
) -> GroupScores:
    truth, answer, clusters = given.intended[inside], given.answer[inside], given.clusters[inside]
    n, right = len(truth), int((truth == answer).sum())
    correct = Share(right, n, f"images of {level}")
    if n == 0:
        why = Skipped(f"the rater rated no image of {level}")
        none = tuple(LabelInGroup(label, Share(0, 0, _images_of(label, level)), why, why, why) for label in labels)
        return GroupScores(level, correct, why, none, ())
    scores = stats.classification(truth, answer, labels, clusters=clusters, bootstrap=material.bootstrap)
    seen = stats.detection(truth, answer, labels, clusters=clusters, bootstrap=material.bootstrap)
    recalls = (scores,) * len(labels) if isinstance(scores, Skipped) else tuple(s.recall for s in scores.labels)
    return GroupScores(
        level=level,
        correct=correct,
        accuracy=scores if isinstance(scores, Skipped) else scores.accuracy,
        labels=tuple(
            LabelInGroup(of.label, Share(of.hits, of.n_signal, _images_of(of.label, level)), recall, of.d_prime,
                         of.criterion)
            for of, recall in zip(seen, recalls, strict=True)
        ),
        pathways=stats.error_pathways(stats.confusion(truth, answer, labels)),
    )  # fmt: skip


def _images_of(label: str, level: str) -> str:
    return f"images of {level} whose true label is '{label}'"


@dataclass(frozen=True, slots=True, eq=False)
class _Gaps:
    """One rater's answers, ready to be compared between any two levels of a factor."""

    material: Material
    given: LabelAnswers
    levels: pd.Series[str]
    labels: tuple[str, ...]

    def between(self, group: str, reference: str) -> Iterator[AccuracyGap]:
        """The gap over all labels, then that of each."""
        for level in (group, reference):
            if not (self.levels == level).any():
                why = Skipped(f"the rater rated no image of {level}")
                for label in (None, *self.labels):
                    seen = None if label is None else why
                    yield AccuracyGap(label, group, reference, why, why, NO_TEST, seen, seen)
                return
        yield AccuracyGap(None, group, reference, *self._overall(group, reference), NO_TEST, None, None)
        seen_gaps = stats.detection_gaps(
            self.given.intended,
            self.given.answer,
            self.labels,
            self.levels,
            group,
            reference,
            clusters=self.given.clusters,
            bootstrap=self.material.bootstrap,
        )
        for gap in seen_gaps:
            ratio, test = self._of_label(gap.label, group, reference)
            yield AccuracyGap(gap.label, group, reference, ratio, test, NO_TEST, gap.d_prime, gap.criterion)

    @property
    def _right(self) -> pd.Series[bool]:
        return self.given.intended == self.given.answer

    def _of_label(self, label: str, group: str, reference: str) -> tuple[Outcome, TestOutcome]:
        """By the score method where no cluster has two of the images, else by clusters."""
        kept = (self.given.intended == label) & self.levels.isin([group, reference])
        right, levels, clusters = self._right[kept], self.levels[kept], self.given.clusters[kept]
        sizes = [int((levels == level).sum()) for level in (group, reference)]
        if 0 in sizes:
            empty = Skipped(f"no image of {(group, reference)[sizes.index(0)]} whose true label is '{label}'")
            return empty, empty
        if not clusters.duplicated().any():
            counts = [int(right[levels == level].sum()) for level in (group, reference)]
            return stats.accuracy_ratio_score(
                counts[0], sizes[0], counts[1], sizes[1], level=self.material.bootstrap.level
            )
        ratio = stats.accuracy_ratio_bootstrap(
            right, levels, group, reference, clusters=clusters, bootstrap=self.material.bootstrap
        )
        if (constant := _without_variance(right, levels, (group, reference))) is not None:
            return ratio, constant
        zeros = np.zeros(len(right))
        return ratio, stats.group_gap(right, zeros, levels, group, reference, clusters=clusters).test

    def _overall(self, group: str, reference: str) -> tuple[Outcome, TestOutcome]:
        """Over the labels that both groups have images of, each weighing alike: a mix of emotions makes no gap."""
        inside = [self.levels == level for level in (group, reference)]
        shared = [
            label for label in self.labels if all((self.given.intended[there] == label).any() for there in inside)
        ]
        if not shared:
            apart = Skipped(f"{group} and {reference} share no label")
            return apart, apart
        kept = (inside[0] | inside[1]) & self.given.intended.isin(shared)
        right, clusters = self._right[kept], self.given.clusters[kept]
        test = (
            _without_variance(right, self.levels[kept], (group, reference))
            or stats.group_gap(
                right,
                np.zeros(len(right)),
                self.levels[kept],
                group,
                reference,
                strata=self.given.intended[kept],
                clusters=clusters,
            ).test
        )
        if right.all() or not right.any():
            return Skipped(f"{'every' if right.all() else 'no'} answer is right in {group} and {reference}"), test
        cells = [there[kept] & (self.given.intended[kept] == label) for there in inside for label in shared]
        sums = np.column_stack([column for cell in cells for column in (cell, cell & right)]).astype(np.float64)
        ratio = stats.bootstrap_sums(
            sums,
            _ratio_of_means,
            name=f"ratio of accuracies, {group} over {reference}, each label weighing alike",
            clusters=clusters,
            bootstrap=self.material.bootstrap,
        )
        return ratio, test


def _without_variance(right: pd.Series[bool], levels: pd.Series[str], groups: tuple[str, str]) -> Skipped | None:
    """Why a t test says nothing: a group whose answers are all right, or all wrong, seems to have no error at all."""
    for group in groups:
        of_group = right[levels == group]
        if of_group.nunique() == 1:
            which = "every" if of_group.all() else "no"
            return Skipped(f"{which} answer is right in {group}, so the error of its accuracy cannot be estimated")
    return None


def _ratio_of_means(totals: FloatArray) -> FloatArray:
    """From images and right answers of each label, first group's labels first."""
    shares = totals[:, 1::2] / totals[:, 0::2]
    first, second = np.split(shares, 2, axis=1)
    over = second.mean(axis=1)
    return np.where(over > 0, first.mean(axis=1) / over, np.nan)


def _tests(found: Sequence[RaterGroupAccuracy], *, within: bool) -> dict[str, TestOutcome]:
    return {
        _name(entry, gap): gap.test for entry in found for gap in _gaps_of(entry) if (gap.label is not None) == within
    }


def _gaps_of(entry: RaterGroupAccuracy) -> tuple[AccuracyGap, ...]:
    return () if isinstance(entry.gaps, Skipped) else entry.gaps


def _corrected(entry: RaterGroupAccuracy, holm: Mapping[str, Adjusted]) -> RaterGroupAccuracy:
    if isinstance(entry.gaps, Skipped):
        return entry
    gaps = tuple(replace(gap, holm=holm.get(_name(entry, gap), gap.holm)) for gap in entry.gaps)
    return replace(entry, gaps=gaps)


def _name(entry: RaterGroupAccuracy, gap: AccuracyGap) -> str:
    return f"{entry.rater}, {entry.factor}: {gap.group} against {gap.reference}, {gap.label or 'all labels'}"
