"""LaTeX tables: what they hold, and that a TeX compiles them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from vlmrate.report.latex import latex_document, latex_table
from vlmrate.report.latex_words import escaped
from vlmrate.report.latex_words import sentence as latex_sentence
from vlmrate.report.outline import NumberedTable, outline

needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def compiled(folder):
    """The log of pdflatex, which must end well."""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "tables.tex"]
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-1500:]
    return (folder / "tables.log").read_text(encoding="latin-1")


def written(analysis, sections, folder):
    """All files of the format."""
    (folder / "tables.tex").write_text(latex_document(analysis, sections), encoding="utf-8")
    for section in sections:
        for entry in section.tables:
            (folder / f"{entry.table.id}.tex").write_text(latex_table(entry), encoding="utf-8")


def test_a_table_has_rules_spanners_symbols_and_notes(spanned, snapshot):
    """booktabs rules, a rule under the spanner, italic symbols, marks of notes, and no vertical line."""
    told = latex_table(NumberedTable(3, spanned))
    assert told == snapshot
    assert r"\cmidrule(lr){3-4}" in told
    assert r"\textit{p} Holm" in told
    assert r"$<$ .001" in told
    assert "|" not in re.search(r"begin\{tabular\}\{(.*)\}", told)[1]


def test_hostile_words_are_only_words(hostile):
    """No command, comment, formula or file is taken from a name."""
    told = latex_table(NumberedTable(1, hostile))
    assert r"\input{/etc" not in told
    assert r"\textbackslash{}" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(("words", "shown"), [("a--b", "a-{}-b"), ("Ł", r"\vlmrateother{Ł}{U+0141}"), ("é", "é")])
def test_no_sign_is_changed_or_lost(words, shown):
    """Hyphens make no dash, and a sign that pdflatex does not know is written as its code point."""
    assert escaped(words) == shown


@needs_tex
def test_every_kind_of_table_compiles_and_none_runs_off_the_page(analysis, sections, tmp_path):
    """Spanned, wide, hostile and long tables: no error, no missing sign, no box wider than the page."""
    written(analysis, sections, tmp_path)
    log = compiled(tmp_path)
    assert "Missing character" not in log
    assert [float(size) for size in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log) if float(size) > 1] == []


def test_a_document_begins_with_what_was_compared(analysis, sections):
    """The lines on stimuli, people, raters and intervals stand before the first table, as in the other formats."""
    told = latex_document(analysis, sections).split(r"\vlmratepart")
    assert r"\item {}Stimuli: 48 images." in told[1].split(r"\begin{document}")[1]
    assert latex_sentence("run `vlmrate infer`") == r"run \texttt{vlmrate infer}"


@needs_tex
@pytest.mark.slow
def test_a_whole_report_compiles_and_none_runs_off_the_page(analysis, tmp_path):
    """All tables of an analysis with three raters: nothing is too high or too wide, and every finding is printed."""
    sections = outline(analysis)
    written(analysis, sections, tmp_path)
    log = compiled(tmp_path)
    assert re.findall(r"Float too large.*|Overfull.*", log) == []
    findings = (tmp_path / "findings.tex").read_text(encoding="utf-8")
    assert r"\begin{longtable}" in findings
    assert r"\linewidth" in findings


@needs_tex
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_no_heading_stands_alone_on_a_page(analysis, tmp_path):
    """The heading of a part is on the page of its first table, also where that one lies sideways."""
    sections = outline(analysis)
    written(analysis, sections, tmp_path)
    compiled(tmp_path)
    done = subprocess.run(["pdftotext", "tables.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    pages = [page for page in done.stdout.decode().split("\f") if page.strip()]
    assert [page for page in pages if len(page.split()) < 20] == []
