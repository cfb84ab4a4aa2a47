"""`vlmrate import`: take predictions made elsewhere for the ratings of one more rater."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations when it runs
from typing import Annotated, Literal

import typer

from vlmrate.cli.options import StoreFolder, StudyFile  # noqa: TC001


def import_(  # one parameter an option
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Predictions: a .csv, .json or .jsonl file, each also with .gz.")
    ],
    rater: Annotated[str, typer.Option("--rater", "--as", metavar="NAME", help="Store under this rater's name.")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="ITEM=COLUMN", help="Where an item is answered [its name]; nothing after =: nowhere."
        ),
    ] = None,
    image: Annotated[
        str | None, typer.Option("--image", metavar="COLUMN", help="Where the images are named [image_id]")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="ITEM.THEIRS=OURS", help="What the study calls one of their labels."),
    ] = None,
    off_list: Annotated[
        Literal["fault", "keep"],
        typer.Option("--off-list", help="Whether a label that the study does not offer is a fault, or kept as such."),
    ] = "fault",
    their_range: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="ITEM=LOW:HIGH", help="The ends of their scale, brought onto the item's."),
    ] = None,
    off_scale: Annotated[
        Literal["fault", "clamp"],
        typer.Option("--off-scale", help="Whether a number off the scale is a fault, or held at the scale's end."),
    ] = "fault",
    probabilities: Annotated[
        list[str] | None,
        typer.Option("--probabilities", metavar="ITEM=PREFIX", help="What columns of probabilities begin with."),
    ] = None,
    repeat: Annotated[
        str | None,
        typer.Option("--repeat", metavar="COLUMN", help="Which time an image was rated, from 1, if more than once."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="TEXT", help="Where the predictions are from.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", metavar="TEXT", help="What may be done with them.")
    ] = None,
    family: Annotated[str | None, typer.Option("--family", metavar="NAME", help="The model's family.")] = None,
    parameters: Annotated[
        str | None, typer.Option("--parameters", metavar="N", help="The model's number of parameters, such as 8.4M.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Set earlier ratings aside and begin anew.")] = False,
    study: StudyFile = None,
    results: StoreFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome, or every fault, as JSON.")] = False,
) -> None:
    """Store predictions made elsewhere as the ratings of one more rater; nothing is stored while anything is wrong."""
    from vlmrate.cli.import_job import bring_in
    from vlmrate.cli.passed import arguments_of
    from vlmrate.inference.imported import ImportWishes
    from vlmrate.raters.table.mapping import Said

    about = {"source": source, "licence": licence, "family": family, "parameters": parameters}
    wishes = ImportWishes(
        file=file,
        rater=rater,
        said=Said(tuple(column or ()), tuple(label or ()), tuple(their_range or ()), tuple(probabilities or ())),
        image=image,
        repeat=repeat,
        off_list=off_list,
        off_scale=off_scale,
        about={name: words for name, words in about.items() if words is not None},
        fresh=fresh,
        study=study,
        results=results,
        arguments=arguments_of(context),
    )
    bring_in(wishes, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("import")(import_)
