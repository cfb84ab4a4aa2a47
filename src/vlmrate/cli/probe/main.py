"""The application under `vlmrate probe`; each command is a module of its own."""

from __future__ import annotations

import typer

from vlmrate.cli.probe.axis import axis
from vlmrate.cli.probe.bias import bias
from vlmrate.cli.probe.capture import capture
from vlmrate.cli.probe.causal import causal
from vlmrate.cli.probe.compare import compare
from vlmrate.cli.probe.debias import debias
from vlmrate.cli.probe.directions import directions
from vlmrate.cli.probe.features import features
from vlmrate.cli.probe.separability import separability
from vlmrate.cli.probe.steer import steer

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
probe.command("axis")(axis)
probe.command("bias")(bias)
probe.command("causal")(causal)
probe.command("steer")(steer)
probe.command("debias")(debias)
probe.command("compare")(compare)
probe.add_typer(features)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(probe)
