"""What every command of `vlmrate probe` does with what it found: store it for the report, draw it, print it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from vlmrate.errors import ProbeError
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.render import save
from vlmrate.report.foundfile import found_json, found_paths, holds_numbers, write_found
from vlmrate.report.leads import NETWORK
from vlmrate.report.markdown import markdown
from vlmrate.report.tables.inside import inside_tables
from vlmrate.report.terminal import print_table
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.probe.found import Found
    from vlmrate.report.table import Table
    from vlmrate.study.records import Study

FIGURES = (".svg", ".pdf", ".png")


@dataclass(frozen=True, slots=True)
class Showing:
    """How what was found is shown: where it is drawn, None for nowhere, and whether as JSON in place of tables."""

    figure: Path | None
    as_json: bool


def showing(figure: Path | None, *, as_json: bool) -> Showing:
    """How to show what will be found.

    Raises:
        ProbeError: The figure's name says no kind of file that can be drawn.
    """
    if figure is not None and figure.suffix.lower() not in FIGURES:
        raise ProbeError(f"--figure {figure}: a figure is written as .svg, .pdf or .png; name it so")
    return Showing(figure, as_json)


def present(found: Found, study: Study, model: str, how: Showing) -> None:
    """Store what one command found in a model, then draw and print it; `vlmrate analyze` puts it into the report.

    Where nothing could be computed nothing is stored, what was found before stays, and the exit code is 1.

    Raises:
        ProbeError: A figure was asked for and there is nothing to draw.
        StoreError: It cannot be written.
    """
    told = holds_numbers(found)
    kept = _kept(found, study, model) if told else "Nothing could be computed, so nothing is kept."
    if how.figure is not None:
        kept = f"{_drawn(found, how.figure)} {kept}"
    if how.as_json:
        sys.stdout.write(json.dumps(found_json(found), indent=2, ensure_ascii=False) + "\n")
    else:
        console = Console(highlight=False)
        for number, table in enumerate(inside_tables(found), start=1):
            _show(table, console, f"Table {number}")
        console.print(Text(NETWORK), soft_wrap=not console.is_terminal)
        console.print(Text(kept), soft_wrap=True)
    if not told:
        raise typer.Exit(1)


def _kept(found: Found, study: Study, model: str) -> str:
    """Store it, and say where, and whether in the place of what the same command found before."""
    files = found_paths(found, study, model)
    before = [file.read_bytes() for file in files if file.exists()]
    write_found(found, study, model)
    replaced = "" if before in ([], [file.read_bytes() for file in files]) else ", in place of an earlier run's"
    names = ", ".join(shown(file) for file in files)
    return f"Kept in {names}{replaced}; `vlmrate analyze` puts it into the report."


def _drawn(found: Found, file: Path) -> str:
    """Draw the first figure under the name given, any other with its own id behind, and say where they are."""
    drawn = inside_figures(found)
    if not drawn:
        raise ProbeError("there is nothing to draw: everything was skipped; leave --figure out to see why")
    files = [file, *(file.with_name(f"{file.stem}-{figure.id}{file.suffix}") for figure in drawn[1:])]
    for figure, place in zip(drawn, files, strict=True):
        save(figure, place)
    return f"Drawn in {', '.join(map(shown, files))}."


def _show(table: Table, console: Console, label: str) -> None:
    if console.is_terminal:
        print_table(table, console, label)
    else:
        console.print(Text(f"{markdown(table, 2, label)}\n"), soft_wrap=True)
