"""The history of a rater's checks: a line of JSON each, appended, and what is tracked over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from vlmrate.check.ewma import Chart, chart_of
from vlmrate.check.verdict import Mode, Verdict
from vlmrate.errors import CheckError
from vlmrate.inference.files import append_line
from vlmrate.records import Record
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vlmrate.check.outcome import Outcome
    from vlmrate.check.records import Metric

FLIPPED, SHIFTED = "images changed", "greatest shift"


class Entry(Record):
    """One check: when, its verdict, and the value of everything tracked beside the baseline's (`targets`)."""

    time: str
    verdict: Verdict
    mode: Mode
    baseline_digest: str
    values: dict[str, float]
    targets: dict[str, float]


@dataclass(frozen=True, slots=True)
class Tracked:
    """One metric over the checks against the newest baseline, and its chart."""

    name: str
    times: tuple[str, ...]
    chart: Chart


def entry_of(outcome: Outcome, baseline: Sequence[Metric]) -> Entry:
    """The entry of a check: metrics over all images, the share of images that changed, and the greatest shift."""
    shifts = [image.shift for image in outcome.most_changed if image.shift is not None]
    return Entry(
        time=outcome.time,
        verdict=outcome.verdict,
        mode=outcome.mode,
        baseline_digest=outcome.baseline_digest,
        values={
            **_whole(outcome.metrics),
            FLIPPED: outcome.changed_images / outcome.images,
            SHIFTED: max(shifts, default=0.0),
        },
        targets={**_whole(baseline), FLIPPED: 0.0, SHIFTED: 0.0},
    )


def _whole(metrics: Sequence[Metric]) -> dict[str, float]:
    return {metric.name: metric.value for metric in metrics if metric.level is None}


def append(file: Path, entry: Entry) -> None:
    """Add a check to the history.

    Raises:
        CheckError: The file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        append_line(file, entry.model_dump_json())
    except OSError as error:
        raise CheckError(f"{shown(file)} cannot be written: {error.strerror or error}") from None


def read_history(file: Path) -> tuple[Entry, ...]:
    """Every check on record; lines torn by a crash are left out.

    Raises:
        CheckError: There is no history, or it cannot be read.
    """
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        raise CheckError(f"there is no history {shown(file)} yet; every `vlmrate check` adds to it") from None
    except OSError as error:
        raise CheckError(f"{shown(file)} cannot be read: {error.strerror or error}") from None
    entries = tuple(filter(None, map(_entry, lines)))
    if not entries:
        raise CheckError(f"{shown(file)} holds no check; every `vlmrate check` adds to it")
    return entries


def _entry(line: bytes) -> Entry | None:
    try:
        return Entry.model_validate_json(line)
    except ValidationError:
        return None


def tracked(entries: Sequence[Entry]) -> tuple[Tracked, ...]:
    """What the checks against the newest baseline have in common, as charts."""
    newest = entries[-1]
    same = [entry for entry in entries if entry.baseline_digest == newest.baseline_digest]
    return tuple(_tracked(name, target, same) for name, target in newest.targets.items() if name in newest.values)


def _tracked(name: str, target: float, entries: Sequence[Entry]) -> Tracked:
    there = [entry for entry in entries if name in entry.values]
    return Tracked(name, tuple(entry.time for entry in there), chart_of([e.values[name] for e in there], target))


def verdicts(entries: Sequence[Entry]) -> Mapping[Verdict, int]:
    """How often each verdict was given, in the order of the first time."""
    found: dict[Verdict, int] = {}
    for entry in entries:
        found[entry.verdict] = found.get(entry.verdict, 0) + 1
    return found
