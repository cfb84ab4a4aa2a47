"""`vlmrate infer`: let a model rate the images of a study."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vlmrate.cli.options import ModelsFile, StoreFolder, StudyFile  # noqa: TC001


def infer(  # one parameter an option
    context: typer.Context,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="A model of `vlmrate models`, or a folder.")],
    study: StudyFile = None,
    protocol: Annotated[
        str | None,
        typer.Option("--protocol", metavar="NAMES", help="How to ask; several with a comma [the study's protocol]"),
    ] = None,
    fidelity: Annotated[
        Literal["reference", "mlx-vlm"] | None,
        typer.Option("--fidelity", help="Compute as the model's own code does [reference], or as mlx-vlm's generate."),
    ] = None,
    path: Annotated[
        Literal["auto", "shared", "plain"] | None,
        typer.Option("--path", help="Encode each picture once for all prompts (shared) or once a prompt [auto]"),
    ] = None,
    temperature: Annotated[
        str | None,
        typer.Option(
            "--temperature",
            metavar="NUMBERS",
            help="0: the likeliest answer; above, to 2: drawn; several with a comma [the model's]",
        ),
    ] = None,
    thinking_tokens: Annotated[
        int | None,
        typer.Option(
            "--thinking-tokens", metavar="N", min=0, help="Most tokens of reasoning a prompt; 0: none [the model's]"
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Address of a server's API, such as http://…:8000/v1")
    ] = None,
    parallel: Annotated[
        int | None, typer.Option("--parallel", metavar="N", min=1, help="Images in hand at once, of a server [8]")
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option("--max-cost", metavar="SUM", min=0.0, help="Begin no image that may make this run dearer."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Drives what is drawn at temperatures above 0.")] = 0,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="How often each image is rated.")] = 1,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Rate only the first so many images.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="RULE", help="Image id (with * and ?) or FACTOR=LEVEL; may be given often."),
    ] = None,
    fail_after: Annotated[
        str | None,
        typer.Option("--fail-after", metavar="N|N%", help="Give up after so many failed images [never]"),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Set earlier ratings aside and begin anew.")] = False,
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Store under this rater's name [the model's]")
    ] = None,
    results: StoreFolder = None,
    models_file: ModelsFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Let a model rate the images of a study; the same command goes on where it stopped.

    With several protocols or temperatures every one is asked with every other, image by image.
    """
    from vlmrate.cli.infer_job import rate
    from vlmrate.cli.passed import arguments_of
    from vlmrate.inference.prepare import Wishes

    wishes = Wishes(
        model=model,
        study=study,
        protocol=protocol,
        fidelity=fidelity,
        path=path,
        temperature=temperature,
        thinking_tokens=thinking_tokens,
        url=url,
        parallel=parallel,
        max_cost=max_cost,
        seed=seed,
        repeats=repeats,
        limit=limit,
        only=tuple(only or ()),
        fail_after=fail_after,
        fresh=fresh,
        name=name,
        results=results,
        models_file=models_file,
        arguments=arguments_of(context),
    )
    raise typer.Exit(rate(wishes, as_json=as_json))


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("infer")(infer)
