"""`vlmrate probe separability`: what can be told from each layer."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated

import typer

from vlmrate.cli.probe.options import (  # noqa: TC001
    ArrayName,
    AsJson,
    FigureFile,
    Permutations,
    Resamples,
    ResultsFolder,
    Seed,
    StudyFile,
)


def separability(
    files: Annotated[list[Path], typer.Argument(metavar="CAPTURE...", help="Captures of pictures, set side by side.")],
    study: StudyFile = None,
    array: ArrayName = None,
    factor: Annotated[
        list[str] | None,
        typer.Option("--factor", metavar="NAME", help="May be given often [the study's emotion and groups]"),
    ] = None,
    permutations: Permutations = 999,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Tell emotions and groups from what was captured, layer by layer, with identities kept whole."""
    from vlmrate.cli.probe.separability_job import separated
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.separability import Way
    from vlmrate.stats import Bootstrap

    separated(
        files,
        study=study,
        results=results,
        array=array,
        factors=tuple(factor or ()),
        way=Way(permutations, seed, Bootstrap(resamples=resamples, seed=seed)),
        how=showing(figure, as_json=as_json),
    )
