"""Formats by name, and the files they make."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from vlmrate.errors import AnalysisError
from vlmrate.report import Format, write_report
from vlmrate.report.filelist import file_lines
from vlmrate.report.formats import Written, formats
from vlmrate.report.ownfiles import renew_list
from vlmrate.report.write import older_files
from vlmrate.stats import Skipped


def test_formats_are_named_with_commas_in_any_order():
    """Each once, in the order in which they are written."""
    assert formats("docx, md,json,md") == (Format.JSON, Format.MARKDOWN, Format.WORD)


@pytest.mark.parametrize(
    ("words", "said"),
    [("htlm", r"mean html\? The formats are json"), ("zzzzzz", r"'zzzzzz'\. The formats"), (" , ", "no format")],
)
def test_an_unknown_format_is_one_sentence(words, said):
    """With the nearest one, and all there are."""
    with pytest.raises(AnalysisError, match=said):
        formats(words)


def test_files_of_an_earlier_state_do_not_stay(small, analysis, tmp_path):
    """Tables that an earlier report wrote and this one has not are removed; what others wrote is left alone."""
    study = small.study(8)
    write_report(analysis, study, tmp_path, (Format.JSON, Format.CSV, Format.LATEX))
    mine = ("tables/mine.csv", "tables/notes.txt", "latex/mypaper.tex")
    for name in mine:
        (tmp_path / name).write_text("x", encoding="utf-8")
    without = replace(analysis, bias=Skipped("there are none"))
    written = write_report(without, study, tmp_path, (Format.JSON, Format.CSV))
    assert not (tmp_path / "tables" / "bias-valence.csv").exists()
    assert (tmp_path / "latex" / "bias-valence.tex").exists()
    assert all((tmp_path / name).exists() for name in mine)
    assert older_files(written, tmp_path) == (Format.LATEX,)
    write_report(without, study, tmp_path, (Format.LATEX,))
    assert not (tmp_path / "latex" / "bias-valence.tex").exists()
    assert all((tmp_path / name).exists() for name in mine)


@pytest.mark.parametrize(
    "listed",
    ["", "{", "[1]", '{"tables": 1}', '{"tables": ["../mine.csv", "a/b.csv", 3, ".x", ""]}', '{"mine": ["mine.csv"]}'],
)
def test_a_list_that_we_did_not_write_removes_nothing(small, analysis, tmp_path, listed):
    """A list of files that is broken, or names what lies elsewhere, costs nobody a file."""
    write_report(analysis, small.study(8), tmp_path, (Format.JSON, Format.CSV))
    (tmp_path / "mine.csv").write_text("x", encoding="utf-8")
    (tmp_path / ".files.json").write_text(listed, encoding="utf-8")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    write_report(analysis, small.study(8), tmp_path, (Format.JSON, Format.CSV))
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_file_whose_name_changed_case_stays(tmp_path):
    """Where case is not told apart the old name is the new file."""
    (tmp_path / "tables").mkdir()
    (tmp_path / ".files.json").write_text('{"tables": ["bias-Valence.csv"]}', encoding="utf-8")
    (tmp_path / "tables" / "bias-Valence.csv").write_text("x", encoding="utf-8")
    renew_list(tmp_path, (Written(Format.CSV, (tmp_path / "tables" / "bias-valence.csv",)),))
    assert (tmp_path / "tables" / "bias-Valence.csv").exists()


def test_an_analysis_that_was_read_keeps_its_age(small, analysis, tmp_path):
    """By its age ratings that came later are known; a file set otherwise is set anew, and stays as old."""
    study, file = small.study(8), tmp_path / "analysis.json"
    write_report(analysis, study, tmp_path, (Format.JSON,))
    content = file.read_bytes()
    for here in (content, json.dumps(json.loads(content)).encode()):
        file.write_bytes(here)
        os.utime(file, (1000, 1000))
        write_report(analysis, study, tmp_path, (Format.JSON, Format.CSV), as_read=True)
        assert file.read_bytes() == content
        assert file.stat().st_mtime == 1000
    write_report(analysis, study, tmp_path, (Format.JSON,))
    assert file.stat().st_mtime > 1000


def test_nothing_is_removed_from_a_folder_that_is_not_ours(small, analysis, tmp_path):
    """Where no analysis.json lies, other people's tables do."""
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "mine.csv").write_text("x", encoding="utf-8")
    write_report(analysis, small.study(8), tmp_path, (Format.JSON, Format.CSV))
    assert (tmp_path / "tables" / "mine.csv").exists()


def test_the_file_to_open_is_told_last(small, analysis, tmp_path):
    """A line a format; the number of files where there are many."""
    written = write_report(analysis, small.study(8), tmp_path, (Format.MARKDOWN, Format.JSON, Format.CSV))
    lines = list(file_lines(written))
    assert lines[0] == f"Data: {tmp_path / 'analysis.json'}"
    assert lines[-1] == f"Text: {tmp_path / 'report.md'}"
    assert f" files (CSV) in {tmp_path / 'tables'}" in lines[1]
