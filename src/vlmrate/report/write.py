"""A report's files, in the formats asked for. The same analysis gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.errors import AnalysisError
from vlmrate.inference.files import write_atomically
from vlmrate.report.csvfile import csv_text
from vlmrate.report.document import document
from vlmrate.report.formats import Format, Written, in_order
from vlmrate.report.jsonfile import json_text
from vlmrate.report.outline import outline

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vlmrate.analysis import Analysis
    from vlmrate.report.figures import Figure
    from vlmrate.report.outline import Section
    from vlmrate.study.records import Study

ANALYSIS = "analysis.json"
PICTURES = ("svg", "pdf", "png")


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be written, where, and in which formats: report.md shows figures only where they are among them."""

    analysis: Analysis
    sections: tuple[Section, ...]
    study: Study
    folder: Path
    formats: tuple[Format, ...]


def write_report(analysis: Analysis, study: Study, folder: Path, formats: Iterable[Format]) -> tuple[Written, ...]:
    """Write a report into `folder`, which is made if need be; earlier files of the same formats are replaced.

    Raises:
        AnalysisError: The folder cannot be written to, or a format needs a package that is not installed.
    """
    report = Report(analysis, outline(analysis), study, folder, in_order(formats))
    if Format.WORD in report.formats:
        from vlmrate.report.word import require_docx

        require_docx()  # before anything is written
    ours = (folder / ANALYSIS).is_file()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = tuple(Written(entry, _write(entry, report)) for entry in report.formats)
        if ours:
            _remove_stale(written)
    except OSError as error:
        raise AnalysisError(f"the report cannot be written to {folder}: {error.strerror or error}") from error
    return written


def older_files(written: Iterable[Written], folder: Path) -> tuple[Format, ...]:
    """Formats of an earlier report in `folder` that were not written now, and so may tell of another state."""
    new = {entry.format for entry in written}
    main = {
        Format.CSV: "tables",
        Format.FIGURES: "figures",
        Format.MARKDOWN: "report.md",
        Format.HTML: "report.html",
        Format.LATEX: "latex",
        Format.WORD: "report.docx",
    }
    return tuple(entry for entry, name in main.items() if entry not in new and (folder / name).exists())


def _write(asked: Format, report: Report) -> tuple[Path, ...]:
    writers = {
        Format.JSON: _json,
        Format.CSV: _csv,
        Format.FIGURES: _figures,
        Format.MARKDOWN: _markdown,
        Format.HTML: _html,
        Format.LATEX: _latex,
        Format.WORD: _word,
    }
    return writers[asked](report)


def _json(report: Report) -> tuple[Path, ...]:
    return (_file(report.folder / ANALYSIS, json_text(report.analysis)),)


def _csv(report: Report) -> tuple[Path, ...]:
    folder = _subfolder(report, "tables")
    tables = [entry.table for section in report.sections for entry in section.tables]
    return tuple(_file(folder / f"{table.id}.csv", csv_text(table)) for table in tables)


def _figures(report: Report) -> tuple[Path, ...]:
    from vlmrate.report.figures.render import save

    folder = _subfolder(report, "figures")
    paths = []
    for section in report.sections:
        for entry in section.figures:
            for suffix in PICTURES:
                paths.append(folder / f"{entry.figure.id}.{suffix}")
                save(entry.figure, paths[-1])
    return tuple(paths)


def _markdown(report: Report) -> tuple[Path, ...]:
    picture = _picture if Format.FIGURES in report.formats else None
    return (_file(report.folder / "report.md", document(report.analysis, report.sections, picture)),)


def _picture(figure: Figure) -> str:
    return f"figures/{figure.id}.svg"


def _html(report: Report) -> tuple[Path, ...]:
    from vlmrate.report.html.page import html_page

    pictures = {stimulus.image_id: stimulus.path for stimulus in report.study.stimuli}
    return (_file(report.folder / "report.html", html_page(report.analysis, report.sections, pictures)),)


def _latex(report: Report) -> tuple[Path, ...]:
    from vlmrate.report.latex import latex_document, latex_table

    folder = _subfolder(report, "latex")
    entries = [entry for section in report.sections for entry in section.tables]
    first = _file(folder / "tables.tex", latex_document(report.analysis, report.sections))
    return (first, *(_file(folder / f"{entry.table.id}.tex", latex_table(entry)) for entry in entries))


def _word(report: Report) -> tuple[Path, ...]:
    from vlmrate.report.word import word_document

    return (_file(report.folder / "report.docx", word_document(report.analysis, report.sections)),)


def _subfolder(report: Report, name: str) -> Path:
    folder = report.folder / name
    folder.mkdir(exist_ok=True)
    return folder


def _file(path: Path, content: str | bytes) -> Path:
    write_atomically(path, content)
    return path


def _remove_stale(written: Iterable[Written]) -> None:
    """Tables and figures of an earlier state of the study would be taken for this one's."""
    for entry in written:
        for folder in {path.parent for path in entry.files if path.parent.name in ("tables", "figures", "latex")}:
            suffixes = {path.suffix for path in entry.files}
            for stale in set(folder.iterdir()) - set(entry.files):
                if stale.suffix in suffixes:
                    stale.unlink()
