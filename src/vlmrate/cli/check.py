"""`vlmrate check`: does a model still rate as it did?"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated, Literal

import typer

from vlmrate.cli.options import ModelsFile, ProtocolName, RatingsFolder, StudyFile  # noqa: TC001


def check(  # one parameter an option
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="A model of `vlmrate models`, or a folder [the baseline's]"),
    ] = None,
    study: StudyFile = None,
    protocol: ProtocolName = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="[data/baseline/STUDY-RATER-PROTOCOL.json]"),
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Rate the subset and write it as the baseline.")] = False,
    images: Annotated[
        int | None, typer.Option("--images", metavar="N", min=2, help="With --update: images of the subset [36]")
    ] = None,
    mode: Annotated[
        Literal["exact", "tolerance", "statistical"] | None,
        typer.Option("--mode", help="[exact where chip and versions are the baseline's, else statistical]"),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="METRIC=CHANGE",
            help="Mode tolerance: how much worse a metric may be (valence.mae=0.2); kept by --update.",
        ),
    ] = None,
    cached: Annotated[
        bool, typer.Option("--cached", help="Take stored ratings that would come out the same; rate the others.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for `changed` too.")] = False,
    fail_undecided: Annotated[
        bool, typer.Option("--fail-undecided", help="Exit with 3 where anything is undecided.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what differs in how it was rated, and image by image.")
    ] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Rate nothing; draw the history of the checks so far.")
    ] = False,
    history_file: Annotated[
        Path | None,
        typer.Option("--history-file", metavar="FILE", help="Where checks are recorded [history.jsonl in --output]"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Where to write [report/check/ beside the study's ratings]"),
    ] = None,
    fidelity: Annotated[
        Literal["reference", "mlx-vlm"] | None, typer.Option("--fidelity", help="As for `vlmrate infer`.")
    ] = None,
    path: Annotated[
        Literal["auto", "shared", "plain"] | None, typer.Option("--path", help="As for `vlmrate infer`.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option("--temperature", metavar="NUMBER", min=0.0, max=2.0, help="[the model's]")
    ] = None,
    thinking_tokens: Annotated[
        int | None, typer.Option("--thinking-tokens", metavar="N", min=0, help="[the model's]")
    ] = None,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Address of a server's API.")] = None,
    parallel: Annotated[
        int | None, typer.Option("--parallel", metavar="N", min=1, help="Images in hand at once, of a server [8]")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Drives the choice of images, and what is drawn above temperature 0.")
    ] = 0,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="The rater's name [the model's]")] = None,
    results: RatingsFolder = None,
    models_file: ModelsFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print check.json instead of tables.")] = False,
) -> None:
    """Rate a small subset of images again and say whether the model still rates as its baseline says.

    Exit codes: 0 passed; 1 regressed (with --strict also changed); 2 misuse, a broken baseline, or a check that could
    not be carried out; 3 undecided, with --fail-undecided.
    """
    from vlmrate.cli.check_job import Request, check_rater
    from vlmrate.inference.prepare import Wishes

    wishes = Wishes(
        model=model or "",
        study=study,
        protocol=protocol,
        fidelity=fidelity,
        path=path,
        temperature=None if temperature is None else f"{temperature:g}",
        thinking_tokens=thinking_tokens,
        url=url,
        parallel=parallel,
        seed=seed,
        name=name,
        results=results,
        models_file=models_file,
    )
    request = Request(
        wishes=wishes,
        baseline=baseline,
        images=images,
        mode=mode,
        allow=tuple(allow or ()),
        cached=cached,
        strict=strict,
        fail_undecided=fail_undecided,
        explain=explain,
        history_file=history_file,
        output=output,
        as_json=as_json,
    )
    raise typer.Exit(check_rater(request, update=update, history=history))


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("check")(check)
