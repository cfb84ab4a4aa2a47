"""From the options of `vlmrate probe debias` to what is stored and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from vlmrate.cli.probe.edits_job import opened
from vlmrate.cli.probe.showing import present
from vlmrate.cli.progress import reporter
from vlmrate.errors import ProbeError
from vlmrate.probe.bench import Bench
from vlmrate.probe.debiasing import debias, groups_of
from vlmrate.probe.found import Found
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.debiasing import DebiasWay
    from vlmrate.probe.prepare_edits import EditWishes, PreparedEdits


def debiased(wishes: EditWishes, groups: Sequence[str], way: DebiasWay, how: Showing) -> None:
    """Prepare model and capture, take every group out, and store and show what came of it."""
    console = Console(highlight=False, stderr=True)
    prepared = opened(wishes, console)
    refuse_other_protocol(prepared)
    with reporter(console, "images") as report:
        outcomes = tuple(debias(bench_of(prepared), group, way, report) for group in groups_of(prepared.study, groups))
    present(Found(debias=outcomes), prepared.study, prepared.rater.name, how)


def refuse_other_protocol(prepared: PreparedEdits) -> None:
    """Refuse a capture made under another protocol: what is left of a group is told beside what was captured.

    Raises:
        ProbeError: It is one.
    """
    capture, protocol = prepared.directions.capture, prepared.protocol
    if capture.about.protocol_digest not in (None, protocol.digest):
        raise ProbeError(
            f"{shown(capture.file)} was made under protocol {capture.about.protocol} as it was then, and the stream "
            f"with a group taken out is set beside it under {protocol.name} as it is now; capture under that protocol, "
            "or name the capture's with --protocol"
        )


def bench_of(prepared: PreparedEdits) -> Bench:
    """The rater, its pictures and capture, and directions by the identities they are learnt from."""
    return Bench(
        prepared.rater,
        prepared.study,
        prepared.stimuli,
        prepared.directions.capture,
        prepared.directions_of,
    )
