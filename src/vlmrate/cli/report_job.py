"""From the options of `vlmrate report` to files written from analysis.json, and what is said of them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from vlmrate.errors import AnalysisError
from vlmrate.inference.store import REPORT_FOLDER, stores
from vlmrate.report.filelist import file_lines
from vlmrate.report.formats import Format, formats
from vlmrate.report.foundfile import found_files
from vlmrate.report.jsonfile import read_analysis
from vlmrate.report.word import has_docx, require_docx
from vlmrate.report.write import ANALYSIS, write_report
from vlmrate.study.faults import shown
from vlmrate.study.load import find_study, load_study, study_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.report.formats import Written
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What was asked for, as the options say it; formats None: all that can be written here."""

    study: Path | None
    results: Path | None
    output: Path | None
    formats: str | None


def report_study(request: ReportRequest, *, as_json: bool) -> None:
    """Write a report from the analysis that lies in its folder.

    Raises:
        VlmrateError: The study or the analysis cannot be used, a format is unknown or lacks its package, or the
            report cannot be written.
    """
    asked = None if request.formats is None else formats(request.formats)
    study = load_study(find_study(request.study, Path.cwd()), results=request.results)
    folder = request.output or study.results / study.name / REPORT_FOLDER
    file = folder / ANALYSIS
    analysis = read_analysis(file)
    if analysis.design.name != study.name:
        raise AnalysisError(f"{shown(file)} is of the study {analysis.design.name}, not of {study.name}; give --output")
    _warn(file, study)
    wanted = _possible() if asked is None else _without_word(asked)
    written = write_report(analysis, study, folder, wanted, as_read=True)
    if as_json:
        say_json(analysis, written)
    else:
        say_files(written, (), Console(highlight=False))
    if asked is not None and Format.WORD in asked:
        require_docx()  # the others are written: one package missing costs no other format


def say_files(written: Sequence[Written], older: Sequence[Format], console: Console) -> None:
    """Print where the files lie, and which earlier ones were not written anew."""
    if older:
        names = ",".join(entry.value for entry in older)
        console.print(
            Text(f"Not renewed, of an earlier analysis: {names}. `vlmrate report --format {names}` does it."),
            soft_wrap=True,
        )
    for line in file_lines(written):
        console.print(Text(line), soft_wrap=True)


def say_json(analysis: Analysis, written: Sequence[Written]) -> None:
    """Print what was written as one JSON object."""
    content = {
        "study": analysis.design.name,
        "raters": [run.name for run in analysis.runs],
        "files": {entry.format.value: [str(path) for path in entry.files] for entry in written},
    }
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _possible() -> tuple[Format, ...]:
    if has_docx():
        return tuple(Format)
    _say("report.docx is left out, for it needs python-docx: pip install 'vlmrate[docx]'")
    return tuple(entry for entry in Format if entry is not Format.WORD)


def _without_word(asked: tuple[Format, ...]) -> tuple[Format, ...]:
    """What can be written of what was asked for, which is nothing where Word alone is wanted and cannot be made."""
    if has_docx():
        return asked
    others = tuple(entry for entry in asked if entry is not Format.WORD)
    if not others:
        require_docx()
    return others


def _warn(file: Path, study: Study) -> None:
    """Say so when ratings, the study file or its tables are younger than the analysis."""
    made = file.stat().st_mtime_ns
    ratings = (path for store in stores(study) for path in store.input_files())
    inputs = (*study_files(study.file), *ratings, *found_files(study))
    younger = [path for path in inputs if path.exists() and path.stat().st_mtime_ns > made]
    if younger:
        more = f" and {len(younger) - 1:,} more" if len(younger) > 1 else ""
        _say(f"{shown(file)} is older than {shown(younger[0])}{more}; `vlmrate analyze` brings it up to date")


def _say(sentence: str) -> None:
    sys.stderr.write(f"vlmrate: {sentence}\n")
