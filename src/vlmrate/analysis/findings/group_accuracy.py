"""Findings on accuracy between groups: on whose faces a rater is right more often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, Severity, holds, in_points, leaves_out
from vlmrate.apa import decimal
from vlmrate.stats import Adjusted, Estimate, Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.group_accuracy import AccuracyGap, ItemGroupAccuracy, RaterGroupAccuracy

TWICE, FOUR_FIFTHS = 2.0, 1.25
"""Ratios of accuracies, whichever way round, from which on a finding is large and moderate (four fifths: the rule of
thumb for adverse impact of the US Uniform Guidelines on Employee Selection Procedures, 1978)."""


def group_accuracy_findings(items: tuple[ItemGroupAccuracy, ...] | Skipped) -> Iterator[Finding]:
    """Every ratio of accuracies that its interval and its corrected test tell from 1."""
    if isinstance(items, Skipped):
        return
    for item in items:
        for rater in () if isinstance(item.raters, Skipped) else item.raters:
            for gap in () if isinstance(rater.gaps, Skipped) else rater.gaps:
                yield from _gap(item.item, rater, gap)


def _gap(item: str, rater: RaterGroupAccuracy, gap: AccuracyGap) -> Iterator[Finding]:
    ratio, adjusted = gap.ratio, gap.holm
    if not (
        isinstance(ratio, Estimate) and isinstance(adjusted, Adjusted) and holds(adjusted) and leaves_out(ratio, 1)
    ):
        return
    what = "all" if gap.label is None else gap.label
    sentence = (
        f"{rater.rater} gives the intended {item} {decimal(ratio.value, 2)} times as often to {what} images of "
        f"{gap.group} as to those of {gap.reference} ({in_points(ratio)}); d' and criterion say whether it sees or "
        f"only says the difference."
    )
    test = gap.test if isinstance(gap.test, TestResult) else None
    severity = _severity(ratio.value)
    yield Finding(rater.rater, item, "group accuracy", severity, sentence, ratio, test, adjusted, "accuracy-ratios")


def _severity(ratio: float) -> Severity:
    apart = max(ratio, 1 / ratio) if ratio > 0 else TWICE
    if apart >= TWICE:
        return "large"
    return "moderate" if apart > FOUR_FIFTHS else "small"
