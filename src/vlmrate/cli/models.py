"""`vlmrate models`: which models can be asked, and whether their weights are here."""

from __future__ import annotations

from typing import Annotated

import typer

from vlmrate.cli.options import ModelsFile  # noqa: TC001


def models(
    models_file: ModelsFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the models that can be asked for by name, and what each still needs."""
    from vlmrate.cli.model_table import print_models, print_models_as_json
    from vlmrate.raters.registry import models as known_models
    from vlmrate.raters.registry import plugins

    (print_models_as_json if as_json else print_models)(known_models(models_file), plugins())


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("models")(models)
