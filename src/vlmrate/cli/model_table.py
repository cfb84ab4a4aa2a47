"""Models on the terminal, and as JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.raters.model import Model
    from vlmrate.raters.plugins import Plugin


def print_models(known: Sequence[Model], plugins: Mapping[str, Plugin]) -> None:
    """Print a row a model, and below what each still needs."""
    console = Console(highlight=False)
    table = Table(pad_edge=False)
    table.add_column("--model", no_wrap=True)
    table.add_column("size")
    table.add_column("ready", no_wrap=True)
    table.add_column("note", overflow="fold")  # a host's name is to be read whole
    needs = {model.name: model.missing() for model in known}
    for model in known:
        table.add_row(
            escape(model.name),
            escape(_size(model)),
            "yes" if needs[model.name] is None else "not yet",
            escape(model.note or ""),
        )
    console.print(table)
    _print_needs(console, known, needs)
    for kind, plugin in plugins.items():
        words = plugin.problem or f"{kind}:NAME comes with the package {plugin.package}"
        console.print(escape(words), soft_wrap=True)


def _size(model: Model) -> str:
    """Number of parameters, and how they are quantised if they are."""
    quantised = "" if model.quantisation == "none" else model.quantisation
    return ", ".join(filter(None, (model.size, quantised)))


def _print_needs(console: Console, known: Sequence[Model], needs: Mapping[str, str | None]) -> None:
    """What is missing, and the command that brings it; models that need the same are named together."""
    together: dict[str, list[str]] = {}
    for model in known:
        command, words = model.remedy(), needs[model.name]
        if command is not None:
            together.setdefault(command, []).append(model.name)
        elif words is not None:
            console.print(f"{escape(model.name)}: {escape(words)}")
    for command, names in together.items():
        console.print(f"{escape(', '.join(names))}: {escape(command)}", soft_wrap=True)


def print_models_as_json(known: Sequence[Model], plugins: Mapping[str, Plugin]) -> None:
    """Print a JSON object: the models, and the kinds of rater that installed packages add."""
    rows = [
        {
            "name": model.name,
            "kind": model.kind,
            "source": model.source,
            "parameters": model.size or None,
            "quantisation": model.quantisation or None,
            "needs": model.missing(),
            "note": model.note,
        }
        for model in known
    ]
    packages = {kind: {"package": plugin.package, "problem": plugin.problem} for kind, plugin in plugins.items()}
    sys.stdout.write(json.dumps({"models": rows, "plugins": packages}, indent=2) + "\n")
