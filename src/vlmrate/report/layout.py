"""A table's cells as strings, with footnotes for what was skipped: what every writer for readers starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.report.format import UNDEFINED, cell, mark
from vlmrate.report.table import Role, Style
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.report.table import Cell, Column, Table


@dataclass(frozen=True, slots=True)
class Line:
    """One row as strings; a heading has its words in the first cell and nothing in the others."""

    cells: tuple[str, ...]
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A table ready to be set: columns without the one for sections, whose values have become headings."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def layout(table: Table, *, terminal: bool = False) -> Layout:
    """Turn cells into strings, sections into heading lines, and reasons of what was skipped into marked notes.

    Columns without any entry are left out, and for a `terminal` those it can do without.
    """
    section = table.section
    kept = [i for i, column in enumerate(table.columns) if _is_shown(table, i, terminal)]
    reasons = _reasons(table, kept)
    columns = tuple(table.columns[i] for i in kept)
    lines: list[Line] = []
    heading: Cell = None
    for row in table.rows:
        if section is not None and row[section] != heading:
            heading = row[section]
            lines.append(Line((str(heading), *[""] * (len(columns) - 1)), heading=True))
        lines.append(Line(tuple(_string(row[i], table.columns[i], reasons) for i in kept)))
    marked = tuple(f"{mark(position)} {_sentence(reason)}" for reason, position in reasons.items())
    return Layout(columns, tuple(lines), (*table.notes, *marked))


def is_right_aligned(column: Column) -> bool:
    """Whether the column holds numbers."""
    return column.style is not Style.TEXT


def _string(value: Cell, column: Column, reasons: dict[str, int]) -> str:
    if isinstance(value, Skipped):
        return UNDEFINED + mark(reasons[value.reason])
    return cell(value, column)


def _is_shown(table: Table, i: int, terminal: bool) -> bool:
    column = table.columns[i]
    if column.role is not Role.VALUE:
        return column.role is Role.STUB
    return (column.terminal or not terminal) and any(row[i] is not None for row in table.rows)


def _reasons(table: Table, kept: Sequence[int]) -> dict[str, int]:
    """Every reason for which something was skipped, numbered as it first appears."""
    found = [value.reason for row in table.rows for value in (row[i] for i in kept) if isinstance(value, Skipped)]
    return {reason: position for position, reason in enumerate(dict.fromkeys(found), start=1)}


def _sentence(reason: str) -> str:
    return f"Not computed: {reason.rstrip('.')}."
