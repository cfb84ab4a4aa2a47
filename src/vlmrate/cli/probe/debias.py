"""`vlmrate probe debias`: take a group of people shown out of a model and rate again."""

from __future__ import annotations

from typing import Annotated

import typer

from vlmrate.cli.probe.options import (  # noqa: TC001
    AsJson,
    CaptureFile,
    FigureFile,
    Limit,
    ModelName,
    ModelsFile,
    OneLayer,
    Only,
    Permutations,
    ProtocolName,
    Resamples,
    ResultsFolder,
    Seed,
    StudyFile,
)


def debias(
    model: ModelName,
    study: StudyFile = None,
    protocol: ProtocolName = None,
    capture: CaptureFile = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME", help="A group of people shown; may be given often [the study's]"),
    ] = None,
    how: Annotated[
        str | None, typer.Option("--how", metavar="WAYS", help="project-out, clamp, subtract; with commas [all]")
    ] = None,
    direction: Annotated[
        list[str] | None,
        typer.Option("--direction", metavar="NAME", help="What is taken out; may be given often [the group's levels]"),
    ] = None,
    layer: OneLayer = None,
    limit: Limit = None,
    only: Only = None,
    permutations: Permutations = 999,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    results: ResultsFolder = None,
    models_file: ModelsFile = None,
    as_json: AsJson = False,
) -> None:
    """Take what tells a group out of a model, rate again, and tell what becomes of bias, errors and leakage."""
    from vlmrate.cli.probe.debias_job import debiased
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.debiasing import DebiasWay
    from vlmrate.probe.prepare import EditWishes
    from vlmrate.probe.removal import parse_hows
    from vlmrate.stats import Bootstrap

    wishes = EditWishes(
        model=model,
        study=study,
        protocol=protocol,
        capture=capture,
        seed=seed,
        limit=limit,
        only=tuple(only or ()),
        results=results,
        models_file=models_file,
    )
    way = DebiasWay(
        hows=parse_hows(how),
        layer=layer,
        names=tuple(direction) if direction else None,
        permutations=permutations,
        seed=seed,
        bootstrap=Bootstrap(resamples=resamples, seed=seed),
    )
    debiased(wishes, tuple(group or ()), way, showing(figure, as_json=as_json))
