"""Findings on groups: whom a rater rates higher or lower than it should, people being the measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, holds, in_points, leaves_out, of_range
from vlmrate.apa import decimal
from vlmrate.stats import Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vlmrate.analysis.group_bias import GroupBiasOf, ItemGroupBias


def group_findings(
    items: tuple[ItemGroupBias, ...] | Skipped, scales: Mapping[str, tuple[int, int]]
) -> Iterator[Finding]:
    """Every bias between two groups that its interval and its corrected test tell from none."""
    if isinstance(items, Skipped):
        return
    for item in items:
        for gap in () if isinstance(item.raters, Skipped) else item.raters:
            yield from _gap(item.item, gap, scales[item.item])


def _gap(item: str, found: GroupBiasOf, scale: tuple[int, int]) -> Iterator[Finding]:
    if isinstance(found.gap, Skipped):
        return
    bias, adjusted, test = found.gap.bias, found.holm, found.gap.test
    if isinstance(bias, Skipped) or isinstance(adjusted, Skipped) or not holds(adjusted) or not leaves_out(bias, 0):
        return
    side = "higher" if bias.value > 0 else "lower"
    sentence = (
        f"Compared with people, {found.rater} rates the {item} of {found.gap.group} "
        f"{decimal(abs(bias.value), 2)} points {side} than that of {found.gap.reference} ({in_points(bias)})."
    )
    told = test if isinstance(test, TestResult) else None
    severity = of_range(bias.value, *scale)
    yield Finding(found.rater, item, "groups", severity, sentence, bias, told, adjusted, "bias-groups")
