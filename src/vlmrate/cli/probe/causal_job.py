"""From the options of `vlmrate probe causal` to what is stored and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from vlmrate.cli.probe.edits_job import opened
from vlmrate.cli.probe.showing import present
from vlmrate.cli.progress import reporter
from vlmrate.probe.found import Found
from vlmrate.probe.projecting import causal

if TYPE_CHECKING:
    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.causal import CausalWay
    from vlmrate.probe.prepare_edits import EditWishes


def projected(wishes: EditWishes, way: CausalWay, how: Showing) -> None:
    """Load model and capture, rate with every direction out, and store and show what came of it."""
    console = Console(highlight=False, stderr=True)
    prepared = opened(wishes, console)
    with reporter(console, "pictures") as report:
        outcome = causal(
            prepared.rater,
            prepared.study,
            prepared.stimuli,
            prepared.directions_of,
            way,
            report,
        )
    present(Found(causal=(outcome,)), prepared.study, prepared.rater.name, how)
