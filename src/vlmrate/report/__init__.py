"""Results as tables and words for readers, and as files for programs."""

from __future__ import annotations

from vlmrate.report.table import Cell, Column, Role, Style, Table
from vlmrate.report.tables import tables
from vlmrate.report.write import Written, write_report

__all__ = ["Cell", "Column", "Role", "Style", "Table", "Written", "tables", "write_report"]
