"""The report as parts in reading order, with numbered tables and figures: what every writer starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.report.figures import figures
from vlmrate.report.leads import lead
from vlmrate.report.left_out import left_out
from vlmrate.report.table import Part, Reference
from vlmrate.report.tables import tables
from vlmrate.report.tables.naming import slug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.report.figures import Figure
    from vlmrate.report.table import Cell, Table


@dataclass(frozen=True, slots=True)
class NumberedTable:
    """A table and its number in the report."""

    number: int
    table: Table

    @property
    def label(self) -> str:
        """How the report refers to it: Table 3."""
        return f"Table {self.number}"


@dataclass(frozen=True, slots=True)
class NumberedFigure:
    """A figure and its number in the report."""

    number: int
    figure: Figure

    @property
    def label(self) -> str:
        """How the report refers to it: Figure 3."""
        return f"Figure {self.number}"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report: plain sentences to begin with, tables, figures, and what was left out and why."""

    part: Part
    lead: tuple[str, ...]
    tables: tuple[NumberedTable, ...]
    figures: tuple[NumberedFigure, ...]
    left_out: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its heading."""
        return self.part.value


def outline(analysis: Analysis) -> tuple[Section, ...]:
    """The parts that have anything to say. Tables without rows are left out; numbers run through the whole report."""
    made = [table for table in tables(analysis) if table.rows]
    drawn = figures(analysis)
    ordered = [table for part in Part for table in made if table.part is part]
    pictured = [figure for part in Part for figure in drawn if figure.part is part]
    numbered = _resolved([NumberedTable(number, table) for number, table in enumerate(ordered, start=1)])
    figured = [NumberedFigure(number, figure) for number, figure in enumerate(pictured, start=1)]
    parts = (_section(analysis, part, numbered, figured) for part in Part)
    return tuple(part for part in parts if _says_something(part))


def _section(
    analysis: Analysis, part: Part, numbered: Sequence[NumberedTable], figured: Sequence[NumberedFigure]
) -> Section:
    return Section(
        part=part,
        lead=lead(analysis, part),
        tables=tuple(entry for entry in numbered if entry.table.part is part),
        figures=tuple(entry for entry in figured if entry.figure.part is part),
        left_out=left_out(analysis, part, (entry.table for entry in numbered)),
    )


def _resolved(numbered: Sequence[NumberedTable]) -> list[NumberedTable]:
    """The tables with every reference to another one replaced by what the report calls it."""
    labels = {entry.table.id: entry.label for entry in numbered}

    def cell(value: Cell) -> Cell:
        if not isinstance(value, Reference):
            return value
        return labels.get(slug(value.kind, value.item), labels.get(value.kind))

    return [
        replace(entry, table=replace(entry.table, rows=tuple(tuple(map(cell, row)) for row in entry.table.rows)))
        for entry in numbered
    ]


def _says_something(section: Section) -> bool:
    if section.part is Part.SUMMARY:
        return True
    return bool(section.tables or section.figures or section.left_out)
