"""From the options of `vlmrate probe steer` to what is stored and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from vlmrate.cli.probe.edits_job import opened
from vlmrate.cli.probe.showing import present
from vlmrate.cli.progress import reporter
from vlmrate.errors import ProbeError
from vlmrate.probe.found import Found
from vlmrate.probe.steer import steer
from vlmrate.probe.steered import SteerOutcome

if TYPE_CHECKING:
    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.prepare_edits import EditWishes
    from vlmrate.probe.steer import SteerWay


def parse_doses(text: str) -> tuple[float, ...]:
    """Read "-1,0,1" as three doses.

    Raises:
        ProbeError: One of them is no number.
    """
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError as error:
        raise ProbeError(
            f"--doses {text!r}: doses are numbers with commas between, such as --doses=-2,-1,0,1,2"
        ) from error


def steered(wishes: EditWishes, way: SteerWay, how: Showing) -> None:
    """Load model and capture, rate in every arm, and store and show what came of it."""
    console = Console(highlight=False, stderr=True)
    prepared = opened(wishes, console)
    with reporter(console, "pictures") as report:
        found = steer(
            prepared.rater,
            prepared.study,
            prepared.stimuli,
            prepared.directions_of,
            way,
            report,
        )
    present(Found(steer=(SteerOutcome(prepared.rater.name, found),)), prepared.study, prepared.rater.name, how)
