"""How wide a table is on paper, and so how it is set: in smaller type, intervals below their estimates, sideways."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.cells import cell_len

from vlmrate.report.layout import Line, Over, is_right_aligned, wrapped
from vlmrate.report.table import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.report.layout import Layout

GAP = 2
"""Between columns, in letters."""
LONGEST = 44
"""Words longer than this are broken into lines inside their column."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a table is set: size of type in points, letters to a line, intervals below, page turned."""

    points: float
    letters: int
    stacked: bool = False
    sideways: bool = False


SETTINGS = (
    Setting(10, 105),
    Setting(9, 120),
    Setting(9, 122, stacked=True),
    Setting(9, 165, stacked=True, sideways=True),
    Setting(8, 185, stacked=True, sideways=True),
)
"""On letter or A4 paper with margins of an inch; what is wider than the last is cut into panels."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A table, or as many of its columns as fit beside the row names, as it is to be set."""

    shown: Layout
    setting: Setting
    widths: tuple[int, ...]

    @property
    def long(self) -> frozenset[int]:
        """Columns of words whose longest cell is broken into lines."""
        return frozenset(i for i in range(len(self.shown.columns)) if self.widths[i] == LONGEST)

    @property
    def titles(self) -> tuple[tuple[str, ...], ...]:
        """Each column's title in lines that do not widen it."""
        pairs = zip(self.shown.columns, self.widths, strict=True)
        return tuple(tuple(wrapped(column.title, width)) for column, width in pairs)


def panels(shown: Layout, room: float = 1.0) -> tuple[Panel, ...]:
    """The table in the largest setting that holds it; in several panels, each with the row names, where none does.

    `room` is the part of a line that it may take.
    """
    for setting in SETTINGS:
        told = _stacked(shown) if setting.stacked else shown
        needed = widths(told)
        if sum(needed) + GAP * (len(needed) - 1) <= room * setting.letters:
            return (Panel(told, setting, tuple(needed)),)
    cut = [_only(told, part) for part in parts(told, needed, int(room * setting.letters))]
    return tuple(Panel(piece, setting, tuple(widths(piece))) for piece in cut)


def parts(shown: Layout, needed: Sequence[int], width: int) -> Iterator[tuple[int, ...]]:
    """The columns of each part of a table: the row names, and as many others as fit into `width`."""
    stubs = tuple(i for i, column in enumerate(shown.columns) if column.role is Role.STUB)
    room = width - sum(needed[i] + GAP for i in stubs) + GAP
    part: list[int] = []
    for i in (i for i in range(len(shown.columns)) if i not in stubs):
        if part and sum(needed[k] + GAP for k in (*part, i)) > room:
            yield (*stubs, *part)
            part = []
        part.append(i)
    yield (*stubs, *part)


def widths(shown: Layout) -> list[int]:
    """The width of each column in letters: of the longest line of a cell, or the longest word of the title."""
    cells = [line.cells for line in shown.lines if not line.heading]
    return [
        min(LONGEST, max([*map(cell_len, column.title.split()), *(_width(row[i]) for row in cells), 1]))
        for i, column in enumerate(shown.columns)
    ]


def _width(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))


def _stacked(shown: Layout) -> Layout:
    """The table with each interval on a line below its estimate."""
    numbers = [is_right_aligned(column) for column in shown.columns]
    lines = (
        replace(
            line,
            cells=tuple(
                cell.replace(" [", "\n[", 1) if number and not line.heading else cell
                for cell, number in zip(line.cells, numbers, strict=True)
            ),
        )
        for line in shown.lines
    )
    return replace(shown, lines=tuple(lines))


def _only(shown: Layout, kept: Sequence[int]) -> Layout:
    """Some of the columns of a table."""
    return replace(
        shown,
        columns=tuple(shown.columns[i] for i in kept),
        kept=tuple(shown.kept[i] for i in kept),
        lines=tuple(Line(tuple(line.cells[i] for i in kept), line.heading) for line in shown.lines),
        spanners=tuple(_moved(shown.spanners, kept)),
    )


def _moved(spanners: Sequence[Over], kept: Sequence[int]) -> Iterator[Over]:
    for over in spanners:
        inside = [place for place, i in enumerate(kept) if over.first <= i <= over.last]
        if inside:
            yield Over(over.title, inside[0], inside[-1])
