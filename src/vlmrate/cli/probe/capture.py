"""`vlmrate probe capture`: store what is inside a model while it rates."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated

import typer

from vlmrate.cli.probe.options import (  # noqa: TC001
    Limit,
    ModelName,
    ModelsFile,
    Only,
    ProtocolName,
    ResultsFolder,
    StudyFile,
)


def capture(
    model: ModelName,
    study: StudyFile = None,
    protocol: ProtocolName = None,
    step: Annotated[
        str | None,
        typer.Option("--step", metavar="ITEMS", help="Read where these items are answered, with commas [all]"),
    ] = None,
    positions: Annotated[
        str | None,
        typer.Option("--positions", metavar="NAMES", help="answer, picture-mean, vision; with commas [answer]"),
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option("--text", metavar="FILE", help="Read the words and sentences of a concept file instead."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="As of infer: drives answers above temperature 0 [0]")
    ] = None,
    limit: Limit = None,
    only: Only = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write [the rater's captures in the results folder]"),
    ] = None,
    results: ResultsFolder = None,
    models_file: ModelsFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Store what is inside a model after every block while it rates; the same command goes on where it stopped."""
    from vlmrate.cli.probe.capture_job import captured
    from vlmrate.probe.prepare import CaptureWishes

    wishes = CaptureWishes(
        model=model,
        study=study,
        protocol=protocol,
        step=step,
        positions=positions,
        text=text,
        seed=seed,
        limit=limit,
        only=tuple(only or ()),
        out=out,
        results=results,
        models_file=models_file,
    )
    raise typer.Exit(captured(wishes, as_json=as_json))
