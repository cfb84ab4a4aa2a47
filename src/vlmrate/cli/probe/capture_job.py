"""What `vlmrate probe capture` shows: what is read of whom, how far it is, how it ended."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vlmrate.cli.progress import reporter
from vlmrate.probe.capture import capture
from vlmrate.probe.prepare import prepare_capture
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.probe.capture import Captured
    from vlmrate.probe.prepare import CaptureWishes, Prepared
    from vlmrate.probe.records import CaptureAbout

INTERRUPTED = 130
_FAILURES_SHOWN = 5


def captured(wishes: CaptureWishes, *, as_json: bool) -> int:
    """Carry out a capture and return the exit code: 0 done, 1 some rows failed, 130 interrupted."""
    console = Console(highlight=False, stderr=as_json)
    prepared = prepare_capture(wishes, lambda words: console.print(escape(words), soft_wrap=True))
    about = prepared.rows.about
    _announce(console, prepared, about)
    try:
        with reporter(console, "rows") as report:
            ended = capture(prepared.rows, prepared.file, report=report)
    except KeyboardInterrupt:
        console.print("Interrupted; what was captured is kept, and the same command goes on.")
        return INTERRUPTED
    _conclude(console, prepared.file, ended)
    if as_json:
        sys.stdout.write(json.dumps(_summary(about, prepared.file, ended), indent=2) + "\n")
    return 1 if ended.failed else 0


def _announce(console: Console, prepared: Prepared, about: CaptureAbout) -> None:
    console.print(
        f"[bold]{escape(about.model)}[/]: {', '.join(array.name for array in about.arrays)} of {len(about.rows):,} "
        f"{about.source}, {_sizes(about)}",
        soft_wrap=True,
    )
    if prepared.note:
        console.print(f"Note: {escape(about.model)} {escape(prepared.note)}.")


def _sizes(about: CaptureAbout) -> str:
    sizes = dict.fromkeys(f"{array.layers} x {array.width}" for array in about.arrays)
    return f"{' and '.join(sizes)} numbers each"


def _conclude(console: Console, file: Path, ended: Captured) -> None:
    for failed in ended.failed[:_FAILURES_SHOWN]:
        console.print(f"failed: {escape(failed.row)}: {escape(failed.message)}", soft_wrap=True)
    pace = f", {1000 * ended.seconds / ended.made:.0f} ms each" if ended.made else ""
    there = f", {ended.already:,} were there already" if ended.already else ""
    again = "; the same command tries them again" if ended.failed else ""
    console.print(
        f"{ended.made:,} rows captured in {ended.seconds:.1f} s{pace}{there}; {len(ended.failed):,} failed{again}.",
        soft_wrap=True,
    )
    console.print(f"The capture is {escape(shown(file))}.", soft_wrap=True)


def _summary(about: CaptureAbout, file: Path, ended: Captured) -> dict[str, object]:
    return {
        "status": "finished",
        "model": about.model,
        "model_digest": about.model_digest,
        "source": about.source,
        "protocol": about.protocol,
        "arrays": [array.model_dump() | {"name": array.name} for array in about.arrays],
        "file": str(file),
        "total": ended.total,
        "already_captured": ended.already,
        "captured": ended.made,
        "failed": [{"row": failed.row, "message": failed.message} for failed in ended.failed],
        "seconds": round(ended.seconds, 3),
    }
