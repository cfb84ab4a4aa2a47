"""`vlmrate report`: write a study's analysis in the formats that readers use."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated

import typer

from vlmrate.cli.options import RatingsFolder, StudyFile  # noqa: TC001


def report(
    study: StudyFile = None,
    results: RatingsFolder = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR",
            help="Where analysis.json is and the report goes [report/ beside the study's ratings]",
        ),
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAMES",
            help="With commas between: html, md, latex, docx, csv, figures (SVG, PDF, PNG), json [all]",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write the report of an analysis as HTML, Markdown, LaTeX, Word, CSV and figures, without computing it anew."""
    from vlmrate.cli.report_job import ReportRequest, report_study

    report_study(ReportRequest(study=study, results=results, output=output, formats=formats), as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("report")(report)
