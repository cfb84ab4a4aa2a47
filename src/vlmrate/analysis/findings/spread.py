"""Findings on spread: numbers recited instead of rated, and scales stretched beyond what people use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, Severity, in_bounds, in_points, leaves_out
from vlmrate.analysis.lookup import of_item, of_rater
from vlmrate.apa import bounded, decimal
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.decoding import ItemDecoding, RaterDecoding
    from vlmrate.analysis.variance import ItemSpread, RaterSpread, RaterSpreadIn

TWICE, WIDER = 2.0, 1.25
"""Ratios of the rater's SD to that of people's image means, over all images; the same the other way round."""
LARGE_SHARE = 0.5
"""Collapse in at least this share of the emotions is a large finding."""


def spread_findings(
    items: tuple[ItemSpread, ...] | Skipped, decoding: tuple[ItemDecoding, ...] | Skipped
) -> Iterator[Finding]:
    """Collapse within emotions, where it lies, and a scale stretched or compressed over all images."""
    if isinstance(items, Skipped):
        return
    for item in items:
        for rater in () if isinstance(item.raters, Skipped) else item.raters:
            yield from _stretched(item.item, rater)
            entries = of_item(decoding, item.item)
            found = entries if isinstance(entries, Skipped) else of_rater(entries.raters, rater.rater)
            if not isinstance(found, Skipped):
                yield from _collapsed(item.item, rater, found)
                yield from _weighted(item.item, found)


def _stretched(item: str, rater: RaterSpread) -> Iterator[Finding]:
    ratio = rater.overall.ratios.image_means
    if isinstance(ratio, Skipped) or not leaves_out(ratio, 1) or 1 / WIDER < ratio.value < WIDER:
        return
    far = ratio.value >= TWICE or ratio.value <= 1 / TWICE
    severity: Severity = "large" if far else "moderate"
    sentence = (
        f"{rater.rater} spreads {item} over all images {decimal(ratio.value, 2)} times as widely as people's means do "
        f"({in_points(ratio)})."
    )
    yield Finding(rater.rater, item, "spread", severity, sentence, ratio, None, None, "sd-ratios")


def _collapsed(item: str, rater: RaterSpread, found: RaterDecoding) -> Iterator[Finding]:
    """One finding an item: the emotion in which the spread is least beside one person's, and in how many it is so."""
    if isinstance(found.collapse, Skipped) or isinstance(rater.emotions, Skipped):
        return
    collapsed = {entry.emotion for entry in found.collapse if entry.verdict == "collapsed"}
    told = [
        (ratio, entry)
        for entry in rater.emotions
        if entry.emotion in collapsed and isinstance(ratio := entry.ratios.image_means, Estimate)
    ]
    if not told:
        return
    ratio, worst = min(told, key=lambda pair: pair[0].value)
    severity: Severity = "large" if len(collapsed) >= LARGE_SHARE * len(found.collapse) else "moderate"
    sentence = (
        f"In {len(collapsed)} of {len(found.collapse)} emotions {rater.rater}'s {item} varies less than even people's "
        f"means do, least in {worst.emotion}: {_numbers(worst, ratio)}."
    )
    yield Finding(rater.rater, item, "spread", severity, sentence, ratio, None, None, "collapse")


def _numbers(entry: RaterSpreadIn, ratio: Estimate) -> str:
    if entry.spread.distinct == 1:
        return f"the same number for all {entry.spread.n:,} images"
    return (
        f"{entry.spread.distinct} different numbers for {entry.spread.n:,} images, {decimal(ratio.value, 2)} times the "
        f"SD of people's means ({in_points(ratio)})"
    )


def _weighted(item: str, found: RaterDecoding) -> Iterator[Finding]:
    """What probability-weighted ratings know beyond spoken ones."""
    if isinstance(found.spoken_and_weighted, Skipped) or isinstance(found.spoken_and_weighted.within, Skipped):
        return
    within = found.spoken_and_weighted.within
    gain = within.difference
    if not (isinstance(gain, Estimate) and isinstance(within.first, Estimate) and leaves_out(gain, 0)):
        return
    side = "better" if gain.value > 0 else "worse"
    sentence = (
        f"Weighted by their probabilities, {found.rater}'s ratings of {item} follow people within emotions {side} than "
        f"the numbers it says: r = {bounded(within.first.value)}, {bounded(abs(gain.value))} "
        f"{'more' if gain.value > 0 else 'less'} ({in_bounds(gain)} for the difference)."
    )
    yield Finding(found.rater, item, "decoding", "note", sentence, gain, None, None, "decoding")
