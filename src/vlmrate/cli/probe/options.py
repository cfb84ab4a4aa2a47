"""Options that the commands of `vlmrate probe` share, those of all commands among them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlmrate.cli.options import ModelsFile as ModelsFile
from vlmrate.cli.options import ProtocolName as ProtocolName
from vlmrate.cli.options import StudyFile as StudyFile

ResultsFolder = Annotated[
    Path | None, typer.Option("--results", metavar="DIR", help="Another results folder [the study's]")
]
ModelName = Annotated[
    str, typer.Option("--model", metavar="NAME", help="A Gemma 3 or Llama 3.2 Vision on MLX, such as tiny.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many images.")]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="RULE", help="Image id (with * and ?) or FACTOR=LEVEL; may be given often."),
]
CaptureFile = Annotated[
    Path | None,
    typer.Option("--capture", metavar="FILE", help="Where directions come from [the rater's own capture]"),
]
DictionaryFile = Annotated[
    Path | None,
    typer.Option("--dictionary", metavar="FILE", help="Its features are directions too: --direction feature:17"),
]
DirectionNames = Annotated[
    list[str] | None,
    typer.Option("--direction", metavar="NAME", help="An emotion, or FACTOR=LEVEL; may be given often [all]"),
]
LayerNumbers = Annotated[
    list[int] | None,
    typer.Option("--layer", min=0, metavar="N", help="After which block, from 0; may be given often [all]"),
]
OneLayer = Annotated[
    int | None,
    typer.Option("--layer", min=0, metavar="N", help="After which block, from 0 [chosen on the other identities]"),
]
ArrayName = Annotated[str | None, typer.Option("--array", metavar="NAME", help="Only this array [all]")]
LayerNumber = Annotated[
    int | None,
    typer.Option("--layer", metavar="N", min=0, help="This layer, from 0 [chosen on half of the identities]"),
]
Permutations = Annotated[
    int, typer.Option("--permutations", min=19, max=100_000, help="Permutations a p is made from.")
]
Resamples = Annotated[
    int, typer.Option("--resamples", min=100, max=100_000, help="Bootstrap resamples an interval is made from.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of all that is drawn.")]
FigureFile = Annotated[Path | None, typer.Option("--figure", metavar="FILE", help="Draw it too: .svg, .pdf or .png.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]
