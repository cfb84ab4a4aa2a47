"""Numbers as psychologists print them (APA 7): no leading zero where 1 is the bound, and p < .001."""

from __future__ import annotations

import math

MINUS = "−"
UNDEFINED = "–"


def decimal(value: float, digits: int) -> str:
    """A number with a fixed number of decimals and a true minus; zero is never negative.

    >>> decimal(-1.053, 2), decimal(-0.001, 2), decimal(1234.5, 1)
    ('−1.05', '0.00', '1,234.5')
    """
    if not math.isfinite(value):
        return UNDEFINED
    shown = f"{abs(value):,.{digits}f}"
    is_zero = not any(digit in "123456789" for digit in shown)
    return shown if value >= 0 or is_zero else MINUS + shown


def bounded(value: float, digits: int = 3) -> str:
    """A number that cannot exceed 1 in size: without its leading zero.

    >>> bounded(0.7252), bounded(-0.332), bounded(1.0)
    ('.725', '−.332', '1.000')
    """
    return decimal(value, digits).replace("0.", ".", 1) if abs(value) < 1 else decimal(value, digits)


def p_value(value: float) -> str:
    """A p-value to three decimals, or < .001.

    >>> p_value(0.0342), p_value(0.0004)
    ('.034', '< .001')
    """
    return "< .001" if value < 0.001 else bounded(value)
