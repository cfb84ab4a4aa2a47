"""`vlmrate probe directions`: what sets each emotion apart inside a model."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated

import typer

from vlmrate.cli.probe.options import (  # noqa: TC001
    ArrayName,
    AsJson,
    FigureFile,
    LayerNumber,
    Permutations,
    Resamples,
    ResultsFolder,
    Seed,
    StudyFile,
)


def directions(
    files: Annotated[list[Path], typer.Argument(metavar="CAPTURE...", help="Captures of pictures, of texts, or both.")],
    study: StudyFile = None,
    array: ArrayName = None,
    layer: LayerNumber = None,
    neutral_out: Annotated[
        bool, typer.Option("--neutral-out", help="Project out the components that hold half of neutral's variance.")
    ] = False,
    permutations: Permutations = 999,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Find each emotion's direction, from pictures and from texts, and what people rate along them."""
    from vlmrate.cli.probe.directions_job import directed
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.directed import Asked
    from vlmrate.probe.separability import Way
    from vlmrate.stats import Bootstrap

    way = Way(permutations, seed, Bootstrap(resamples=resamples, seed=seed))
    asked = Asked(way, layer=layer, neutral_out=neutral_out, array=array)
    directed(files, asked, study=study, results=results, how=showing(figure, as_json=as_json))
