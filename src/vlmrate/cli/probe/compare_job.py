"""From the options of `vlmrate probe compare` to what is stored and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from vlmrate.cli.probe.debias_job import bench_of
from vlmrate.cli.probe.edits_job import opened
from vlmrate.cli.probe.showing import present
from vlmrate.cli.progress import reporter
from vlmrate.probe.comparing import compare
from vlmrate.probe.found import Found
from vlmrate.probe.otherwise import asked_otherwise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.comparing import CompareWay
    from vlmrate.probe.prepare_edits import EditWishes


def compared(
    wishes: EditWishes,
    directions: Sequence[str],
    persona: str | None,
    temperature: float,
    way: CompareWay,
    how: Showing,
) -> None:
    """Prepare model and capture, ask in every channel, and store and show what came of it."""
    console = Console(highlight=False, stderr=True)
    prepared = opened(wishes, console)
    others, lacking = asked_otherwise(prepared, persona, temperature, way.seed)
    with reporter(console, "images") as report:
        outcomes = tuple(
            compare(bench_of(prepared), name, others, replace(way, lacking=lacking), report)
            for name in dict.fromkeys(directions)
        )
    present(Found(compare=outcomes), prepared.study, prepared.rater.name, how)
