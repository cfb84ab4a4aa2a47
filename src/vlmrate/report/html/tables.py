"""Tables as the template sets them: heads with spanners, rows in groups, and what each cell is sorted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.report.layout import interval_note, is_right_aligned, layout
from vlmrate.report.table import Role
from vlmrate.stats import Estimate, Share

if TYPE_CHECKING:
    from vlmrate.report.layout import Layout
    from vlmrate.report.outline import NumberedTable
    from vlmrate.report.table import Cell, Column, Table

LONG = 40
"""Rows from which a table scrolls within itself, its heads staying in sight."""
PROSE = 60
"""Signs above which a cell is taken for a sentence."""
SHORT = 20
"""Rows up to which a table is kept on one page of paper."""


@dataclass(frozen=True, slots=True)
class Head:
    """A heading over one column (`column` is its position) or over several (None)."""

    title: str
    column: int | None
    columns: int
    rows: int
    number: bool
    stub: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A cell: its words, and the number it is sorted by (None: there is none)."""

    words: str
    value: float | None
    number: bool
    stub: bool
    prose: bool
    """Whether it is a sentence rather than a word or two."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading; None where the table has no sections."""

    heading: str | None
    rows: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """A table ready to be set."""

    id: str
    label: str
    title: str
    heads: tuple[tuple[Head, ...], ...]
    groups: tuple[Group, ...]
    columns: int
    notes: tuple[str, ...]
    long: bool
    short: bool
    pairs: bool
    """Whether it is but questions and answers, in words."""
    told: bool
    """Whether it holds words alone, sentences among them: on a narrow screen each row is set as a card."""


def table_view(entry: NumberedTable) -> TableView:
    """A numbered table as the template needs it."""
    shown = layout(entry.table)
    brackets = interval_note(shown)
    return TableView(
        id=f"table-{entry.table.id}",
        label=entry.label,
        title=entry.table.title,
        heads=_heads(shown),
        groups=_groups(entry.table, shown),
        columns=len(shown.columns),
        notes=(*([brackets] if brackets else []), *shown.notes),
        long=len(entry.table.rows) > LONG,
        short=len(entry.table.rows) <= SHORT,
        pairs=[column.role for column in shown.columns] == [Role.STUB, Role.VALUE]
        and not is_right_aligned(shown.columns[1]),
        told=_is_told(shown),
    )


def _is_told(shown: Layout) -> bool:
    words_alone = not any(map(is_right_aligned, shown.columns))
    return words_alone and any(len(cell) > PROSE for line in shown.lines if not line.heading for cell in line.cells)


def _heads(shown: Layout) -> tuple[tuple[Head, ...], ...]:
    columns = range(len(shown.columns))
    if not shown.spanners:
        return (tuple(_head(shown, i, 1) for i in columns),)
    over = {i: spanner for spanner in shown.spanners for i in range(spanner.first, spanner.last + 1)}
    first = []
    for i in columns:
        if i not in over:
            first.append(_head(shown, i, 2))
        elif i == over[i].first:
            wide = over[i].last - over[i].first + 1
            first.append(Head(over[i].title, None, wide, 1, number=False, stub=False))
    return (tuple(first), tuple(_head(shown, i, 1) for i in columns if i in over))


def _head(shown: Layout, i: int, rows: int) -> Head:
    column = shown.columns[i]
    return Head(column.title, i, 1, rows, is_right_aligned(column), column.role is Role.STUB)


def _groups(table: Table, shown: Layout) -> tuple[Group, ...]:
    rows = iter(table.rows)
    groups: list[tuple[str | None, list[tuple[Entry, ...]]]] = []
    for line in shown.lines:
        if line.heading:
            groups.append((line.cells[0], []))
            continue
        if not groups:
            groups.append((None, []))
        row = next(rows)
        cells = zip(shown.columns, line.cells, (row[i] for i in shown.kept), strict=True)
        groups[-1][1].append(tuple(_entry(column, words, cell) for column, words, cell in cells))
    return tuple(Group(heading, tuple(entries)) for heading, entries in groups)


def _entry(column: Column, words: str, cell: Cell) -> Entry:
    return Entry(words, _value(cell, column), is_right_aligned(column), column.role is Role.STUB, len(words) > PROSE)


def _value(cell: Cell, column: Column) -> float | None:
    if cell in column.order:
        return column.order.index(str(cell))
    if isinstance(cell, Share):
        return cell.value if cell.denominator else None
    if isinstance(cell, Estimate):
        return cell.value
    return cell if isinstance(cell, int | float) else None
