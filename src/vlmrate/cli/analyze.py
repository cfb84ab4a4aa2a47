"""`vlmrate analyze`: compare all raters of a study with the intended answers and with people."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated

import typer

from vlmrate.cli.options import RatingsFolder, StudyFile  # noqa: TC001


def analyze(  # one parameter an option
    study: StudyFile = None,
    rater: Annotated[
        list[str] | None,
        typer.Option("--rater", metavar="NAME", help="Only this rater; may be given often [all that have ratings]"),
    ] = None,
    results: RatingsFolder = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Where to write [report/ beside the study's ratings]")
    ] = None,
    resamples: Annotated[
        int, typer.Option("--resamples", min=100, max=100_000, help="Bootstrap resamples an interval is made from.")
    ] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the bootstrap.")] = 0,
    compare: Annotated[
        str | None,
        typer.Option(
            "--compare",
            metavar="NAME",
            help="Put the printed values of a published study beside these: tae2026, or a CSV file of your own.",
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin",
            metavar="POINTS",
            help="Largest mean difference from people that would not matter, in scale points [range / 16].",
        ),
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(
            "--epsilon",
            metavar="SHARE",
            help="Advantage that the alternative-annotator test grants a rater for its price [0.1].",
        ),
    ] = None,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Leave out figures and report.html, which take longest.")
    ] = False,
    also: Annotated[
        str | None,
        typer.Option("--also", metavar="NAMES", help="Write these formats too, with a comma between: latex, docx"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Compare all raters with the intended answers and with people; write analysis.json and a report from it."""
    from vlmrate.cli.analyze_job import Request, analyze_study

    analyze_study(
        Request(
            study=study,
            raters=tuple(rater or ()),
            results=results,
            output=output,
            resamples=resamples,
            seed=seed,
            compare=compare,
            margin=margin,
            epsilon=epsilon,
            tables_only=tables_only,
            also=also,
        ),
        as_json=as_json,
    )


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("analyze")(analyze)
