"""The command line: one application, one border where errors become a sentence and an exit code."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from vlmrate import __version__
from vlmrate.cli import analyze, check, derive, doctor, export, import_, infer, init, models, probe, report, validate
from vlmrate.errors import VlmrateError

MISUSE = 2
INTERNAL = 70
_DEBUG = "VLMRATE_DEBUG"

app = typer.Typer(
    name="vlmrate",
    help="A vision-language model as one more participant in a rating study.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)

for command in (
    init, validate, infer, import_, derive, analyze, report, check, export, models, probe, doctor,
):  # fmt: skip
    command.register(app)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"vlmrate {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Commands in the order in which a study needs them."""


def run() -> None:
    """Run the command line; ends the process with 0, 1, 2, 130 (interrupted) or 70 (a fault of vlmrate itself)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no – or ≥ gets a ? and not an error
    try:
        app()
    except VlmrateError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        if os.environ.get(_DEBUG):
            raise
        _say(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}")
        sys.exit(MISUSE)
    except Exception as error:  # the command line's border
        if os.environ.get(_DEBUG):
            raise
        _say(f"unexpected {type(error).__name__}: {error}. Set {_DEBUG}=1 to see where; please report it")
        sys.exit(INTERNAL)


def _say(message: str) -> None:
    typer.echo(f"vlmrate: {message}", err=True)
