"""Cells as readers see them: each number in the style of its column, as APA 7 wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import UNDEFINED, bounded, decimal, p_value
from vlmrate.report.table import Reference, Style
from vlmrate.stats import Estimate, Share, Skipped

if TYPE_CHECKING:
    from vlmrate.report.table import Cell, Column

DECIMALS = {Style.BOUNDED: 3, Style.POINTS: 2, Style.P: 3}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def share(value: Share) -> str:
    """A share with what it is a share of.

    >>> share(Share(170, 239, "sad images with a valid answer"))
    '170/239 (71.1 %)'
    """
    if value.denominator == 0:
        return f"{value.numerator:,}/0"
    return f"{value.numerator:,}/{value.denominator:,} ({100 * value.value:.1f} %)"


def number(value: float, style: Style) -> str:
    """A number in the style of its column."""
    if style is Style.P:
        return p_value(value)
    if style is Style.BOUNDED:
        return bounded(value, DECIMALS[style])
    if style is Style.COUNT:
        return decimal(value, 0)
    return decimal(value, DECIMALS.get(style, 2))


def interval(estimate: Estimate, style: Style) -> str:
    """A confidence interval in brackets.

    >>> interval(Estimate(0.725, 0.701, 0.748, 0.95, 1440, "accuracy"), Style.BOUNDED)
    '[.701, .748]'
    """
    return f"[{number(estimate.ci_low, style)}, {number(estimate.ci_high, style)}]"


def cell(value: Cell, column: Column) -> str:
    """A cell as readers see it; what was skipped is a dash (`marked` adds where to find the reason)."""
    if value is None:
        return ""
    if isinstance(value, Skipped):
        return UNDEFINED
    if isinstance(value, Share):
        return share(value)
    if isinstance(value, Estimate):
        shown = number(value.value, column.style)
        return f"{shown} {interval(value, column.style)}" if column.interval else shown
    if isinstance(value, Reference):
        return value.kind
    return value if isinstance(value, str) else number(value, column.style)


def mark(position: int) -> str:
    """A footnote mark: a raised number.

    >>> mark(12)
    '¹²'
    """
    return str(position).translate(_SUPERSCRIPTS)
