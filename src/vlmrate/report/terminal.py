"""Tables in a terminal of any width: what does not fit beside the row names is set below, never wrapped."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table as RichTable
from rich.text import Text

from vlmrate.report.layout import Line, is_right_aligned, layout, wrapped
from vlmrate.report.markdown import plain
from vlmrate.report.measure import GAP, parts
from vlmrate.report.table import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vlmrate.report.layout import Layout
    from vlmrate.report.table import Table

NAME_SHARE = 2
"""A row's name may take this part of the width (a half) before its middle is left out."""
SENTENCE = 40
"""Words longer than this are broken into lines."""


def print_table(table: Table, console: Console, label: str | None = None) -> None:
    """Print a table with its title and notes, in as many parts as the console's width asks for."""
    shown = layout(table, terminal=True)
    rows = [Line(_safe(shown, line, console.width // NAME_SHARE), line.heading) for line in shown.lines]
    widths = _widths(shown, rows, console.width)
    console.print(Text(plain(table.title if label is None else f"{label}. {table.title}"), style="bold"))
    for number, part in enumerate(parts(shown, widths, console.width)):
        if number:
            console.print()
        _print_part(shown, rows, [(i, widths[i]) for i in part], console)
    for note in shown.notes:
        console.print(Text(plain(note), style="dim"))
    if shown.dropped:
        console.print(Text(plain(f"More columns in report.md: {', '.join(shown.dropped)}."), style="dim"))
    console.print()


def _print_part(shown: Layout, rows: Sequence[Line], part: Sequence[tuple[int, int]], console: Console) -> None:
    """Print header and rows; headings stand between the rows and may be longer than the first column."""
    console.print(_grid(shown, (), part, header=True))
    for is_heading, group in groupby(rows, key=lambda line: line.heading):
        if not is_heading:
            console.print(_grid(shown, tuple(group), part, header=False))
            continue
        for line in group:
            console.print(Text(line.cells[0], style="bold"), overflow="ellipsis", no_wrap=True)


def _grid(shown: Layout, rows: Sequence[Line], part: Sequence[tuple[int, int]], *, header: bool) -> RichTable:
    # The divider of SIMPLE_HEAD is one blank wide, the padding the rest of the gap.
    grid = RichTable(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0), show_header=header
    )
    for i, width in part:
        side: Literal["left", "right"] = "right" if is_right_aligned(shown.columns[i]) else "left"
        title = "\n".join(wrapped(plain(shown.title(i)), width))
        wraps = width < max((cell_len(line.cells[i]) for line in rows), default=0)
        place: Literal["top", "bottom"] = "bottom" if header else "top"
        grid.add_column(Text(title), justify=side, no_wrap=not wraps, width=width, vertical=place)
    for line in rows:
        grid.add_row(*(Text(line.cells[i]) for i, _ in part))
    return grid


def _safe(shown: Layout, line: Line, widest: int) -> tuple[str, ...]:
    if line.heading:
        return tuple(plain(cell) for cell in line.cells)
    stubs = _stubs(shown)
    return tuple(_name(cell, widest) if i in stubs else plain(cell) for i, cell in enumerate(line.cells))


def _stubs(shown: Layout) -> tuple[int, ...]:
    return tuple(i for i, column in enumerate(shown.columns) if column.role is Role.STUB)


def _widths(shown: Layout, rows: Sequence[Line], width: int) -> list[int]:
    """As wide as the widest cell and the longest word of the title, whose words may stand below one another.

    Columns of sentences take what the row names leave of the console's width.
    """
    cells = [line.cells for line in rows if not line.heading]
    needed = [
        max(*map(cell_len, ["", *plain(shown.title(i)).split()]), *(cell_len(row[i]) for row in cells), 0)
        for i in range(len(shown.columns))
    ]
    stubs = _stubs(shown)
    room = max(SENTENCE // 2, width - sum(needed[i] + GAP for i in stubs))
    sentences = [i for i in range(len(needed)) if i not in stubs and needed[i] > SENTENCE]
    return [min(size, room) if i in sentences else size for i, size in enumerate(needed)]


def _name(cell: str, widest: int) -> str:
    """A row's name, without its middle where it is too long: ends tell names apart."""
    words = plain(cell)
    if cell_len(words) <= widest:
        return words
    half = (widest - 1) // 2
    return f"{words[:half]}…{words[-half:]}"
