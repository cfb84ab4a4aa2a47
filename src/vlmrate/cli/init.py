"""`vlmrate init`: make a study of a folder of pictures."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make the study in.")],
    images: Annotated[Path, typer.Option("--images", metavar="FOLDER", help="The folder of pictures.")],
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="REGEX",
            help="Regular expression on file names; its named groups become factors, e.g. '(?P<emotion>[a-z]+)_'.",
        ),
    ] = None,
    folders: Annotated[
        str | None,
        typer.Option(
            "--folders",
            metavar="NAMES",
            help="Factors that the sub-folders stand for, from the outermost in, e.g. emotion,gender ('-' skips one).",
        ),
    ] = None,
) -> None:
    """Make a study of a folder of pictures: study.yaml and stimuli.csv."""
    from vlmrate.cli.study_tables import print_started
    from vlmrate.study.starter import start_study

    names = [name.strip() for name in folders.split(",")] if folders is not None else None
    print_started(start_study(folder, images, pattern, names))


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("init")(init)
