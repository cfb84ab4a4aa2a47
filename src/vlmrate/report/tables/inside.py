"""Tables of what was found inside models, in the order of the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.tables.angles import bias_tables
from vlmrate.report.tables.axis import axis_tables
from vlmrate.report.tables.causal import causal_tables
from vlmrate.report.tables.compare import compare_tables
from vlmrate.report.tables.debias import debias_tables
from vlmrate.report.tables.directions import directions_tables
from vlmrate.report.tables.features import features_tables, sizes_tables
from vlmrate.report.tables.separability import separability_tables
from vlmrate.report.tables.steer import steer_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.probe.found import Found
    from vlmrate.report.table import Table


def inside_tables(found: Found) -> tuple[Table, ...]:
    """Every table of what was found that has rows; a command that has not run has none."""
    return tuple(table for table in _all(found) if table.rows)


def _all(found: Found) -> Iterator[Table]:
    yield from separability_tables(found.separability)
    yield from directions_tables(found.directions)
    yield from axis_tables(found.axis)
    yield from bias_tables(found.bias)
    yield from causal_tables(found.causal)
    yield from steer_tables(found.steer)
    yield from debias_tables(found.debias)
    yield from compare_tables(found.compare)
    yield from features_tables(found.features)
    yield from sizes_tables(found.features_sizes)
