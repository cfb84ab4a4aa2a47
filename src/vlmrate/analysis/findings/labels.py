"""Findings on the labels a rater gives: how often the intended one, and what it gives instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, Severity, in_per_cent, per_cent
from vlmrate.apa import bounded
from vlmrate.stats import INVALID, Estimate, Skipped, wilson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.classification import ItemClassification, RaterClassification
    from vlmrate.stats import Pathway

LARGE, MODERATE = 0.5, 0.25
"""Shares of a label's images given one and the same wrong answer, more often than by chance."""


def label_findings(items: tuple[ItemClassification, ...] | Skipped, level: float) -> Iterator[Finding]:
    """How often each rater is right, and every error that at least a quarter of a label's images meet."""
    if isinstance(items, Skipped):
        return
    for item in items:
        for rater in () if isinstance(item.raters, Skipped) else item.raters:
            yield from _rater(item, rater, level)


def _rater(item: ItemClassification, rater: RaterClassification, level: float) -> Iterator[Finding]:
    if isinstance(rater.scores, Skipped):
        return
    accuracy, kappa = rater.scores.accuracy, rater.scores.kappa
    if isinstance(accuracy, Estimate):
        words = f"; kappa is {bounded(kappa.value, 2)}" if isinstance(kappa, Estimate) else ""
        sentence = (
            f"{rater.rater} gives the intended {item.item} in {per_cent(accuracy.value)} of {accuracy.n:,} images "
            f"({in_per_cent(accuracy)}){words}."
        )
        table = "classification"
        yield Finding(rater.rater, item.item, "label", "note", sentence, accuracy, None, None, table)
    for pathway in rater.pathways:
        yield from _pathway(item, rater.rater, pathway, level)


def _pathway(item: ItemClassification, rater: str, pathway: Pathway, level: float) -> Iterator[Finding]:
    share = wilson(pathway.of_truth.numerator, pathway.of_truth.denominator, level, name=pathway.of_truth.scope)
    # By its lower limit: one of four images is no pathway.
    if isinstance(share, Skipped) or share.ci_low < 1 / len(item.labels) or pathway.answer == INVALID:
        return
    if share.value < MODERATE:
        return
    severity: Severity = "large" if share.value >= LARGE else "moderate"
    sentence = (
        f"{rater} answers {pathway.answer} to {per_cent(share.value)} of the {pathway.truth} images "
        f"({pathway.count:,} of {pathway.of_truth.denominator:,}; {in_per_cent(share)})."
    )
    yield Finding(rater, item.item, "label", severity, sentence, share, None, None, "pathways")
