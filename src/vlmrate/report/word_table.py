"""One table in Word as APA 7 sets it: rules above and below the header and at the end, none between columns.

The table is written as the XML of Word and read in once: a report has tens of thousands of cells, and python-docx takes
a millisecond for each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias
from xml.sax.saxutils import escape

from vlmrate.report.layout import is_right_aligned
from vlmrate.report.word_words import runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docx.document import Document

    from vlmrate.report.layout import Layout
    from vlmrate.report.measure import Panel
    from vlmrate.report.word_words import Run

Side: TypeAlias = Literal["left", "right", "center"]

PAGE_SHORT, PAGE_LONG = 6.5, 9.0
"""Inches between the margins."""
TOGETHER = 16
"""Tables of up to so many rows are kept on one page with their note."""
LETTER = 0.5
"""Width of a letter over the size of the type, for digits and most words."""
MARGIN = 3
"""Points left and right inside a cell."""
TWIPS = 20
"""To a point: the unit of Word's lengths."""
RULE, FINE = "8", "4"
"""Eighths of a point."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """What stands in a cell, its width in twips, and the rules above and below it; `words` None leaves it empty."""

    words: str | None
    width: int
    side: Side = "left"
    columns: int = 1
    above: str | None = None
    below: str | None = None
    symbols: bool = False
    at_bottom: bool = False


def add_table(document: Document, panel: Panel) -> None:
    """Add the table at the end of the document."""
    from docx.oxml.ns import nsdecls
    from docx.oxml.parser import parse_xml

    table = f"<w:tbl {nsdecls('w')}>{''.join(_table(panel))}</w:tbl>"
    document.element.body.insert_element_before(parse_xml(table), "w:sectPr")


def _table(panel: Panel) -> Iterator[str]:
    widths = _widths(panel)
    margins = "".join(f'<w:{side} w:w="{MARGIN * TWIPS}" w:type="dxa"/>' for side in ("left", "right"))
    yield '<w:tblPr><w:tblW w:type="auto" w:w="0"/><w:tblLayout w:type="fixed"/>'
    yield f"<w:tblCellMar>{margins}</w:tblCellMar>"
    yield '<w:tblLook w:firstColumn="1" w:firstRow="1" w:lastColumn="0" w:lastRow="0" w:noHBand="0" w:noVBand="1" '
    yield 'w:val="04A0"/></w:tblPr>'
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    yield f"<w:tblGrid>{columns}</w:tblGrid>"
    head, body = _header(panel, widths), _body(panel.shown, widths)
    rows = [*head, *body]
    rows[-1] = [replace(cell, below=RULE) for cell in rows[-1]]
    together = len(rows) if len(rows) <= TOGETHER else len(head) + 1
    for number, cells in enumerate(rows):
        yield _row(cells, panel.setting.points, header=number < len(head), keep=number < together)


def _widths(panel: Panel) -> list[int]:
    """Columns as wide as their letters ask for, shrunk to the page if need be, in twips."""
    padding = 2 * MARGIN
    room = (PAGE_LONG if panel.setting.sideways else PAGE_SHORT) * 72 - padding * len(panel.widths)
    letters = sum(width + 1 for width in panel.widths)
    letter = min(LETTER * panel.setting.points, room / letters)
    return [round(((width + 1) * letter + padding) * TWIPS) for width in panel.widths]


def _header(panel: Panel, widths: Sequence[int]) -> list[list[_Cell]]:
    """The columns' titles, above them the spanners where there are any."""
    shown = panel.shown
    titles = [
        _Cell("\n".join(lines), width, _side(shown, i), below=RULE, symbols=True, at_bottom=True)
        for i, (lines, width) in enumerate(zip(panel.titles, widths, strict=True))
    ]
    if not shown.spanners:
        return [[replace(cell, above=RULE) for cell in titles]]
    over: list[_Cell] = []
    starts = {spanner.first: spanner for spanner in shown.spanners}
    i = 0
    while i < len(widths):
        if i not in starts:
            over.append(_Cell(None, widths[i], above=RULE))
            i += 1
            continue
        inside = widths[i : starts[i].last + 1]
        spanner = _Cell(starts[i].title, sum(inside), "center", len(inside), above=RULE, below=FINE, symbols=True)
        over.append(spanner)
        i += len(inside)
    return [over, titles]


def _body(shown: Layout, widths: Sequence[int]) -> Iterator[list[_Cell]]:
    for line in shown.lines:
        if line.heading:
            yield [_Cell(line.cells[0], sum(widths), columns=len(widths))]
        else:
            cells = zip(line.cells, widths, strict=True)
            yield [_Cell(words, width, _side(shown, i)) for i, (words, width) in enumerate(cells)]


def _side(shown: Layout, column: int) -> Side:
    return "right" if is_right_aligned(shown.columns[column]) else "left"


def _row(cells: Sequence[_Cell], points: float, *, header: bool, keep: bool) -> str:
    """Rows stay whole (cantSplit), and headers are repeated on every page the table runs over (tblHeader)."""
    marks = "<w:cantSplit/><w:tblHeader/>" if header else "<w:cantSplit/>"
    inside = "".join(f"<w:tc>{_properties(cell)}{_paragraph(cell, points, keep=keep)}</w:tc>" for cell in cells)
    return f"<w:tr><w:trPr>{marks}</w:trPr>{inside}</w:tr>"


def _properties(cell: _Cell) -> str:
    rules = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>'
        for side, size in (("top", cell.above), ("bottom", cell.below))
        if size is not None
    )
    span = f'<w:gridSpan w:val="{cell.columns}"/>' if cell.columns > 1 else ""
    borders = f"<w:tcBorders>{rules}</w:tcBorders>" if rules else ""
    place = '<w:vAlign w:val="bottom"/>' if cell.at_bottom else ""
    return f'<w:tcPr><w:tcW w:type="dxa" w:w="{cell.width}"/>{span}{borders}{place}</w:tcPr>'


def _paragraph(cell: _Cell, points: float, *, keep: bool) -> str:
    kept = "<w:keepNext/>" if keep else ""
    if cell.words is None:
        return f"<w:p><w:pPr>{kept}</w:pPr></w:p>"
    size = f'<w:sz w:val="{int(2 * points)}"/>'
    lines = ("".join(_run(run, size) for run in runs(line, symbols=cell.symbols)) for line in cell.words.split("\n"))
    words = f"<w:r><w:rPr>{size}</w:rPr><w:br/></w:r>".join(lines)
    return f'<w:p><w:pPr>{kept}<w:spacing w:after="{TWIPS}"/><w:jc w:val="{cell.side}"/></w:pPr>{words}</w:p>'


def _run(run: Run, size: str) -> str:
    italic = "<w:i/>" if run.italic else ""
    place = f'<w:vertAlign w:val="{run.place}"/>' if run.place else ""
    edges = ' xml:space="preserve"' if run.words != run.words.strip() else ""
    return f"<w:r><w:rPr>{italic}{size}{place}</w:rPr><w:t{edges}>{escape(run.words)}</w:t></w:r>"
