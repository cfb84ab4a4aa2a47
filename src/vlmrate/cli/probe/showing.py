"""What every command of `vlmrate probe` does with what it found: store it for the report, draw it, print it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from vlmrate.errors import ProbeError
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.render import save
from vlmrate.report.foundfile import found_json, write_found
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

    Raises:
        ProbeError: A figure was asked for and there is nothing to draw.
        StoreError: It cannot be written.
    """
    files = write_found(found, study, model)
    if how.figure is not None:
        _draw(found, how.figure)
    if how.as_json:
        sys.stdout.write(json.dumps(found_json(found), indent=2, ensure_ascii=False) + "\n")
        return
    console = Console(highlight=False)
    for number, table in enumerate(inside_tables(found), start=1):
        _show(table, console, f"Table {number}")
    console.print(Text(NETWORK), soft_wrap=not console.is_terminal)
    names = ", ".join(shown(file) for file in files)
    console.print(Text(f"Kept in {names}; `vlmrate analyze` puts it into the report."), soft_wrap=True)


def _draw(found: Found, file: Path) -> None:
    """The first figure under the name given, any other with its own id behind."""
    drawn = inside_figures(found)
    if not drawn:
        raise ProbeError("there is nothing to draw: everything was skipped; leave --figure out to see why")
    for number, figure in enumerate(drawn):
        save(figure, file if number == 0 else file.with_name(f"{file.stem}-{figure.id}{file.suffix}"))


def _show(table: Table, console: Console, label: str) -> None:
    if console.is_terminal:
        print_table(table, console, label)
    else:
        console.print(Text(f"{markdown(table, 2, label)}\n"), soft_wrap=True)
