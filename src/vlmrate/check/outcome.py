"""What a check found, as check.json holds it."""

from __future__ import annotations

from typing import Literal

from vlmrate.check.records import Metric
from vlmrate.check.verdict import Mode, Row, Verdict
from vlmrate.records import Record


class Flipped(Record):
    """An answer that is another now; None could not be read."""

    item: str
    before: int | float | str | None
    now: int | float | str | None


class ChangedImage(Record):
    """One image whose answers changed: what flipped, and the greatest total variation of its items' probabilities."""

    image_id: str
    replaced: bool
    flips: tuple[Flipped, ...]
    shift: float | None


class Differing(Record):
    """One thing about how it was rated that is another now."""

    what: str
    before: str
    now: str


class Outcome(Record):
    """A check against a baseline. `why` says how the mode was chosen; `most_changed` are ten images at most.

    `ratios` are today's seconds and memory over the baseline's; empty on another machine.
    """

    format: Literal["vlmrate-check/1"] = "vlmrate-check/1"
    study: str
    rater: str
    protocol: str
    time: str
    baseline: str
    baseline_digest: str
    mode: Mode
    why: str
    verdict: Verdict
    images: int
    from_store: int
    changed_images: int
    rows: tuple[Row, ...]
    differs: tuple[Differing, ...]
    most_changed: tuple[ChangedImage, ...]
    metrics: tuple[Metric, ...]
    ratios: dict[str, float]
    seconds_per_image: float
    simulated_people: bool
