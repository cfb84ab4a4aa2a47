"""From the options of `vlmrate probe steer` to what is stored and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vlmrate.cli.probe.showing import present
from vlmrate.cli.progress import reporter
from vlmrate.errors import ProbeError
from vlmrate.probe.found import Found
from vlmrate.probe.prepare import prepare_edited
from vlmrate.probe.steer import steer
from vlmrate.probe.steered import SteerOutcome

if TYPE_CHECKING:
    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.prepare import EditWishes
    from vlmrate.probe.steer import Way


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


def parse_steps(text: str | None) -> tuple[str, ...]:
    """Read "valence,arousal" as two steps; none named: all.

    Raises:
        ProbeError: A place is empty, or one is named twice.
    """
    words = tuple(word.strip() for word in text.split(",")) if text is not None else ()
    if not all(words) or len(set(words)) < len(words):
        raise ProbeError(f"--step {text!r} has an empty place or names the same twice; name each once")
    return words


def steered(wishes: EditWishes, way: Way, how: Showing) -> None:
    """Load model and capture, rate in every arm, and store and show what came of it."""
    console = Console(highlight=False, stderr=True)
    prepared = prepare_edited(wishes, lambda words: console.print(escape(words), soft_wrap=True))
    if prepared.note:
        console.print(f"Note: {escape(prepared.rater.name)} {escape(prepared.note)}.")
    with reporter(console, "pictures") as report:
        found = steer(
            prepared.rater,
            prepared.study,
            prepared.stimuli,
            lambda identities: replace(prepared.directions, identities=identities),
            way,
            report,
        )
    present(Found(steer=(SteerOutcome(prepared.rater.name, found),)), prepared.study, prepared.rater.name, how)
