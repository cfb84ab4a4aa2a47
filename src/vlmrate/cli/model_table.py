"""Models on the terminal, and as JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vlmrate.raters.registry import download_command, mlx_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.raters.registry import Model


def print_models(known: Sequence[Model]) -> None:
    """Print a row a model, and below how to fetch what is missing."""
    console = Console(highlight=False)
    table = Table(pad_edge=False)
    table.add_column("--model", no_wrap=True)
    table.add_column("size", no_wrap=True)
    table.add_column("quantised", no_wrap=True)
    table.add_column("weights", no_wrap=True)
    table.add_column("note")
    for model in known:
        table.add_row(
            escape(model.name),
            escape(model.entry.parameters or ""),
            escape(model.entry.quantisation or ""),
            "here" if model.folder else escape(f"missing ({model.entry.download or '?'})"),
            escape(model.entry.note or ""),
        )
    console.print(table)
    for model in known:
        if model.folder is None and model.entry.repo is not None:
            console.print(f"{escape(model.name)}: {escape(download_command(model))}", soft_wrap=True)
    problem = mlx_problem()
    if problem:
        console.print(escape(problem), soft_wrap=True)


def print_models_as_json(known: Sequence[Model]) -> None:
    """Print a JSON list, an object a model."""
    rows = [
        {
            "name": model.name,
            "source": model.source,
            "family": model.entry.family,
            "parameters": model.entry.parameters,
            "quantisation": model.entry.quantisation,
            "weights": str(model.folder) if model.folder else None,
            "note": model.entry.note,
        }
        for model in known
    ]
    sys.stdout.write(json.dumps(rows, indent=2) + "\n")
