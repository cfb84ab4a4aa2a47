"""`vlmrate probe axis`: people's valence and arousal inside a model, and what it says of them."""

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


def axis(
    files: Annotated[list[Path], typer.Argument(metavar="CAPTURE...", help="Captures of pictures, set side by side.")],
    study: StudyFile = None,
    array: ArrayName = None,
    rater: Annotated[
        str | None, typer.Option("--rater", metavar="NAME", help="Whose answers to set beside [each capture's model]")
    ] = None,
    permutations: Permutations = 999,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Learn people's valence and arousal from what was captured, beside what the model says; compare emotion spaces."""
    from vlmrate.cli.probe.axis_job import axes_told
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.separability import Way
    from vlmrate.stats import Bootstrap

    axes_told(
        files,
        study=study,
        results=results,
        array=array,
        rater=rater,
        way=Way(permutations, seed, Bootstrap(resamples=resamples, seed=seed)),
        how=showing(figure, as_json=as_json),
    )
