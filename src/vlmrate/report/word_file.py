"""A Word document's styles, pages and file: the same content gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

from vlmrate.report.word_words import printable

if TYPE_CHECKING:
    from docx.document import Document

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can hold."""
NEVER = datetime(2000, 1, 1)
FONT = "Times New Roman"
LONG, SHORT, MARGIN = 11.0, 8.5, 1.0
"""Inches."""


def new_document(title: str) -> Document:
    """An empty document with styles for text, headings, numbers, titles and notes of tables."""
    import docx

    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author, properties.comments = printable(title)[:255], "vlmrate", ""
    properties.created = properties.modified = properties.last_printed = NEVER
    properties.last_modified_by, properties.revision = "vlmrate", 1
    _styles(document)
    _page(document, sideways=False)
    return document


def turn(document: Document, *, sideways: bool) -> None:
    """Go on upright or sideways: on a new page where it is turned, here where it is not."""
    from docx.enum.section import WD_ORIENT

    if sideways == (document.sections[-1].orientation == WD_ORIENT.LANDSCAPE):
        return
    document.add_section()
    _page(document, sideways=sideways)


def saved(document: Document) -> bytes:
    """The document's file; parts carry no time of writing."""
    written = io.BytesIO()
    document.save(written)
    same = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(same, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return same.getvalue()


def _page(document: Document, *, sideways: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Inches

    page = document.sections[-1]
    page.orientation = WD_ORIENT.LANDSCAPE if sideways else WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = (Inches(LONG), Inches(SHORT)) if sideways else (Inches(SHORT), Inches(LONG))
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Inches(MARGIN)


def _styles(document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    styles = document.styles
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        style = styles[name]
        style.font.name, style.font.color.rgb = FONT, RGBColor(0, 0, 0)
        _east_asian(style)
    styles["Normal"].font.size = Pt(11)
    styles["Title"].font.size = Pt(18)
    for border in styles["Title"].element.xpath("w:pPr/w:pBdr"):
        border.getparent().remove(border)
    for name, after, keep, size in (("Number", 0, True, 11), ("Title of table", 6, True, 11), ("Note", 18, False, 9.5)):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        style.font.size = Pt(size)
        style.paragraph_format.space_before = Pt(4 if name == "Note" else 0)
        style.paragraph_format.space_after = Pt(after)
        style.paragraph_format.keep_with_next = keep


def _east_asian(style: object) -> None:
    """Headings take their typeface from the theme unless every script is named."""
    from docx.oxml.ns import qn

    fonts = style.element.rPr.rFonts  # type: ignore[attr-defined]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), FONT)
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
