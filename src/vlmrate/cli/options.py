"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyFile = Annotated[
    Path | None, typer.Option("--study", metavar="FILE", help="The study file [./study.yaml or configs/study.yaml]")
]
RatingsFolder = Annotated[
    Path | None, typer.Option("--results", metavar="DIR", help="Where ratings are [the study's results folder]")
]
StoreFolder = Annotated[
    Path | None, typer.Option("--results", metavar="DIR", help="Where to store [the study's results folder]")
]
ModelsFile = Annotated[Path | None, typer.Option("--models-file", metavar="FILE", help="Another models.yaml.")]
ProtocolName = Annotated[
    str | None, typer.Option("--protocol", metavar="NAME", help="How to ask [the study's protocol]")
]
