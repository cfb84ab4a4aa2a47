"""An analysis as it is shown by the command: rich tables on a terminal, Markdown where a file or a program reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vlmrate.report.markdown import escaped, markdown, plain
from vlmrate.report.opening import SIMULATED, left_out, opening
from vlmrate.report.tables import tables
from vlmrate.report.terminal import print_table
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vlmrate.analysis import Analysis
    from vlmrate.report.table import Table
    from vlmrate.report.write import Written


def show(analysis: Analysis, console: Console) -> None:
    """Print what was studied, the main tables, and what was left out."""
    main = [table for table in tables(analysis) if table.main and table.rows]
    if console.is_terminal:
        _on_terminal(analysis, main, console)
    else:
        _as_markdown(analysis, main, console)


def show_files(written: Written, console: Console) -> None:
    """Print where the report's files lie."""
    _say(console, f"Report: {shown(written.report)}")
    _say(console, f"Data: {shown(written.analysis)}")
    _say(console, f"Tables: {len(written.tables)} CSV files in {shown(written.tables[0].parent)}")


def _on_terminal(analysis: Analysis, main: Sequence[Table], console: Console) -> None:
    console.print(Text(f"Study {plain(analysis.design.name)}: raters beside people", style="bold"))
    for sentence in opening(analysis):
        console.print(Text(plain(sentence), style="bold yellow" if sentence == SIMULATED else ""))
    console.print()
    for table in main:
        print_table(table, console)
    for sentence in left_out(analysis):
        console.print(Text(f"Not computed. {plain(sentence)}"))


def _as_markdown(analysis: Analysis, main: Sequence[Table], console: Console) -> None:
    blocks = [
        f"# {escaped(analysis.design.name)}: raters beside people",
        "\n".join(f"- {escaped(sentence)}" for sentence in opening(analysis)),
        *(markdown(table) for table in main),
        *(f"Not computed. {escaped(sentence)}" for sentence in left_out(analysis)),
    ]
    for block in blocks:
        _say(console, f"{block}\n")


def _say(console: Console, words: str) -> None:
    console.print(Text(words), soft_wrap=True)
