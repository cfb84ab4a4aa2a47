"""From the options of `vlmrate analyze` to a written report and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from vlmrate.analysis import AnalysisOptions
from vlmrate.analysis import analyze as run_analysis
from vlmrate.cli.report_job import say_files, say_json
from vlmrate.inference.store import REPORT_FOLDER
from vlmrate.inference.table import load_results
from vlmrate.parallel import helper
from vlmrate.report.formats import READ, TABLES, Format, formats, in_order
from vlmrate.report.foundfile import read_found
from vlmrate.report.outline import outline
from vlmrate.report.show import show
from vlmrate.report.word import require_docx
from vlmrate.report.write import older_files, write_report
from vlmrate.stats import Bootstrap
from vlmrate.study.load import find_study, load_study
from vlmrate.study.published import load_published

if TYPE_CHECKING:
    from vlmrate.inference.table import Results
    from vlmrate.study.records import Study

LARGE = 20_000
"""Ratings, by raters and people, from which a second process gains more than the seconds it takes to start."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, as the options say it."""

    study: Path | None
    raters: tuple[str, ...]
    results: Path | None
    output: Path | None
    resamples: int
    seed: int
    compare: str | None
    margin: float | None
    epsilon: float | None
    tables_only: bool
    also: str | None


def analyze_study(request: Request, *, as_json: bool) -> None:
    """Analyze, write the report's files, and print the main tables or, as JSON, what was written.

    Raises:
        VlmrateError: The study cannot be used, there are no ratings, or the report cannot be written.
    """
    study = load_study(find_study(request.study, Path.cwd()), results=request.results)
    options, wanted = options_of(request), formats_of(request)
    results = load_results(study)
    folder = request.output or study.results / study.name / REPORT_FOLDER
    with helper(wanted=_is_large(study, results)) as second:
        analysis = replace(run_analysis(study, results, options, helper=second), inside=read_found(study))
        written = write_report(analysis, study, folder, wanted, helper=second)
    if as_json:
        say_json(analysis, written)
        return
    console = Console(highlight=False)
    show(analysis, outline(analysis), console)
    say_files(written, older_files(written, folder), console)


def options_of(request: Request) -> AnalysisOptions:
    """The request as the analysis takes it.

    Raises:
        VlmrateError: The margin or epsilon is out of range, or the published values cannot be read.
    """
    options = AnalysisOptions(
        raters=request.raters,
        bootstrap=Bootstrap(resamples=request.resamples, seed=request.seed),
        published=None if request.compare is None else load_published(request.compare),
        margin=request.margin,
    )
    return options if request.epsilon is None else replace(options, epsilon=request.epsilon)


def formats_of(request: Request) -> tuple[Format, ...]:
    """What shall be written.

    Raises:
        AnalysisError: A format is unknown, or needs a package that is not installed: better now than after minutes.
    """
    usual = TABLES if request.tables_only else READ
    if request.also is None:
        return usual
    wanted = in_order((*usual, *formats(request.also)))
    if Format.WORD in wanted:
        require_docx()
    return wanted


def _is_large(study: Study, results: Results) -> bool:
    people = 0 if study.ratings is None else len(study.ratings.table)
    return len(results.ratings) + people >= LARGE
