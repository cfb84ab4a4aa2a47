"""`vlmrate derive`: make a rater of ratings that are there."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vlmrate.cli.options import RatingsFolder, StudyFile  # noqa: TC001


def derive(  # one parameter an option
    context: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="calibrated, hybrid, ensemble, expected, category-mean, label-only or person."
        ),
    ],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Store under this rater's name.")],
    sources: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="RATER[:ITEMS]", help="A rater, or RATER/PROTOCOL; may be given often."),
    ] = None,
    study: StudyFile = None,
    by: Annotated[
        Literal["emotion", "answer", "none"] | None,
        typer.Option("--by", help="calibrated: a line for each emotion posed, each label answered, or one [emotion]"),
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", metavar="N", min=2, help="calibrated: folds of identities [5]")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="calibrated: deals out folds; person: draws [0]")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Set an earlier rater of that name aside.")] = False,
    results: RatingsFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Make a rater of other raters' ratings, or of people's; what is fitted never sees whom it serves."""
    from vlmrate.cli.derive_job import derive_rater
    from vlmrate.cli.passed import arguments_of
    from vlmrate.derive.prepare import Wishes

    wishes = Wishes(
        kind=kind,
        sources=tuple(sources or ()),
        name=name,
        study=study,
        results=results,
        by=by,
        folds=folds,
        seed=seed,
        fresh=fresh,
        arguments=arguments_of(context),
    )
    raise typer.Exit(derive_rater(wishes, as_json=as_json))


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("derive")(derive)
