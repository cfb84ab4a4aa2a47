"""From the options of `vlmrate analyze` to a written report and what is said of it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from vlmrate.analysis import AnalysisOptions
from vlmrate.analysis import analyze as run_analysis
from vlmrate.inference.store import REPORT_FOLDER
from vlmrate.inference.table import load_results
from vlmrate.report.show import show, show_files
from vlmrate.report.write import Written, write_report
from vlmrate.stats import Bootstrap
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from vlmrate.analysis import Analysis


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, as the options say it."""

    study: Path | None
    raters: tuple[str, ...]
    results: Path | None
    output: Path | None
    resamples: int
    seed: int


def analyze_study(request: Request, *, as_json: bool) -> None:
    """Analyze, write the report's files, and print the main tables or, as JSON, what was written.

    Raises:
        VlmrateError: The study cannot be used, there are no ratings, or the report cannot be written.
    """
    study = load_study(find_study(request.study, Path.cwd()), results=request.results)
    options = AnalysisOptions(request.raters, Bootstrap(resamples=request.resamples, seed=request.seed))
    analysis = run_analysis(study, load_results(study), options)
    written = write_report(analysis, request.output or study.results / study.name / REPORT_FOLDER)
    if as_json:
        sys.stdout.write(_summary(analysis, written))
        return
    console = Console(highlight=False)
    show(analysis, console)
    show_files(written, console)


def _summary(analysis: Analysis, written: Written) -> str:
    content = {
        "study": analysis.design.name,
        "raters": [run.name for run in analysis.runs],
        "analysis": str(written.analysis),
        "report": str(written.report),
        "tables": [str(path) for path in written.tables],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
