"""The application under `vlmrate probe`; each command is a module of its own."""

from __future__ import annotations

import typer

from vlmrate.cli.probe.bias import bias
from vlmrate.cli.probe.capture import capture
from vlmrate.cli.probe.directions import directions
from vlmrate.cli.probe.separability import separability

probe = typer.Typer(
    name="probe",
    help="Look inside a model that rates.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@probe.callback()
def _commands() -> None:
    """Look inside a model that rates; each command does one thing."""


probe.command("capture")(capture)
probe.command("separability")(separability)
probe.command("directions")(directions)
probe.command("bias")(bias)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(probe)
