"""From the options of `vlmrate probe debias` to what is stored and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from vlmrate.cli.probe.edits_job import opened
from vlmrate.cli.probe.showing import present
from vlmrate.cli.progress import reporter
from vlmrate.probe.bench import Bench
from vlmrate.probe.debiasing import debias, groups_of
from vlmrate.probe.found import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.debiasing import DebiasWay
    from vlmrate.probe.prepare_edits import EditWishes, PreparedEdits


def debiased(wishes: EditWishes, groups: Sequence[str], way: DebiasWay, how: Showing) -> None:
    """Prepare model and capture, take every group out, and store and show what came of it."""
    console = Console(highlight=False, stderr=True)
    prepared = opened(wishes, console)
    with reporter(console, "images") as report:
        outcomes = tuple(debias(bench_of(prepared), group, way, report) for group in groups_of(prepared.study, groups))
    present(Found(debias=outcomes), prepared.study, prepared.rater.name, how)


def bench_of(prepared: PreparedEdits) -> Bench:
    """The rater, its pictures and capture, and directions by the identities they are learnt from."""
    return Bench(
        prepared.rater,
        prepared.study,
        prepared.stimuli,
        prepared.directions.capture,
        prepared.directions_of,
    )
