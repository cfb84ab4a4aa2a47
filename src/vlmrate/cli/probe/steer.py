"""`vlmrate probe steer`: add a direction while a model rates, and tell what its answers do."""

from __future__ import annotations

from typing import Annotated

import typer

from vlmrate.cli.probe.options import (  # noqa: TC001
    AsJson,
    CaptureFile,
    DictionaryFile,
    FigureFile,
    LayerNumbers,
    Limit,
    ModelName,
    ModelsFile,
    Only,
    ProtocolName,
    Resamples,
    ResultsFolder,
    Seed,
    StudyFile,
)


def steer(
    model: ModelName,
    capture: CaptureFile = None,
    dictionary: DictionaryFile = None,
    direction: Annotated[
        list[str] | None,
        typer.Option("--direction", metavar="NAME", help="May be given often [the target's, else every label's]"),
    ] = None,
    layer: LayerNumbers = None,
    doses: Annotated[
        str, typer.Option("--doses", metavar="LIST", help="In effects of the direction's own: --doses=-1,0,1.")
    ] = "-8,-4,-2,-1,0,1,2,4,8",
    linear: Annotated[
        float, typer.Option("--linear", metavar="DOSE", min=0.0, help="Slopes rest on doses up to this size.")
    ] = 1.0,
    randoms: Annotated[int, typer.Option("--randoms", min=2, max=1000, help="Random directions beside each.")] = 5,
    step: Annotated[
        str | None,
        typer.Option("--step", metavar="ITEMS", help="Steer where these items are answered, with commas [all]"),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="LABEL", help="Tune layer and dose to raise this label's recall.")
    ] = None,
    allowed: Annotated[
        float,
        typer.Option("--allowed", min=0.0, max=1.0, help="Accuracy on other pictures that tuning may cost."),
    ] = 0.05,
    study: StudyFile = None,
    protocol: ProtocolName = None,
    limit: Limit = None,
    only: Only = None,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    results: ResultsFolder = None,
    models_file: ModelsFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a direction in doses after every block while a model rates, beside random directions of the same length."""
    from vlmrate.cli.probe.showing import showing
    from vlmrate.cli.probe.steer_job import parse_doses, steered
    from vlmrate.probe.prepare import listed
    from vlmrate.probe.prepare_edits import EditWishes
    from vlmrate.probe.steer import SteerWay
    from vlmrate.probe.sweep import Doses
    from vlmrate.stats import Bootstrap

    way = SteerWay(
        directions=tuple(direction or ()),
        layers=tuple(layer or ()),
        steps=listed(step, "--step"),
        doses=Doses.of(parse_doses(doses), linear),
        randoms=randoms,
        target=target,
        allowed=allowed,
        seed=seed,
        bootstrap=Bootstrap(resamples=resamples, seed=seed),
    )
    wishes = EditWishes(
        model=model,
        capture=capture,
        dictionary=dictionary,
        study=study,
        protocol=protocol,
        seed=seed,
        limit=limit,
        only=tuple(only or ()),
        results=results,
        models_file=models_file,
    )
    steered(wishes, way, showing(figure, as_json=as_json))
