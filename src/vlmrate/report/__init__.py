"""Results as tables, figures and words for readers, and as files for programs."""

from __future__ import annotations

from vlmrate.report.formats import Format, Written
from vlmrate.report.jsonfile import read_analysis
from vlmrate.report.outline import Section, outline
from vlmrate.report.table import Cell, Column, Role, Style, Table
from vlmrate.report.tables import tables
from vlmrate.report.write import write_report

__all__ = [
    "Cell",
    "Column",
    "Format",
    "Role",
    "Section",
    "Style",
    "Table",
    "Written",
    "outline",
    "read_analysis",
    "tables",
    "write_report",
]
