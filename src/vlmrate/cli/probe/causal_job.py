"""From the options of `vlmrate probe causal` to what is stored and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vlmrate.cli.probe.showing import present
from vlmrate.cli.progress import reporter
from vlmrate.probe.found import Found
from vlmrate.probe.prepare import prepare_edited
from vlmrate.probe.projecting import causal

if TYPE_CHECKING:
    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.causal import CausalWay
    from vlmrate.probe.prepare import EditWishes


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
