"""Mode `tolerance`: flips, shifts and metrics within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import decimal
from vlmrate.check.rows import delta, flipped, metric_name, moved, picture_rows, worse_by
from vlmrate.check.verdict import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.check.material import Material
    from vlmrate.check.records import Metric
    from vlmrate.check.verdict import Verdict


def tolerance_rows(material: Material) -> tuple[Row, ...]:
    """Within the limits or not, item by item and metric by metric.

    Beyond a limit for the worse is `regressed`, beyond the baseline's interval for the better `changed`.
    """
    return (*picture_rows(material), *_answers(material), *_metrics(material))


def _answers(material: Material) -> Iterator[Row]:
    limits = material.limits
    for item in material.truth.items:
        share = material.flips(item.name) / material.images
        yield Row(
            name=f"{item.name}: answers",
            verdict="pass" if share <= limits.flips else "regressed",
            before=0,
            now=material.flips(item.name),
            finding=flipped(material, item.name),
            limit=f"{100 * limits.flips:g} % may flip",
        )
        shifts = material.shifts(item.name)
        if shifts:
            mean = sum(shifts) / len(shifts)
            yield Row(
                name=f"{item.name}: probabilities",
                verdict="pass" if mean <= limits.shift else "regressed",
                before=0,
                now=mean,
                finding=moved(shifts),
                limit=f"{limits.shift:g} on average",
            )


def _metrics(material: Material) -> Iterator[Row]:
    for name, metric in material.metrics_before.items():
        now = material.metrics_now.get(name)
        if now is None:
            finding = "is not defined for today's answers"
            yield Row(name=metric_name(metric), verdict="undecided", before=metric.value, now=None, finding=finding)
            continue
        verdict, limit = _judge(metric, now.value, material)
        yield Row(
            name=metric_name(metric),
            verdict=verdict,
            before=metric.value,
            now=now.value,
            finding=delta(metric, now.value),
            limit=limit,
        )


def _judge(metric: Metric, now: float, material: Material) -> tuple[Verdict, str]:
    allowed = material.limits.allow.get(metric.name)
    if metric.kind == "invalid" and allowed is None:
        allowed = material.limits.invalid
    if allowed is not None:
        verdict: Verdict = "regressed" if worse_by(metric, now) > allowed + 1e-12 else "pass"
        return verdict, f"worse by {allowed:g} at most"
    limit = f"{decimal(metric.low, 3)} to {decimal(metric.high, 3)} (the baseline's interval)"
    if metric.low <= now <= metric.high:
        return "pass", limit
    return ("regressed" if worse_by(metric, now) > 0 else "changed"), limit
