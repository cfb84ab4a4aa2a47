"""An analysis as tables, in the order in which they are read."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from vlmrate.report.tables.ablations import ablation_tables
from vlmrate.report.tables.baselines import baseline_tables
from vlmrate.report.tables.bias import bias_tables
from vlmrate.report.tables.calibration import calibration_tables
from vlmrate.report.tables.classification import classification_tables
from vlmrate.report.tables.comparison import comparison_tables
from vlmrate.report.tables.decoding import decoding_tables
from vlmrate.report.tables.dimensions import dimension_tables
from vlmrate.report.tables.gains import gain_tables
from vlmrate.report.tables.group_accuracy import group_accuracy_tables
from vlmrate.report.tables.group_bias import group_bias_tables
from vlmrate.report.tables.group_models import group_model_tables
from vlmrate.report.tables.inside import inside_tables
from vlmrate.report.tables.intersections import intersection_tables
from vlmrate.report.tables.limits import limit_tables
from vlmrate.report.tables.mixed_bias import mixed_bias_tables
from vlmrate.report.tables.pairs import pair_tables
from vlmrate.report.tables.people import people_tables
from vlmrate.report.tables.profile import profile_tables
from vlmrate.report.tables.protocols import protocol_tables
from vlmrate.report.tables.published import published_tables
from vlmrate.report.tables.repeats import repeat_tables
from vlmrate.report.tables.replacement import replacement_tables
from vlmrate.report.tables.runs import run_tables
from vlmrate.report.tables.split import split_tables
from vlmrate.report.tables.spread import spread_tables
from vlmrate.report.tables.strength import strength_tables
from vlmrate.report.tables.summary import summary_tables
from vlmrate.report.tables.thinking import thinking_tables
from vlmrate.report.tables.trends import trend_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.report.table import Table

__all__ = ["tables"]


def tables(analysis: Analysis) -> tuple[Table, ...]:
    """Every table of an analysis. Questions that were skipped have none; `left_out` says why."""
    return tuple(_all(analysis))


def _all(analysis: Analysis) -> Iterator[Table]:
    yield from summary_tables(analysis)
    yield from people_tables(analysis)
    yield from classification_tables(analysis)
    yield from pair_tables(analysis)
    for of_item in zip_longest(dimension_tables(analysis), bias_tables(analysis), baseline_tables(analysis)):
        yield from filter(None, of_item)
    yield from limit_tables(analysis)
    yield from calibration_tables(analysis)
    yield from split_tables(analysis)
    yield from profile_tables(analysis)
    yield from group_bias_tables(analysis)
    yield from group_model_tables(analysis)
    yield from intersection_tables(analysis)
    yield from group_accuracy_tables(analysis)
    yield from mixed_bias_tables(analysis)
    yield from spread_tables(analysis)
    yield from decoding_tables(analysis)
    yield from replacement_tables(analysis)
    yield from comparison_tables(analysis)
    yield from strength_tables(analysis)
    yield from repeat_tables(analysis)
    yield from protocol_tables(analysis)
    yield from ablation_tables(analysis)
    yield from thinking_tables(analysis)
    yield from gain_tables(analysis)
    yield from trend_tables(analysis)
    yield from published_tables(analysis)
    if analysis.inside is not None:
        # At the terminal the commands that found them have shown them.
        yield from (replace(table, main=False) for table in inside_tables(analysis.inside))
    yield from run_tables(analysis)
