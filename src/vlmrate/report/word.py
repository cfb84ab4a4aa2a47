"""The report as a Word document in APA 7 style: numbered tables with horizontal rules only, and figures."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING

from vlmrate.errors import AnalysisError
from vlmrate.report.document import title
from vlmrate.report.layout import interval_note, layout
from vlmrate.report.measure import panels
from vlmrate.report.opening import warnings
from vlmrate.report.table import Part
from vlmrate.report.word_file import new_document, saved, turn
from vlmrate.report.word_table import add_table
from vlmrate.report.word_words import add_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.document import Document

    from vlmrate.analysis import Analysis
    from vlmrate.report.outline import NumberedFigure, NumberedTable, Section

INSTALL = "pip install 'vlmrate[docx]'"
WIDEST_FIGURE = 6.5
"""Inches between the margins of an upright page."""
HIGHEST_FIGURE = 7.0


def has_docx() -> bool:
    """Whether python-docx is installed."""
    return find_spec("docx") is not None


def require_docx() -> None:
    """Say what to install where python-docx is missing.

    Raises:
        AnalysisError: It is missing.
    """
    if not has_docx():
        raise AnalysisError(f"report.docx needs the package python-docx, which is not installed; {INSTALL}")


def word_document(analysis: Analysis, sections: Sequence[Section]) -> bytes:
    """The report as a .docx file; the same analysis gives the same bytes.

    Raises:
        AnalysisError: python-docx is not installed.
    """
    require_docx()
    document = new_document(title(analysis))
    document.add_heading(title(analysis), level=0)
    for warning in warnings(analysis):
        document.add_paragraph().add_run(warning).bold = True
    for section in sections:
        _section(document, section)
    return saved(document)


def _section(document: Document, section: Section) -> None:
    turn(document, sideways=False)
    document.add_heading(section.title, level=1)
    style = "List Bullet" if section.part is Part.SUMMARY else None
    for sentence in section.lead:
        add_words(document.add_paragraph(style=style), sentence)
    for entry in section.tables:
        _table(document, entry)
    for drawn in section.figures:
        turn(document, sideways=False)
        _figure(document, drawn)
    turn(document, sideways=False)
    if section.left_out:
        document.add_heading("Not computed", level=2)
        for sentence in section.left_out:
            add_words(document.add_paragraph(style="List Bullet"), sentence)


def _table(document: Document, entry: NumberedTable) -> None:
    shown = layout(entry.table)
    cut = panels(shown)
    turn(document, sideways=cut[0].setting.sideways)
    _caption(document, entry.label, entry.table.title)
    for number, panel in enumerate(cut):
        if number:
            document.add_paragraph(style="Number")
        add_table(document, panel)
    notes = [note for note in (*shown.notes, interval_note(shown)) if note]
    paragraph = document.add_paragraph(style="Note")
    if notes:
        paragraph.add_run("Note.").italic = True
        add_words(paragraph, " " + " ".join(notes))


def _caption(document: Document, label: str, words: str) -> None:
    number = document.add_paragraph(style="Number")
    number.add_run(label).bold = True
    add_words(document.add_paragraph(style="Title of table"), words, italic=True)


def _figure(document: Document, drawn: NumberedFigure) -> None:
    from docx.shared import Inches

    from vlmrate.report.figures.render import content

    _caption(document, drawn.label, drawn.figure.title)
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(content(drawn.figure, "png")))
    scale = min(1.0, Inches(WIDEST_FIGURE) / shape.width, Inches(HIGHEST_FIGURE) / shape.height)
    shape.width, shape.height = round(shape.width * scale), round(shape.height * scale)
    shape._inline.docPr.set("descr", drawn.figure.alt)
    note = document.add_paragraph(style="Note")
    note.add_run("Note.").italic = True
    add_words(note, f" {drawn.figure.caption}")
