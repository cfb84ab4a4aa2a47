"""Mode `exact`: on the same chip with the same versions every answer must be the one of the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.check.compare import SAME
from vlmrate.check.rows import delta, flipped, metric_name, moved, picture_rows
from vlmrate.check.verdict import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.check.material import Material

ELSEWHERE = "another chip or other versions than the baseline's, where answers may differ without fault"


def exact_rows(material: Material) -> tuple[Row, ...]:
    """Equal or not, item by item; metrics are told beside it.

    Where chip or versions are not the baseline's, equal answers pass, and differing ones are undecided.
    """
    return (*picture_rows(material), *_answers(material), *_metrics(material))


def _answers(material: Material) -> Iterator[Row]:
    for item in material.truth.items:
        flips = material.flips(item.name)
        yield _row(material, f"{item.name}: answers", flips, flipped(material, item.name), equal=not flips)
        shifts = material.shifts(item.name)
        if shifts:
            equal = max(shifts) <= SAME
            yield _row(material, f"{item.name}: probabilities", max(shifts), moved(shifts), equal=equal)


def _row(material: Material, name: str, now: float, finding: str, *, equal: bool) -> Row:
    limit = "all equal" if name.endswith("answers") else f"total variation up to {SAME:g}"
    if equal:
        return Row(name=name, verdict="pass", before=0, now=now, finding=finding, limit=limit)
    if material.same_place:
        return Row(name=name, verdict="regressed", before=0, now=now, finding=finding, limit=limit)
    finding = f"{finding} ({ELSEWHERE})"
    return Row(name=name, verdict="undecided", before=0, now=now, finding=finding, limit=limit)


def _metrics(material: Material) -> Iterator[Row]:
    for name, metric in material.metrics_before.items():
        now = material.metrics_now.get(name)
        if now is None:
            finding = "is not defined for today's answers"
            yield Row(name=metric_name(metric), verdict=None, before=metric.value, now=None, finding=finding)
        else:
            finding = delta(metric, now.value)
            yield Row(name=metric_name(metric), verdict=None, before=metric.value, now=now.value, finding=finding)
