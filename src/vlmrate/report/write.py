"""A report's files, in the formats asked for. The same analysis gives the same bytes."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.errors import AnalysisError
from vlmrate.inference.files import write_atomically
from vlmrate.parallel import ALONE
from vlmrate.report.csvfile import csv_text
from vlmrate.report.document import document
from vlmrate.report.formats import Format, Written, in_order
from vlmrate.report.jsonfile import json_text
from vlmrate.report.outline import outline
from vlmrate.report.ownfiles import renew_list

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vlmrate.analysis import Analysis
    from vlmrate.parallel import Helper
    from vlmrate.report.figures import Figure
    from vlmrate.report.outline import Section
    from vlmrate.study.records import Study

ANALYSIS = "analysis.json"
PICTURES = ("svg", "pdf", "png")
ASIDE = "pdf"
"""Pictures that a second process makes: half of all work, and no other file holds them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be written, where, and in which formats: report.md shows figures only where they are among them.

    `drawn_here` are the kinds of pictures that no second process makes. `as_read` says that the analysis was read from
    the folder.
    """

    analysis: Analysis
    sections: tuple[Section, ...]
    study: Study
    folder: Path
    formats: tuple[Format, ...]
    drawn_here: tuple[str, ...] = PICTURES
    as_read: bool = False


def write_report(
    analysis: Analysis,
    study: Study,
    folder: Path,
    formats: Iterable[Format],
    *,
    helper: Helper = ALONE,
    as_read: bool = False,
) -> tuple[Written, ...]:
    """Write a report into `folder`, which is made if need be; earlier files of the same formats are replaced.

    With a `helper` some of the figures are drawn in a second process; the files are the same. An analysis that was read
    from this folder (`as_read`) leaves its file as old as it is: by its age one sees whether ratings came after it.

    Raises:
        AnalysisError: The folder cannot be written to, or a format needs a package that is not installed.
    """
    report = Report(analysis, outline(analysis), study, folder, in_order(formats), as_read=as_read)
    if Format.WORD in report.formats:
        from vlmrate.report.word import require_docx

        require_docx()  # before anything is written
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = None
        if Format.FIGURES in report.formats and not helper.alone:
            aside = helper.start(_draw, analysis, _subfolder(report, "figures"), ASIDE)
            report = replace(report, drawn_here=tuple(kind for kind in PICTURES if kind != ASIDE))
        written = tuple(Written(entry, _write(entry, report)) for entry in report.formats)
        if aside is not None:
            aside()
        renew_list(folder, written)
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
    file, content = report.folder / ANALYSIS, json_text(report.analysis)
    if not report.as_read:
        return (_file(file, content),)
    if file.read_bytes() != content.encode():  # the same analysis, set otherwise
        made = file.stat()
        os.utime(_file(file, content), ns=(made.st_atime_ns, made.st_mtime_ns))
    return (file,)


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
            for kind in PICTURES:
                paths.append(folder / f"{entry.figure.id}.{kind}")
                if kind in report.drawn_here:
                    save(entry.figure, paths[-1])
    return tuple(paths)


def _draw(analysis: Analysis, folder: Path, kind: str) -> None:
    """Write every figure as files of one kind, in a process of its own."""
    from vlmrate.report.figures import figures
    from vlmrate.report.figures.render import save

    for figure in figures(analysis):
        save(figure, folder / f"{figure.id}.{kind}")


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
