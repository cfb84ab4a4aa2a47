"""Formats by name, and the files they make."""

from __future__ import annotations

import pytest

from vlmrate.errors import AnalysisError
from vlmrate.report import Format, write_report
from vlmrate.report.filelist import file_lines
from vlmrate.report.formats import formats
from vlmrate.report.write import older_files


def test_formats_are_named_with_commas_in_any_order():
    """Each once, in the order in which they are written."""
    assert formats("docx, md,json,md") == (Format.JSON, Format.MARKDOWN, Format.WORD)


@pytest.mark.parametrize(
    ("words", "said"), [("htlm", "there is no format 'htlm'; did you mean html"), (" , ", "names no format")]
)
def test_an_unknown_format_is_one_sentence(words, said):
    """With the nearest one, and all there are."""
    with pytest.raises(AnalysisError, match=said):
        formats(words)


def test_files_of_an_earlier_state_do_not_stay(small, analysis, tmp_path):
    """Tables that this analysis does not have are removed; what is not ours, and other formats, are left alone."""
    study = small.study(8)
    write_report(analysis, study, tmp_path, (Format.JSON, Format.CSV, Format.LATEX))
    for name in ("tables/old.csv", "tables/notes.txt", "latex/old.tex"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    written = write_report(analysis, study, tmp_path, (Format.JSON, Format.CSV))
    assert not (tmp_path / "tables" / "old.csv").exists()
    assert (tmp_path / "tables" / "notes.txt").exists()
    assert (tmp_path / "latex" / "old.tex").exists()
    assert older_files(written, tmp_path) == (Format.LATEX,)


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
