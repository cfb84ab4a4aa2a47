"""Capture: what is inside a model while it rates pictures or reads texts, stored row by row."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vlmrate.errors import StoreError, VlmrateError
from vlmrate.inference.job import Progress
from vlmrate.probe.store import writing
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vlmrate.probe.records import CaptureAbout
    from vlmrate.probe.store import CaptureWriter, Row

# mlx keeps freed buffers for reuse; given back now and then so that memory does not grow with the number of rows.
_CLEAR_EVERY = 16


class Source(Protocol):
    """Rows that can be captured, one after another."""

    @property
    def about(self) -> CaptureAbout:
        """What the file says of itself."""

    def digest(self, number: int) -> bytes:
        """SHA-256 of the picture file or text of a row; ImageError where it cannot be read."""

    def row(self, number: int) -> Row:
        """What is stored of a row; VlmrateError where it cannot be had."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A row that could not be captured, and why."""

    row: str
    message: str


@dataclass(frozen=True, slots=True)
class Captured:
    """How a capture ended: rows asked for, there already, made now, and failed; `seconds` of elapsed time."""

    total: int
    already: int
    made: int
    failed: tuple[Failed, ...]
    seconds: float


def _nothing(_: Progress) -> None:
    """Report to nobody."""


def capture(source: Source, file: Path, *, report: Callable[[Progress], None] = _nothing) -> Captured:
    """Capture every row that is not in `file` yet; the same call goes on where an earlier one was ended.

    A row that fails is left out and told of, and tried again by the next call.

    Raises:
        StoreError: The file holds a capture of another kind or of other pictures, another process writes it, or the
            disk is full.
    """
    with writing(file, source.about) as writer:
        run = _Run(source, writer, file)
        for _ in run.go():
            report(run.progress())
        return run.ended()


class _Run:
    """One pass over the rows that are left."""

    def __init__(self, source: Source, writer: CaptureWriter, file: Path) -> None:
        self._source = source
        self._writer = writer
        self._rows = writer.about.rows
        self._begun = time.monotonic()
        self._already = self._of_same_pictures(file)
        self._made = 0
        self._failed: list[Failed] = []

    def go(self) -> Iterator[None]:
        yield
        for number in range(len(self._rows)):
            if number not in self._already:
                self._try(number)
                yield

    def _try(self, number: int) -> None:
        try:
            self._writer.write(number, self._source.row(number))
        except StoreError:
            raise
        except VlmrateError as error:
            self._failed.append(Failed(self._rows[number], str(error)))
            return
        self._made += 1
        if self._made % _CLEAR_EVERY == 0:
            import mlx.core as mx

            mx.clear_cache()

    def _of_same_pictures(self, file: Path) -> frozenset[int]:
        """Rows that are there; each must be of the picture or text that it would be captured from now."""
        there = self._writer.captured
        for number, digest in there.items():
            if self._source.digest(number) != digest:
                raise StoreError(
                    f"{shown(file)} was captured from another {self._rows[number]}: its picture or text has changed; "
                    "name another file with --out, or delete this one"
                )
        return frozenset(there)

    def progress(self) -> Progress:
        return Progress(
            total=len(self._rows),
            already_rated=len(self._already),
            rated=self._made,
            failed=len(self._failed),
            invalid_answers=0,
            seconds=time.monotonic() - self._begun,
        )

    def ended(self) -> Captured:
        seconds = time.monotonic() - self._begun
        return Captured(len(self._rows), len(self._already), self._made, tuple(self._failed), seconds)
