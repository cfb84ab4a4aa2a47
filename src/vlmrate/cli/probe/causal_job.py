"""From the options of `vlmrate probe causal` to what is stored and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from rich.console import Console
from rich.markup import escape

from vlmrate.cli.probe.showing import present
from vlmrate.cli.progress import reporter
from vlmrate.errors import ProbeError
from vlmrate.probe.causal import Over
from vlmrate.probe.found import Found
from vlmrate.probe.prepare import prepare_edited
from vlmrate.probe.projecting import causal
from vlmrate.study.faults import did_you_mean

if TYPE_CHECKING:
    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.causal import CausalWay
    from vlmrate.probe.prepare import EditWishes


def parse_over(text: str) -> Over:
    """Read what carriers are sought among.

    Raises:
        ProbeError: It is none of those that there are.
    """
    kinds: tuple[Over, ...] = get_args(Over)
    for kind in kinds:
        if kind == text:
            return kind
    raise ProbeError(f"--over {text}: there is no such kind; {did_you_mean(text, kinds)}")


def projected(wishes: EditWishes, way: CausalWay, how: Showing) -> None:
    """Load model and capture, rate with every direction out, and store and show what came of it."""
    console = Console(highlight=False, stderr=True)
    prepared = prepare_edited(wishes, lambda words: console.print(escape(words), soft_wrap=True))
    if prepared.note:
        console.print(f"Note: {escape(prepared.rater.name)} {escape(prepared.note)}.", soft_wrap=True)
    with reporter(console, "pictures") as report:
        outcome = causal(
            prepared.rater,
            prepared.study,
            prepared.stimuli,
            lambda identities: replace(prepared.directions, identities=identities),
            way,
            report,
        )
    present(Found(causal=(outcome,)), prepared.study, prepared.rater.name, how)
