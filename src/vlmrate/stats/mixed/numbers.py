"""Numbers as R prints them: a column has as many decimals as its neediest number has to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._arrays import FloatArray

SMALLEST_P = float(np.finfo(np.float64).eps)
"""P-values below that are printed as an inequality."""
PLAIN_P = 1e-4
"""P-values from there on share their decimals; smaller ones are in powers of ten where that is shorter."""


def fixed(values: FloatArray, digits: int) -> list[str]:
    """All numbers with the same decimals: enough for each to show `digits` significant ones, no trailing zeros."""
    decimals = max((_decimals(float(value), digits) for value in values), default=0)
    return [f"{value:.{decimals}f}" for value in values]


def significant(values: FloatArray, digits: int) -> list[str]:
    """As `fixed`, but all in powers of ten where that is shorter."""
    texts = fixed(values, digits)
    mantissa = max((_shown(float(value), digits) - 1 for value in values), default=0)
    powers = [f"{value:.{mantissa}e}" for value in values]
    return powers if max(map(len, texts), default=0) > max(map(len, powers), default=0) else texts


def p_values(values: FloatArray, digits: int) -> list[str]:
    """P-values to `digits` significant ones; those below machine precision as an inequality."""
    texts = np.full(len(values), "", dtype=object)
    plain = values >= PLAIN_P
    small = (values < PLAIN_P) & (values >= SMALLEST_P)
    texts[plain] = significant(values[plain], digits)
    texts[small] = significant(values[small], digits)
    space = " " if max(map(len, texts), default=0) > len("<2e-16") else ""
    texts[values < SMALLEST_P] = f"<{space}{SMALLEST_P:.0e}"
    return [str(text) for text in texts]


def padded(texts: Sequence[str]) -> list[str]:
    """All as wide as the widest, to the right."""
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts]


def named(names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """A line of names over a line of values, all equally wide."""
    cells = padded([*names, *texts])
    return [" ".join(cells[: len(names)]), " ".join(cells[len(names) :])]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the labels of the first column to the left, all others to the right, a space apart."""
    first, *others = zip(*rows, strict=True)
    width = max(map(len, first))
    columns = [[label.ljust(width) for label in first], *(padded(column) for column in others)]
    return [" ".join(cells) for cells in zip(*columns, strict=True)]


def _shown(value: float, digits: int) -> int:
    """Significant digits that are not trailing zeros, at most `digits`."""
    if not np.isfinite(value) or value == 0:
        return 1
    return len(f"{abs(value):.{digits - 1}e}".split("e")[0].replace(".", "").rstrip("0"))


def _decimals(value: float, digits: int) -> int:
    """Decimals needed to show those digits."""
    if not np.isfinite(value) or value == 0:
        return 0
    exponent = int(f"{abs(value):.{digits - 1}e}".split("e")[1])
    return max(0, _shown(value, digits) - 1 - exponent)
