"""`vlmrate probe`: look inside a model that rates."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated

import typer

probe = typer.Typer(
    name="probe",
    help="Look inside a model that rates.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@probe.callback()
def _commands() -> None:
    """Look inside a model that rates; each command does one thing."""


@probe.command("capture")
def capture(
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="A model on MLX: gemma3 or mllama.")],
    study: Annotated[
        Path | None, typer.Option("--study", metavar="FILE", help="The study file [./study.yaml or configs/study.yaml]")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="NAME", help="How to ask [the study's protocol]")
    ] = None,
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
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many images.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="RULE", help="Image id (with * and ?) or FACTOR=LEVEL; may be given often."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write [the rater's captures in the results folder]"),
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--results", metavar="DIR", help="Another results folder [the study's]")
    ] = None,
    models_file: Annotated[
        Path | None, typer.Option("--models-file", metavar="FILE", help="Another models.yaml.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Store what is inside a model after every block while it rates; the same command goes on where it stopped."""
    from vlmrate.cli.probe_capture import captured
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


@probe.command("separability")
def separability(
    files: Annotated[list[Path], typer.Argument(metavar="CAPTURE...", help="Captures of pictures, set side by side.")],
    study: Annotated[
        Path | None, typer.Option("--study", metavar="FILE", help="The study file [./study.yaml or configs/study.yaml]")
    ] = None,
    array: Annotated[str | None, typer.Option("--array", metavar="NAME", help="Only this array [all]")] = None,
    factor: Annotated[
        list[str] | None,
        typer.Option("--factor", metavar="NAME", help="May be given often [the study's emotion and groups]"),
    ] = None,
    permutations: Annotated[
        int, typer.Option("--permutations", min=19, max=100_000, help="Permutations a p is made from.")
    ] = 999,
    resamples: Annotated[
        int, typer.Option("--resamples", min=100, max=100_000, help="Bootstrap resamples an interval is made from.")
    ] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of folds, halves, permutations and the bootstrap.")] = 0,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="Draw all layers too: .svg, .pdf or .png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Tell emotions and groups from what was captured, layer by layer, with identities kept whole."""
    from vlmrate.cli.probe_separability import separated

    separated(
        files,
        study=study,
        array=array,
        factors=tuple(factor or ()),
        permutations=permutations,
        resamples=resamples,
        seed=seed,
        figure=figure,
        as_json=as_json,
    )


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(probe)
