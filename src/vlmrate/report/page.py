"""Whether a table fits on a page of paper, and how the columns of one that breaks over pages share the line."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from rich.cells import cell_len

from vlmrate.report.layout import interval_note
from vlmrate.report.measure import LONGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.report.layout import Line
    from vlmrate.report.measure import Panel

UPRIGHT, SIDEWAYS = 600.0, 430.0
"""Points that a table may take of the height of a letter or A4 page with margins of an inch, upright and turned."""
LEADING = 1.3
"""From one line to the next over the size of the type, with what rules and headings add."""
CAPTION = 50.0
NOTE_POINTS, NOTE_LETTERS = 11.0, 0.9
"""Height of a line of the notes, and the part of a line of the table's letters that it has."""
WIDE = 1.25
"""Width of a column of short words over that of as many average letters: none of them may be broken."""


def is_told(cut: Sequence[Panel]) -> bool:
    """Whether a table tells in sentences, and has no more beside them than an upright page holds."""
    return len(cut) == 1 and bool(cut[0].long) and not cut[0].setting.sideways


def fits_a_page(cut: Sequence[Panel]) -> bool:
    """Whether all panels of a table stand on one page together, with the caption and the notes."""
    setting = cut[0].setting
    shown = cut[0].shown
    notes = cell_len(" ".join(note for note in (*shown.notes, interval_note(shown)) if note))
    needed = (
        CAPTION
        + sum(_lines(panel) for panel in cut) * setting.points * LEADING
        + ceil(notes / (setting.letters * NOTE_LETTERS)) * NOTE_POINTS
    )
    return needed <= (SIDEWAYS if setting.sideways else UPRIGHT)


def filling(panel: Panel) -> tuple[float, ...]:
    """The part of the line that each column takes; they sum to 1."""
    short = [0.0 if i in panel.long else WIDE * width for i, width in enumerate(panel.widths)]
    each = max(panel.setting.letters - sum(short), LONGEST / 2) / len(panel.long)
    needed = [each if i in panel.long else width for i, width in enumerate(short)]
    return tuple(width / sum(needed) for width in needed)


def _lines(panel: Panel) -> int:
    heads = max(map(len, panel.titles)) + bool(panel.shown.spanners)
    return heads + 1 + sum(map(_height, panel.shown.lines))


def _height(line: Line) -> int:
    if line.heading:
        return 1
    return max(sum(ceil(max(cell_len(part), 1) / LONGEST) for part in cell.split("\n")) for cell in line.cells)
