"""`vlmrate validate`: print a study's design as found, and every fault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def validate(
    study: Annotated[
        Path | None,
        typer.Option("--study", metavar="FILE", help="The study file; study.yaml of this folder otherwise."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print design and faults as JSON.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of study.yaml instead.")] = False,
) -> None:
    """Check a study and print its design: levels, cell sizes, who rated what, and every fault."""
    from vlmrate.cli.study_tables import print_examined, print_examined_as_json
    from vlmrate.errors import StudyError
    from vlmrate.protocol.check import with_protocol
    from vlmrate.study.file import schema_text
    from vlmrate.study.load import find_study
    from vlmrate.study.validate import validated

    if schema:
        typer.echo(schema_text(), nl=False)
        return
    file = find_study(study, Path.cwd())
    examined = with_protocol(validated(file))
    (print_examined_as_json if as_json else print_examined)(file, examined)
    if count := len(examined.faults):
        raise StudyError(f"{count:,} fault{'s' if count > 1 else ''} in the study, listed above")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("validate")(validate)
