"""What `vlmrate probe separability` shows: its tables, or all of it as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from vlmrate.errors import ProbeError
from vlmrate.probe.separability import Way, captures_separability, factors_of
from vlmrate.probe.store import open_capture
from vlmrate.report.figures.render import save
from vlmrate.report.figures.separability import separability_figures
from vlmrate.report.markdown import markdown
from vlmrate.report.tables.separability import separability_tables
from vlmrate.report.terminal import print_table
from vlmrate.stats import Bootstrap
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.separability import ArrayOutcome
    from vlmrate.report.table import Table

FIGURES = (".svg", ".pdf", ".png")


def separated(
    files: Sequence[Path],
    *,
    study: Path | None,
    array: str | None,
    factors: Sequence[str],
    permutations: int,
    resamples: int,
    seed: int,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Open the captures, tell their factors apart, and print (and draw) what came of it."""
    if figure is not None and figure.suffix.lower() not in FIGURES:
        raise ProbeError(f"--figure {figure}: a figure is written as .svg, .pdf or .png; name it so")
    loaded = load_study(find_study(study, Path.cwd()))
    captures = [open_capture(file) for file in files]
    way = Way(permutations, seed, Bootstrap(resamples=resamples, seed=seed))
    outcomes = captures_separability(captures, loaded, factors_of(loaded, factors), way, array)
    if figure is not None:
        _write(outcomes, figure)
    if as_json:
        sys.stdout.write(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")
        return
    console = Console(highlight=False)
    for number, table in enumerate(separability_tables(outcomes), start=1):
        _show(table, console, f"Table {number}")


def _write(outcomes: Sequence[ArrayOutcome], file: Path) -> None:
    drawn = next(separability_figures(outcomes), None)
    if drawn is None:
        raise ProbeError("there is nothing to draw: every factor was skipped; leave --figure out to see why")
    save(drawn, file)


def _show(table: Table, console: Console, label: str) -> None:
    if console.is_terminal:
        print_table(table, console, label)
    else:
        console.print(Text(f"{markdown(table, 2, label)}\n"), soft_wrap=True)
