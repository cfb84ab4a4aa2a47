"""The Word document, read back with python-docx and opened in LibreOffice."""

from __future__ import annotations

import io
import shutil
import subprocess

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from vlmrate.errors import AnalysisError
from vlmrate.report import word
from vlmrate.report.word import word_document

needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


@pytest.fixture
def document(analysis, sections):
    """The document as Word would open it."""
    return docx.Document(io.BytesIO(word_document(analysis, sections)))


def runs(paragraph):
    """Words and whether they are italic."""
    return [(run.text, bool(run.italic)) for run in paragraph.runs]


def test_a_table_has_number_title_and_note_as_apa_sets_them(document):
    """Bold number, italic title below it, Note. in italics, symbols in italics but kappa not."""
    paragraphs = [p for p in document.paragraphs if p.text]
    at = next(i for i, p in enumerate(paragraphs) if p.text == "Table 1")
    assert paragraphs[at].runs[0].bold
    assert runs(paragraphs[at + 1]) == [("Valence: agreement", True)]
    note = runs(paragraphs[at + 2])
    assert note[0] == ("Note.", True)
    assert ("M", True) in note
    assert ("SD", True) in note
    assert paragraphs[at + 2].text.endswith("Values in brackets are 95 % confidence intervals.")


def test_a_table_has_horizontal_rules_only(document):
    """Rules above, below the header and at the end; a finer one below the spanner, and none at the sides."""
    (table, *_) = document.tables
    sides = {edge.tag.split("}")[1] for edge in table._tbl.iter() if edge.getparent().tag == qn("w:tcBorders")}
    assert sides == {"top", "bottom"}
    assert table._tbl.tblPr.find(qn("w:tblBorders")) is None
    assert len(list(table._tbl.iter(qn("w:tblHeader")))) == 2


def test_cells_hold_the_numbers_in_apa_style(document):
    """Headings over rows, spanners merged, small p-values bounded, intervals in brackets, marks raised."""
    (table, *_) = document.tables
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells[0][2:4] == ["Rater", "Rater"]
    assert cells[2] == ["gemma3"] * 7
    assert cells[3] == ["fear", "240", "4.50", "1.25", "−.500 [−.600, −.400]", "< .001", "170/239 (71.1 %)"]
    raised = [
        run.text
        for row in table.rows
        for cell in row.cells
        for p in cell.paragraphs
        for run in p.runs
        if run.font.superscript
    ]
    assert raised == ["1", "1"]


def test_wide_tables_are_turned_and_the_page_turned_back(document):
    """Landscape for what needs it, portrait again afterwards."""
    assert [section.orientation for section in document.sections] == [
        WD_ORIENT.PORTRAIT,
        WD_ORIENT.LANDSCAPE,
        WD_ORIENT.PORTRAIT,
    ]


def test_columns_of_a_wide_table_are_all_there(document, wide):
    """What no page holds comes in panels, each with the row names, and no column is lost."""
    told = [cell.text for table in document.tables for cell in table.rows[0].cells]
    assert [title for title in told if title.startswith("Value")] == [f"Value {i}" for i in range(30)]


def test_hostile_names_are_only_words(document):
    """Tags and control characters from outside make no element of the document."""
    told = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert any("<script>alert(1)</script>" in cell for cell in told)
    assert not any("\x1b" in cell for cell in told)


def test_the_same_analysis_gives_the_same_bytes(analysis, sections):
    """No time of writing, no random id."""
    assert word_document(analysis, sections) == word_document(analysis, sections)


def test_a_missing_package_says_what_to_install(analysis, sections, monkeypatch):
    """Without python-docx one sentence names the command."""
    monkeypatch.setattr(word, "find_spec", lambda _: None)
    with pytest.raises(AnalysisError, match=r"pip install 'vlmrate\[docx\]'"):
        word_document(analysis, sections)


@needs_office
@pytest.mark.slow
def test_libreoffice_opens_it(analysis, sections, tmp_path):
    """LibreOffice reads the file and makes pages of it."""
    (tmp_path / "report.docx").write_bytes(word_document(analysis, sections))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "pdf", "report.docx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
