"""Options that the commands of `vlmrate probe` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyFile = Annotated[
    Path | None, typer.Option("--study", metavar="FILE", help="The study file [./study.yaml or configs/study.yaml]")
]
ResultsFolder = Annotated[
    Path | None, typer.Option("--results", metavar="DIR", help="Another results folder [the study's]")
]
ModelsFile = Annotated[Path | None, typer.Option("--models-file", metavar="FILE", help="Another models.yaml.")]
ModelName = Annotated[str, typer.Option("--model", metavar="NAME", help="A model on MLX: gemma3 or mllama.")]
ProtocolName = Annotated[
    str | None, typer.Option("--protocol", metavar="NAME", help="How to ask [the study's protocol]")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many images.")]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="RULE", help="Image id (with * and ?) or FACTOR=LEVEL; may be given often."),
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
