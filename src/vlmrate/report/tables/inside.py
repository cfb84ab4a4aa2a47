"""Tables of what was found inside models, in the order of the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.tables.angles import bias_tables
from vlmrate.report.tables.directions import directions_tables
from vlmrate.report.tables.separability import separability_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.probe.found import Found
    from vlmrate.report.table import Table


def inside_tables(found: Found) -> tuple[Table, ...]:
    """Every table of what was found; a command that has not run has none."""
    return tuple(table for table in _all(found) if table.rows)


def _all(found: Found) -> Iterator[Table]:
    if found.separability:
        yield from separability_tables(found.separability)
    if found.directions:
        yield from directions_tables(found.directions)
    if found.bias:
        yield from bias_tables(found.bias)
