"""`vlmrate doctor`: can this machine do what the study asks?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlmrate.cli.options import StudyFile  # noqa: TC001


def doctor(
    study: StudyFile = None,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="Check one model [all known].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Check platform, packages, memory, weights and study; exit code 1 when something needed is missing."""
    from vlmrate.cli.checkup_table import print_checks, print_checks_as_json
    from vlmrate.inference.checkup import check_up

    checks = check_up(study, Path.cwd(), model)
    (print_checks_as_json if as_json else print_checks)(checks)
    raise typer.Exit(1 if any(check.verdict == "missing" for check in checks) else 0)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("doctor")(doctor)
