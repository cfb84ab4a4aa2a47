"""A table's cells as strings, with footnotes for what was skipped: what every writer for readers starts from."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.apa import UNDEFINED
from vlmrate.report.format import cell, mark
from vlmrate.report.table import Role, Style
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.report.table import Cell, Column, Spanner, Table


@dataclass(frozen=True, slots=True)
class Line:
    """One row as strings; a heading has its words in the first cell and nothing in the others."""

    cells: tuple[str, ...]
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """A spanner over the columns from `first` to `last`, by their positions in the layout."""

    title: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A table ready to be set: columns without the one for sections, whose values have become headings.

    `dropped` are the titles of columns that a terminal does without; `level` is the confidence level of the intervals
    shown in brackets, None where none is shown. `kept` are the positions of the columns in the table.
    """

    columns: tuple[Column, ...]
    kept: tuple[int, ...]
    spanners: tuple[Over, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    dropped: tuple[str, ...]
    level: float | None

    def title(self, i: int) -> str:
        """A column's title behind that of its spanner: People: M."""
        over = next((spanner.title for spanner in self.spanners if spanner.first <= i <= spanner.last), None)
        title = self.columns[i].title
        return title if over is None else f"{over}: {title}"


def layout(table: Table, *, terminal: bool = False) -> Layout:
    """Turn cells into strings, sections into heading lines, and reasons of what was skipped into marked notes.

    Columns without any entry are left out, and for a `terminal` those it can do without.
    """
    filled = [i for i in range(len(table.columns)) if _is_filled(table, i)]
    kept = [i for i in filled if table.columns[i].terminal or not terminal]
    reasons = _reasons(table, kept)
    marked = tuple(f"{mark(position)} {_sentence(reason)}" for reason, position in reasons.items())
    return Layout(
        columns=tuple(table.columns[i] for i in kept),
        kept=tuple(kept),
        spanners=_spanners(table, kept),
        lines=_lines(table, kept, reasons),
        notes=(*table.notes, *marked),
        dropped=tuple(_whole_title(table, i) for i in filled if i not in kept),
        level=_level(table, kept),
    )


def is_right_aligned(column: Column) -> bool:
    """Whether the column holds numbers."""
    return column.style is not Style.TEXT


def interval_note(shown: Layout) -> str | None:
    """What the brackets hold, for a table that stands by itself; None where there are none."""
    return None if shown.level is None else f"Values in brackets are {100 * shown.level:g} % confidence intervals."


def wrapped(title: str, width: int) -> list[str]:
    """A column's title in lines no wider than `width`, but that no word is broken.

    >>> wrapped("Correct, valid answers only", 10)
    ['Correct,', 'valid', 'answers', 'only']
    """
    widest = max([width, *map(len, title.split())])
    return textwrap.wrap(title, widest, break_long_words=False, break_on_hyphens=False) or [""]


def _lines(table: Table, kept: Sequence[int], reasons: dict[str, int]) -> tuple[Line, ...]:
    section = table.section
    lines: list[Line] = []
    heading: Cell = None
    for row in table.rows:
        if section is not None and row[section] != heading:
            heading = row[section]
            lines.append(Line((str(heading), *[""] * (len(kept) - 1)), heading=True))
        lines.append(Line(tuple(_string(row[i], table.columns[i], reasons) for i in kept)))
    return tuple(lines)


def _spanners(table: Table, kept: Sequence[int]) -> tuple[Over, ...]:
    names = [table.columns[i].name for i in kept]
    found = [over for spanner in table.spanners for over in _runs(spanner, names)]
    return tuple(sorted(found, key=lambda over: over.first))


def _runs(spanner: Spanner, names: Sequence[str]) -> list[Over]:
    """A spanner over each run of its columns that stand side by side."""
    runs: list[Over] = []
    for i in (i for i, name in enumerate(names) if name in spanner.columns):
        if runs and runs[-1].last == i - 1:
            runs[-1] = Over(spanner.title, runs[-1].first, i)
        else:
            runs.append(Over(spanner.title, i, i))
    return runs


def _whole_title(table: Table, i: int) -> str:
    column = table.columns[i]
    over = next((spanner.title for spanner in table.spanners if column.name in spanner.columns), None)
    return column.title if over is None else f"{over}: {column.title}"


def _string(value: Cell, column: Column, reasons: dict[str, int]) -> str:
    if isinstance(value, Skipped):
        return UNDEFINED + mark(reasons[value.reason])
    return cell(value, column)


def _is_filled(table: Table, i: int) -> bool:
    column = table.columns[i]
    if column.role is not Role.VALUE:
        return column.role is Role.STUB
    return any(row[i] is not None for row in table.rows)


def _level(table: Table, kept: Sequence[int]) -> float | None:
    cells = (row[i] for row in table.rows for i in kept if table.columns[i].interval)
    return next((cell.level for cell in cells if isinstance(cell, Estimate)), None)


def _reasons(table: Table, kept: Sequence[int]) -> dict[str, int]:
    """Every reason for which something was skipped, numbered as it first appears."""
    found = [value.reason for row in table.rows for value in (row[i] for i in kept) if isinstance(value, Skipped)]
    return {reason: position for position, reason in enumerate(dict.fromkeys(found), start=1)}


def _sentence(reason: str) -> str:
    return f"Not computed: {reason.rstrip('.')}."
