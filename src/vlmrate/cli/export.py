"""`vlmrate export`: all ratings as one long table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlmrate.cli.options import RatingsFolder, StudyFile  # noqa: TC001


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write: a .csv, .csv.gz or .parquet file.")],
    study: StudyFile = None,
    results: RatingsFolder = None,
    people: Annotated[bool, typer.Option("--people", help="Add the people's ratings as rows of their own.")] = False,
) -> None:
    """Write all ratings as one long table: a row a rater, image, item and repeat, with the image's factors."""
    from vlmrate.inference.export import export_table
    from vlmrate.study.load import find_study, load_study

    rows = export_table(load_study(find_study(study, Path.cwd()), results=results), file, people=people)
    typer.echo(f"Wrote {rows:,} rows to {file}.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("export")(export)
