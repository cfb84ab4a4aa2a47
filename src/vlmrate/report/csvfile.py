"""A table as CSV for programs: full precision, and every part of an estimate in a column of its own."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from typing import TYPE_CHECKING

from vlmrate.report.table import Style
from vlmrate.stats import Estimate, Share, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.report.table import Cell, Column, Table

_ESTIMATE = ("", "_ci_low", "_ci_high", "_n")
_SHARE = ("", "_numerator", "_denominator")
_FORMULA = ("=", "+", "-", "@", "|", "%")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?: ?%)?", re.ASCII)


def csv_text(table: Table) -> str:
    """The table as CSV with "\\n" line ends.

    An estimate called accuracy fills accuracy, accuracy_ci_low, accuracy_ci_high and accuracy_n; a share fills
    its value, _numerator and _denominator. The last column, skipped, says for each row what was not computed and why.
    """
    shapes = [_suffixes(table, position) for position in range(len(table.columns))]
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    names = [column.name + suffix for column, shape in zip(table.columns, shapes, strict=True) for suffix in shape]
    writer.writerow([*map(_as_words, names), "skipped"])
    for row in table.rows:
        values = [value for cell, shape in zip(row, shapes, strict=True) for value in _values(cell, shape)]
        writer.writerow([*values, _as_words(_skipped(table.columns, row))])
    return written.getvalue()


def _suffixes(table: Table, position: int) -> tuple[str, ...]:
    cells = [row[position] for row in table.rows]
    if any(isinstance(cell, Estimate) for cell in cells):
        return _ESTIMATE
    if table.columns[position].style is Style.SHARE:
        return _SHARE
    return ("",)


def _values(cell: Cell, shape: tuple[str, ...]) -> tuple[str, ...]:
    parts: tuple[str | int | float, ...] = ()
    if isinstance(cell, Estimate):
        parts = (cell.value, cell.ci_low, cell.ci_high, cell.n)
    elif isinstance(cell, Share):
        parts = (cell.value if cell.denominator else "", cell.numerator, cell.denominator)
    elif isinstance(cell, str):
        parts = (_as_words(cell),)
    elif isinstance(cell, int | float):
        parts = (cell,)
    return (*map(str, parts), *[""] * (len(shape) - len(parts)))


def _as_words(words: str) -> str:
    """Words that no spreadsheet runs: what begins like a formula, or with an invisible sign, gets an apostrophe.

    Spreadsheets pass over spaces before a formula, and take full-width signs for plain ones.
    """
    plain = unicodedata.normalize("NFKC", words)
    begins = (words[:1], plain.lstrip()[:1])
    hidden = any(sign and unicodedata.category(sign).startswith("C") for sign in begins)
    if _NUMBER.fullmatch(words) or not (hidden or plain.lstrip().startswith(_FORMULA)):
        return words
    return f"'{words}"


def _skipped(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    told = (
        f"{column.name}: {cell.reason}" for column, cell in zip(columns, row, strict=True) if isinstance(cell, Skipped)
    )
    return "; ".join(told)
