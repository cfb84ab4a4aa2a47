"""`vlmrate probe compare`: prompt, temperature, steering and false labels beside one another."""

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
    ProtocolName,
    Resamples,
    ResultsFolder,
    Seed,
    StudyFile,
)


def compare(
    model: ModelName,
    direction: Annotated[
        list[str],
        typer.Option("--direction", metavar="NAME", help="An emotion, or FACTOR=LEVEL; may be given often."),
    ],
    study: StudyFile = None,
    protocol: ProtocolName = None,
    capture: CaptureFile = None,
    persona: Annotated[
        str | None,
        typer.Option("--persona", metavar="NAME", help="A protocol that says who is asked [the shipped persona]"),
    ] = None,
    temperature: Annotated[
        float, typer.Option("--temperature", min=0.01, max=2.0, help="Of answers that are drawn.")
    ] = 0.7,
    dose: Annotated[
        float, typer.Option("--dose", min=0.0, help="Class effects that are added and taken off along the direction.")
    ] = 2.0,
    layer: OneLayer = None,
    limit: Limit = None,
    only: Only = None,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    results: ResultsFolder = None,
    models_file: ModelsFile = None,
    as_json: AsJson = False,
) -> None:
    """Set prompt, temperature, steering and a false label beside one another, on the same images."""
    from vlmrate.cli.probe.compare_job import compared
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.comparing import CompareWay
    from vlmrate.probe.prepare import EditWishes
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
    way = CompareWay(dose, layer, seed, Bootstrap(resamples=resamples, seed=seed))
    how = showing(figure, as_json=as_json)
    compared(wishes, tuple(direction), persona, temperature, way, how)
