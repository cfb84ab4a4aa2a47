"""Cells for tests: their p-value, before and after correction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.stats import Skipped, TestResult

if TYPE_CHECKING:
    from vlmrate.report.table import Cell
    from vlmrate.stats import Adjusted, TestOutcome


def p_of(test: TestOutcome) -> Cell:
    """The p-value, or why there is no test."""
    return test.p_value if isinstance(test, TestResult) else test


def adjusted(test: Adjusted | Skipped) -> Cell:
    """The corrected p-value, or why there is none."""
    return test if isinstance(test, Skipped) else test.p_adjusted
