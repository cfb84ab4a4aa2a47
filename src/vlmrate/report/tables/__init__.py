"""An analysis as tables, in the order in which they are read."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from vlmrate.report.tables.baselines import baseline_tables
from vlmrate.report.tables.bias import bias_tables
from vlmrate.report.tables.classification import classification_tables
from vlmrate.report.tables.dimensions import dimension_tables
from vlmrate.report.tables.group_bias import group_bias_tables
from vlmrate.report.tables.mixed_bias import mixed_bias_tables
from vlmrate.report.tables.pairs import pair_tables
from vlmrate.report.tables.people import people_tables
from vlmrate.report.tables.runs import run_tables
from vlmrate.report.tables.spread import spread_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.report.table import Table

__all__ = ["tables"]


def tables(analysis: Analysis) -> tuple[Table, ...]:
    """Every table of an analysis. Questions that were skipped have none; `left_out` says why."""
    return tuple(_all(analysis))


def _all(analysis: Analysis) -> Iterator[Table]:
    yield from people_tables(analysis)
    yield from classification_tables(analysis)
    yield from pair_tables(analysis)
    for of_item in zip_longest(dimension_tables(analysis), bias_tables(analysis), baseline_tables(analysis)):
        yield from filter(None, of_item)
    yield from group_bias_tables(analysis)
    yield from mixed_bias_tables(analysis)
    yield from spread_tables(analysis)
    yield from run_tables(analysis)
