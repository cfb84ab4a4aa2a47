"""How often a rater gives the intended label, and where it goes when it does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.asked import NO_LABELS, asked
from vlmrate.stats import Estimate, KappaIdentity, Pathway, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.analysis.data import LabelAnswers, Material
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class Confusion:
    """Images by intended label (rows, as `labels`) and answer (columns, as `answers`, the last one "invalid")."""

    labels: tuple[str, ...]
    answers: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class RaterClassification:
    """One rater's agreement with the intended labels; an invalid answer is an error.

    `kappa_check` holds kappa against the one that accuracy implies; Skipped where the design is not balanced.
    """

    rater: str
    scores: stats.Classification | Skipped
    confusion: Confusion
    pathways: tuple[Pathway, ...]
    kappa_check: KappaIdentity | Skipped

    @property
    def images(self) -> int:
        """Number of images rated, with or without a valid answer."""
        return sum(map(sum, self.confusion.counts))


@dataclass(frozen=True, slots=True)
class ItemClassification:
    """All raters on one item with intended labels, best kappa first."""

    item: str
    labels: tuple[str, ...]
    raters: tuple[RaterClassification, ...] | Skipped


def classifications(material: Material) -> tuple[ItemClassification, ...] | Skipped:
    """Classification for each item that is answered with labels."""
    if not material.label_items:
        return NO_LABELS
    return tuple(_item(material, item) for item in material.label_items)


def _item(material: Material, item: Item) -> ItemClassification:
    labels = item.scale.options if isinstance(item.scale, Labels) else ()
    if item.intended is None:
        return ItemClassification(item.name, labels, Skipped(f"the study names no intended answers to {item.name}"))
    raters = asked(material, item)
    if isinstance(raters, Skipped):
        return ItemClassification(item.name, labels, raters)
    told = (_rater(material, material.labels(rater, item), labels) for rater in raters)
    return ItemClassification(item.name, labels, tuple(sorted(told, key=_by_kappa)))


def _rater(material: Material, given: LabelAnswers, labels: tuple[str, ...]) -> RaterClassification:
    scores = stats.classification(
        given.intended, given.answer, labels, clusters=given.clusters, bootstrap=material.bootstrap
    )
    counts = stats.confusion(given.intended, given.answer, labels)
    return RaterClassification(
        rater=given.rater,
        scores=scores,
        confusion=_confusion(counts),
        pathways=stats.error_pathways(counts),
        kappa_check=_kappa_check(scores, counts),
    )


def _confusion(counts: pd.DataFrame) -> Confusion:
    rows = tuple(tuple(int(cell) for cell in row) for row in counts.to_numpy())
    return Confusion(tuple(map(str, counts.index)), tuple(map(str, counts.columns)), rows)


def _kappa_check(scores: stats.Classification | Skipped, counts: pd.DataFrame) -> KappaIdentity | Skipped:
    if isinstance(scores, Skipped):
        return scores
    if counts.sum(axis=1).nunique() != 1:
        return Skipped("the intended labels are not equally frequent among the images rated")
    if isinstance(scores.accuracy, Skipped):
        return scores.accuracy
    if isinstance(scores.kappa, Skipped):
        return scores.kappa
    invalid_share = 1 - scores.n_valid / scores.n
    return stats.kappa_identity(scores.accuracy.value, scores.kappa.value, len(counts), invalid_share=invalid_share)


def _by_kappa(entry: RaterClassification) -> tuple[float, str]:
    kappa = entry.scores if isinstance(entry.scores, Skipped) else entry.scores.kappa
    return (-kappa.value if isinstance(kappa, Estimate) else math.inf, entry.rater)
