"""`vlmrate probe bias`: emotions and groups inside a model, beside what it answers."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated

import typer

from vlmrate.cli.probe.options import (  # noqa: TC001
    ArrayName,
    AsJson,
    DictionaryFile,
    FigureFile,
    LayerNumber,
    Permutations,
    Resamples,
    ResultsFolder,
    Seed,
    StudyFile,
)


def bias(
    file: Annotated[Path, typer.Argument(metavar="CAPTURE", help="A capture of pictures.")],
    study: StudyFile = None,
    text: Annotated[
        list[Path] | None,
        typer.Option("--text", metavar="CAPTURE", help="A capture of texts of emotions, groups; may be given often."),
    ] = None,
    rater: Annotated[
        str | None, typer.Option("--rater", metavar="NAME", help="Whose answers stand beside it [the capture's model]")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="NAME", help="Of the answers [the capture's]")
    ] = None,
    dictionary: DictionaryFile = None,
    direction: Annotated[
        list[str] | None,
        typer.Option("--direction", metavar="NAME", help="A feature of --dictionary, feature:17; may be given often."),
    ] = None,
    array: ArrayName = None,
    layer: LayerNumber = None,
    permutations: Permutations = 999,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Tell the angles between emotions and groups inside a model, and whether its answers are biased alike."""
    from vlmrate.cli.probe.bias_job import BiasWishes, biased
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.separability import Way
    from vlmrate.stats import Bootstrap

    way = Way(permutations, seed, Bootstrap(resamples=resamples, seed=seed))
    wishes = BiasWishes(file, tuple(text or ()), rater, protocol, array, layer, dictionary, tuple(direction or ()))
    biased(wishes, way, study=study, results=results, how=showing(figure, as_json=as_json))
