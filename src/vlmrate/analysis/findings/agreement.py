"""Findings on agreement with people: the correlation beside what people reach, and what is left within emotions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, Severity, in_bounds
from vlmrate.analysis.lookup import of_item
from vlmrate.apa import bounded
from vlmrate.stats import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.dimensions import ItemDimension, RaterDimension
    from vlmrate.analysis.reliability import ItemReliability

WEAK, FAIR = 0.3, 0.5
"""Correlations within emotions below these are large and moderate findings."""


def agreement_findings(
    items: tuple[ItemDimension, ...] | Skipped, people: tuple[ItemReliability, ...] | Skipped
) -> Iterator[Finding]:
    """Each rater's r with people beside one person's and the ceiling, and what of it lies within emotions."""
    if isinstance(items, Skipped):
        return
    for item in items:
        of_people = of_item(people, item.item)
        for rater in () if isinstance(item.raters, Skipped) else item.raters:
            yield from _overall(item.item, rater, of_people)
            yield from _within(item.item, rater)


def _overall(item: str, rater: RaterDimension, people: ItemReliability | Skipped) -> Iterator[Finding]:
    if not isinstance(rater.r, Estimate):
        return
    beside: tuple[str, ...] = ()
    if not isinstance(people, Skipped):
        beside = (_told("one person reaches", people.one_person.r), _told("the ceiling is", people.ceiling))
    words = " and ".join(part for part in beside if part)
    sentence = (
        f"In {item}, {rater.rater} follows people's means with r = {bounded(rater.r.value)} ({in_bounds(rater.r)})"
        f"{f'; {words}' if words else ''}."
    )
    yield Finding(rater.rater, item, "agreement", "note", sentence, rater.r, None, None, "agreement")


def _told(words: str, value: Outcome) -> str:
    return f"{words} {bounded(value.value)}" if isinstance(value, Estimate) else ""


def _within(item: str, rater: RaterDimension) -> Iterator[Finding]:
    within = rater.r_within
    if not isinstance(within, Estimate) or within.ci_high >= FAIR:
        return
    severity: Severity = "large" if within.ci_high < WEAK else "moderate"
    sentence = (
        f"Within an emotion, {rater.rater}'s {item} follows people's means with only r = {bounded(within.value)} "
        f"({in_bounds(within)}){_overall_beside(rater, within)}."
    )
    yield Finding(rater.rater, item, "agreement", severity, sentence, within, None, None, "agreement")


def _overall_beside(rater: RaterDimension, within: Estimate) -> str:
    """How much higher r is over all images, where it is: that part comes from telling emotions apart."""
    if not isinstance(rater.r, Estimate) or rater.r.ci_low <= max(within.ci_high, 0):
        return ""
    return f"; over all images, which differ in emotion, r is {bounded(rater.r.value)}"
