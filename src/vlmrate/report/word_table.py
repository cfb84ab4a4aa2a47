"""One table in Word as APA 7 sets it: rules above and below the header and at the end, none between columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from vlmrate.report.layout import is_right_aligned
from vlmrate.report.word_words import add_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docx.document import Document
    from docx.table import Table as WordTable
    from docx.table import _Cell, _Row

    from vlmrate.report.layout import Layout
    from vlmrate.report.measure import Panel

Side: TypeAlias = Literal["left", "right", "centre"]

PAGE_SHORT, PAGE_LONG = 6.5, 9.0
"""Inches between the margins."""
TOGETHER = 16
"""Tables of up to so many rows are kept on one page with their note."""
LETTER = 0.5
"""Width of a letter over the size of the type, for digits and most words."""
MARGIN = 3
"""Points left and right inside a cell."""
RULE, FINE = "8", "4"
"""Eighths of a point."""


def add_table(document: Document, panel: Panel) -> None:
    """Add the table at the end of the document."""
    shown, size = panel.shown, panel.setting.points
    head = 2 if shown.spanners else 1
    table = document.add_table(rows=head + len(shown.lines), cols=len(shown.columns))
    table.autofit = False
    rows = [list(row.cells) for row in table.rows]
    _set_widths(table, rows, panel)
    for row in table.rows:
        _mark(row, "cantSplit")
    for row in list(table.rows)[:head]:
        _mark(row, "tblHeader")
    _rules(rows, head, shown)
    _header(rows[:head], panel)
    for cells, line in zip(rows[head:], shown.lines, strict=True):
        if line.heading:
            _write(_merged(cells), line.cells[0], size)
            continue
        for cell, words, column in zip(cells, line.cells, shown.columns, strict=True):
            _write(cell, words, size, side="right" if is_right_aligned(column) else "left")
    for cells in rows if len(rows) <= TOGETHER else rows[: head + 1]:
        for cell in cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True


def _header(rows: Sequence[Sequence[_Cell]], panel: Panel) -> None:
    from docx.enum.table import WD_ALIGN_VERTICAL

    size = panel.setting.points
    for cell, lines, column in zip(rows[-1], panel.titles, panel.shown.columns, strict=True):
        side: Side = "right" if is_right_aligned(column) else "left"
        _write(cell, "\n".join(lines), size, side=side, symbols=True)
        cell.vertical_alignment = WD_ALIGN_VERTICAL.BOTTOM
    for over in panel.shown.spanners:
        merged = _merged(rows[0][over.first : over.last + 1])
        _write(merged, over.title, size, side="centre", symbols=True)


def _merged(cells: Sequence[_Cell]) -> _Cell:
    return cells[0].merge(cells[-1]) if len(cells) > 1 else cells[0]


def _write(cell: _Cell, words: str, size: float, *, side: Side = "left", symbols: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    sides = {"left": WD_ALIGN_PARAGRAPH.LEFT, "right": WD_ALIGN_PARAGRAPH.RIGHT, "centre": WD_ALIGN_PARAGRAPH.CENTER}
    paragraph = cell.paragraphs[0]
    for number, line in enumerate(words.split("\n")):
        if number:
            paragraph.add_run().add_break()
        add_words(paragraph, line, symbols=symbols)
    for run in paragraph.runs:
        run.font.size = Pt(size)
    paragraph.paragraph_format.space_after = Pt(1)
    paragraph.alignment = sides[side]


def _set_widths(table: WordTable, rows: Sequence[Sequence[_Cell]], panel: Panel) -> None:
    """Columns as wide as their letters ask for, shrunk to the page if need be; Word reads the grid and the cells."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    padding = 2 * MARGIN
    room = (PAGE_LONG if panel.setting.sideways else PAGE_SHORT) * 72 - padding * len(panel.widths)
    letters = sum(width + 1 for width in panel.widths)
    letter = min(LETTER * panel.setting.points, room / letters)
    needed = [(width + 1) * letter + padding for width in panel.widths]
    for column, points in zip(table.columns, needed, strict=True):
        column.width = Pt(points)
    for row in rows:
        for cell, points in zip(row, needed, strict=True):
            cell.width = Pt(points)
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), str(MARGIN * 20))
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    # After the layout, before the look: the order that the schema of Word asks for.
    table._tblPr.insert_element_before(margins, "w:tblLook", "w:tblCaption", "w:tblDescription")


def _rules(rows: Sequence[Sequence[_Cell]], head: int, shown: Layout) -> None:
    for i in range(len(shown.columns)):
        fine = head == 2 and any(over.first <= i <= over.last for over in shown.spanners)
        _border(rows[0][i], {"top": RULE, "bottom": FINE} if fine else {"top": RULE})
        below = {"bottom": RULE}
        _border(rows[head - 1][i], below)
        _border(rows[-1][i], below)


def _border(cell: _Cell, sizes: Mapping[str, str]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = cell._tc.get_or_add_tcPr()
    borders = properties.find(qn("w:tcBorders"))
    if borders is None:
        borders = OxmlElement("w:tcBorders")
        properties.append(borders)
    for side, size in sizes.items():
        edge = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", size), ("space", "0"), ("color", "000000")):
            edge.set(qn(f"w:{name}"), value)
        borders.append(edge)


def _mark(row: _Row, name: str) -> None:
    """Rows stay whole (cantSplit), and headers are repeated on every page the table runs over (tblHeader)."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement(f"w:{name}"))
