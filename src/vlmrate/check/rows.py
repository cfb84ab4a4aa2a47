"""Rows that every mode tells in the same way: pictures, and how answers and metrics are put into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import decimal
from vlmrate.check.verdict import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.check.material import Material
    from vlmrate.check.records import Metric

NAMED = 3
"""Images named in a row; the list of the most changed has more."""
KINDS = {"kappa": "kappa", "r": "r", "mae": "MAE", "bias": "bias", "invalid": "invalid answers"}


def picture_rows(material: Material) -> Iterator[Row]:
    """That a picture is another file: whatever was rated, it was not what the baseline rated."""
    replaced = [change.image_id for change in material.changes if change.replaced]
    if replaced:
        finding = f"{count(len(replaced), material.images)} other files than the baseline's: {named(replaced)}"
        yield Row(name="pictures", verdict="regressed", before=0, now=len(replaced), finding=finding, limit="none")


def count(some: int, whole: int) -> str:
    """So many of how many."""
    return f"{some:,} of {whole:,}"


def named(ids: Sequence[str]) -> str:
    """The first few images by name, and how many more there are."""
    more = f" and {len(ids) - NAMED:,} more" if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + more


def flipped(material: Material, item: str) -> str:
    """How many answers to an item flipped, and on which images."""
    found = {
        change.image_id: f"{change.image_id} ({_said(flip.before)} to {_said(flip.now)})"
        for change in material.changes
        for flip in change.flips
        if flip.item == item
    }
    if not found:
        return f"{count(0, material.images)} flipped"
    return f"{count(len(found), material.images)} flipped: {named(list(found.values()))}"


def _said(value: object) -> str:
    if value is None:
        return "unreadable"
    return f"{value:g}" if isinstance(value, float) else str(value)


def moved(shifts: Sequence[float]) -> str:
    """Mean and greatest shift of probabilities in words."""
    mean, most = sum(shifts) / len(shifts), max(shifts)
    if most == 0:
        return "all equal"
    return f"total variation {_small(mean)} on average, {_small(most)} at most"


def _small(value: float) -> str:
    return "below 0.0001" if 0 < value < 1e-4 else f"{value:.4f}"


def metric_name(metric: Metric) -> str:
    """What a row on a metric is called."""
    level = f", {metric.level}" if metric.level is not None else ""
    return f"{metric.item}: {KINDS[metric.kind]}{level}"


def worse_by(metric: Metric, now: float) -> float:
    """By how much a metric is worse than the baseline's, in its own unit; negative where it is better.

    Bias is worse the farther it is from 0; of kappa and r less is worse, of the rest more.
    """
    if metric.kind == "bias":
        return abs(now) - abs(metric.value)
    return metric.value - now if metric.kind in {"kappa", "r"} else now - metric.value


def delta(metric: Metric, now: float) -> str:
    """The change of a metric in words."""
    digits = 3 if metric.kind in {"kappa", "r", "invalid"} else 2
    change = now - metric.value
    if abs(change) < 5e-7:
        return f"{decimal(now, digits)}, unchanged"
    sign = "+" if change > 0 else ""
    return f"{decimal(metric.value, digits)} to {decimal(now, digits)} ({sign}{decimal(change, digits)})"
