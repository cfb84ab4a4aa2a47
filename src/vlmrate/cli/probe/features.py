"""`vlmrate probe features`: dictionaries of sparse features, and what their features stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlmrate.cli.probe.options import (  # noqa: TC001
    AsJson,
    FigureFile,
    Permutations,
    Resamples,
    ResultsFolder,
    Seed,
    StudyFile,
)

features = typer.Typer(
    name="features",
    help="Sparse features of a layer: train or import a dictionary, and see what its features stand for.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CaptureArgument = Annotated[Path, typer.Argument(metavar="CAPTURE", help="A capture of pictures.")]
Array = Annotated[str, typer.Option("--array", metavar="NAME", help="Of the capture.")]
Layer = Annotated[int, typer.Option("--layer", min=0, metavar="N", help="After which block, from 0.")]
Kept = Annotated[int, typer.Option("--k", min=1, help="Features that a picture keeps.")]
Steps = Annotated[int, typer.Option("--steps", min=1, max=1_000_000, help="Steps of training.")]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where to write [the rater's dictionaries]")
]


@features.callback()
def _commands() -> None:
    """Sparse features of a layer; a dictionary is trained or imported once and then used by its file."""


@features.command("train")
def train(
    capture: Annotated[Path, typer.Argument(metavar="CAPTURE", help="A capture of pictures or of texts.")],
    layer: Layer,
    array: Array = "answer/emotion",
    size: Annotated[int, typer.Option("--size", min=2, max=1_000_000, help="Features in the dictionary.")] = 256,
    k: Kept = 16,
    steps: Steps = 500,
    seed: Seed = 0,
    out: OutFile = None,
    study: StudyFile = None,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Train a dictionary that keeps the k largest features; a fifth of the identities is held out to judge it."""
    from vlmrate.cli.probe.dictionary_job import trained
    from vlmrate.probe.sparse.train import Training

    way = Training(size=size, k=k, steps=steps, seed=seed)
    trained(capture, array, layer, way, study=study, results=results, out=out, as_json=as_json)


@features.command("import")
def import_(
    weights: Annotated[Path, typer.Argument(metavar="WEIGHTS", help="A .safetensors or .npz file.")],
    keys: Annotated[
        Path, typer.Option("--keys", metavar="FILE", help="Names of its tensors: gemma-scope-2.yaml, or your own.")
    ],
    layer: Layer,
    array: Array = "answer/emotion",
    capture: Annotated[
        Path | None, typer.Option("--capture", metavar="FILE", help="A capture of the model it belongs to.")
    ] = None,
    model_digest: Annotated[
        str | None, typer.Option("--model-digest", metavar="SHA256", help="In its place, the model's digest.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write [beside the weights]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in a dictionary of somebody else's, such as one of Gemma Scope 2."""
    from vlmrate.cli.probe.dictionary_job import imported

    imported(weights, keys, array, layer, capture=capture, model_digest=model_digest, out=out, as_json=as_json)


@features.command("list")
def list_(
    dictionary: Annotated[Path, typer.Argument(metavar="DICTIONARY", help="A dictionary's file.")],
    capture: CaptureArgument,
    feature: Annotated[
        list[int] | None,
        typer.Option("--feature", metavar="N", help="May be given often [those enriched for anything]"),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=100, help="Pictures that activate a feature most.")] = 9,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE", help="Show these pictures in a .png, a row a feature.")
    ] = None,
    permutations: Permutations = 999,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    study: StudyFile = None,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Say where features are active, and which emotions and groups they go with."""
    from vlmrate.cli.probe.features_job import listed
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.sparse.features import Listing
    from vlmrate.stats import Bootstrap

    listing = Listing(tuple(feature or ()), top, permutations, seed, Bootstrap(resamples=resamples, seed=seed))
    how = showing(figure, as_json=as_json)
    listed(dictionary, capture, listing, study=study, results=results, sheet=sheet, how=how)


@features.command("sizes")
def sizes(
    capture: CaptureArgument,
    layer: Layer,
    sizes: Annotated[
        str, typer.Option("--sizes", metavar="NUMBERS", help="Features in each dictionary, with commas.")
    ] = "64,128,256,512",
    array: Array = "answer/emotion",
    k: Kept = 16,
    steps: Steps = 500,
    permutations: Permutations = 999,
    resamples: Resamples = 2000,
    seed: Seed = 0,
    figure: FigureFile = None,
    study: StudyFile = None,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Train dictionaries of several sizes and see how specific their features are on identities held out."""
    from vlmrate.cli.probe.features_job import read_sizes, sized
    from vlmrate.cli.probe.showing import showing
    from vlmrate.probe.sparse.features import Listing
    from vlmrate.probe.sparse.train import Training
    from vlmrate.stats import Bootstrap

    wanted = read_sizes(sizes, k)
    listing = Listing(permutations=permutations, seed=seed, bootstrap=Bootstrap(resamples=resamples, seed=seed))
    way = Training(size=max(wanted), k=k, steps=steps, seed=seed)
    how = showing(figure, as_json=as_json)
    sized(capture, array, layer, wanted, way, listing, study=study, results=results, how=how)
