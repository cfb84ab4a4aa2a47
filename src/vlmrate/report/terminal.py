"""Tables in a terminal of any width: what does not fit beside the row names is set below, never wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.table import Table as RichTable
from rich.text import Text

from vlmrate.report.layout import is_right_aligned, layout
from vlmrate.report.markdown import plain
from vlmrate.report.table import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from vlmrate.report.layout import Layout, Line
    from vlmrate.report.table import Table

GAP = 2
WIDEST_NAME = 32
"""Columns that a row's name may take before its middle is left out."""


def print_table(table: Table, console: Console) -> None:
    """Print a table with its title and notes, in as many parts as the console's width asks for."""
    shown = layout(table, terminal=True)
    cells = [_safe(shown, line) for line in shown.lines]
    console.print(Text(plain(table.title), style="bold"))
    for part in parts(shown, cells, console.width):
        console.print(_grid(shown, cells, part))
    for note in shown.notes:
        console.print(Text(plain(note), style="dim"))
    console.print()


def parts(shown: Layout, cells: Sequence[tuple[str, ...]], width: int) -> Iterator[tuple[int, ...]]:
    """The columns of each part of a table: the row names, and as many others as fit into `width`."""
    stubs = tuple(sorted(_stubs(shown)))
    widths = _widths(shown, cells)
    taken = room = width - sum(widths[i] + GAP for i in stubs) + GAP
    part: list[int] = []
    for i in (i for i in range(len(shown.columns)) if i not in stubs):
        taken -= widths[i] + GAP
        if part and taken < 0:
            yield (*stubs, *part)
            part, taken = [], room - widths[i] - GAP
        part.append(i)
    yield (*stubs, *part)


def _safe(shown: Layout, line: Line) -> tuple[str, ...]:
    stubs = _stubs(shown)
    return tuple(_name(cell) if i in stubs else plain(cell) for i, cell in enumerate(line.cells))


def _stubs(shown: Layout) -> set[int]:
    return {i for i, column in enumerate(shown.columns) if column.role is Role.STUB}


def _widths(shown: Layout, cells: Sequence[tuple[str, ...]]) -> list[int]:
    return [
        max([cell_len(column.title), *(cell_len(row[i]) for row in cells)]) for i, column in enumerate(shown.columns)
    ]


def _grid(shown: Layout, cells: Sequence[tuple[str, ...]], part: tuple[int, ...]) -> RichTable:
    # The divider of SIMPLE_HEAD is one blank wide, the padding the other.
    grid = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for i in part:
        column = shown.columns[i]
        grid.add_column(column.title, justify="right" if is_right_aligned(column) else "left", no_wrap=True)
    for line, row in zip(shown.lines, cells, strict=True):
        style = "bold" if line.heading else ""
        grid.add_row(*(Text(row[i], style=style) for i in part))
    return grid


def _name(cell: str) -> str:
    """A row's name, without its middle where it is too long: ends tell names apart."""
    words = plain(cell)
    if cell_len(words) <= WIDEST_NAME:
        return words
    half = (WIDEST_NAME - 1) // 2
    return f"{words[:half]}…{words[-half:]}"
