"""`vlmrate probe causal`: project directions out while a model rates, and tell what its labels lose."""

from __future__ import annotations

from typing import Annotated, Literal

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


def causal(
    model: ModelName,
    capture: CaptureFile = None,
    dictionary: DictionaryFile = None,
    direction: Annotated[
        list[str] | None,
        typer.Option("--direction", metavar="NAME", help="May be given often [every label's]"),
    ] = None,
    layer: LayerNumbers = None,
    over: Annotated[
        Literal["directions", "units", "features"], typer.Option("--over", help="Among what carriers are sought.")
    ] = "units",
    top: Annotated[int, typer.Option("--top", min=2, help="Try so many of these, the most promising.")] = 64,
    randoms: Annotated[
        int, typer.Option("--randoms", min=2, max=1000, help="Random directions after every block.")
    ] = 20,
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
    """Project directions out while a model rates: what labels lose, what takes their place, what carries them."""
    from vlmrate.cli.probe.causal_job import projected
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.causal import CausalWay
    from vlmrate.probe.prepare_edits import EditWishes
    from vlmrate.stats import Bootstrap

    way = CausalWay(
        names=tuple(direction or ()),
        layers=tuple(layer or ()),
        over=over,
        top=top,
        random=randoms,
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
    projected(wishes, way, showing(figure, as_json=as_json))
