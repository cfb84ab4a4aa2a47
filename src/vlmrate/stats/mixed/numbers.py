"""Numbers as R prints them: a column has as many decimals as its neediest number has to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._arrays import FloatArray

SMALLEST_P = float(np.finfo(np.float64).eps)
"""P-values below that are printed as an inequality."""


def fixed(values: FloatArray, digits: int) -> list[str]:
    """All numbers with the same decimals: enough for each to show `digits` significant ones, no trailing zeros."""
    decimals = max((_decimals(float(value), digits) for value in values), default=0)
    return [f"{value:.{decimals}f}" for value in values]


def significant(values: FloatArray, digits: int) -> list[str]:
    """As `fixed`, but in powers of ten where that is shorter."""
    texts = fixed(values, digits)
    scientific = [f"{value:.{digits - 1}e}" for value in values]
    return scientific if max(map(len, texts)) > max(map(len, scientific)) else texts


def p_values(values: FloatArray, digits: int) -> list[str]:
    """P-values: small ones in powers of ten, those below machine precision as an inequality."""
    small = (values > 0) & (values < 1e-3) & (values >= SMALLEST_P)
    plain = (values >= 1e-3) & (values >= SMALLEST_P)
    texts = np.full(len(values), f"<{SMALLEST_P:.0e}", dtype=object)
    mantissa = max((_mantissa(float(value), digits) for value in values[small]), default=0)
    texts[small] = [f"{value:.{mantissa}e}" for value in values[small]]
    texts[plain] = fixed(values[plain], digits)
    return [str(text) for text in texts]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the first column to the left and the others to the right, a space apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        " ".join(
            cell.ljust(width) if place == 0 and rows[0][0] == "" else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _mantissa(value: float, digits: int) -> int:
    """Decimals of the mantissa that are not trailing zeros."""
    return len(f"{value:.{digits - 1}e}".split("e")[0].rstrip("0").rstrip(".")) - 2 if value else 0


def _decimals(value: float, digits: int) -> int:
    """Decimals needed to show a number's significant digits."""
    if not np.isfinite(value) or value == 0:
        return 0
    mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
    shown = len(mantissa.replace(".", "").rstrip("0"))
    return max(0, shown - 1 - int(exponent))
