"""Findings on bias: where a rater rates above or below people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, holds, in_points, leaves_out, of_range
from vlmrate.apa import decimal
from vlmrate.stats import Adjusted, Estimate, Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vlmrate.analysis.bias import EmotionBias, ItemBias, RaterBias


def bias_findings(items: tuple[ItemBias, ...] | Skipped, scales: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    """Every bias, over all images and per emotion, that its interval and its corrected test tell from none."""
    if isinstance(items, Skipped):
        return
    for item in items:
        for rater in () if isinstance(item.raters, Skipped) else item.raters:
            yield from _overall(item.item, rater, scales[item.item])
            for emotion in () if isinstance(rater.emotions, Skipped) else rater.emotions:
                yield from _emotion(item.item, rater.rater, emotion, scales[item.item])


def _overall(item: str, rater: RaterBias, scale: tuple[int, int]) -> Iterator[Finding]:
    bias = rater.overall
    if isinstance(bias, Estimate) and leaves_out(bias, 0) and holds(rater.overall_holm):
        sentence = f"Over all images, {rater.rater} rates {item} {_points(bias)} than people ({in_points(bias)})."
        severity = of_range(bias.value, *scale)
        told = rater.overall_test if isinstance(rater.overall_test, TestResult) else None
        held = rater.overall_holm if isinstance(rater.overall_holm, Adjusted) else None
        yield Finding(rater.rater, item, "overall bias", severity, sentence, bias, told, held, "bias")


def _emotion(item: str, rater: str, emotion: EmotionBias, scale: tuple[int, int]) -> Iterator[Finding]:
    bias, adjusted, test = emotion.bias.mean_bootstrap, emotion.holm, emotion.bias.wilcoxon
    if isinstance(bias, Skipped) or isinstance(adjusted, Skipped) or not holds(adjusted) or not leaves_out(bias, 0):
        return
    sentence = f"{rater} rates the {item} of {emotion.emotion} {_points(bias)} than people ({in_points(bias)})."
    told = test if isinstance(test, TestResult) else None
    severity = of_range(bias.value, *scale)
    yield Finding(rater, item, "bias", severity, sentence, bias, told, adjusted, "bias")


def _points(bias: Estimate) -> str:
    return f"{decimal(abs(bias.value), 2)} points {'higher' if bias.value > 0 else 'lower'}"
