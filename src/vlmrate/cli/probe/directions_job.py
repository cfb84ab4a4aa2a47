"""From the options of `vlmrate probe directions` to what is stored and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.cli.probe.showing import present
from vlmrate.probe.directions import captures_directions
from vlmrate.probe.found import Found
from vlmrate.probe.store import open_capture
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.directed import Asked


def directed(files: Sequence[Path], asked: Asked, *, study: Path | None, results: Path | None, how: Showing) -> None:
    """Open the captures, find emotions' directions in them, and store and show what came of it."""
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    captures = [open_capture(file) for file in files]
    outcomes = captures_directions(captures, loaded, asked)
    present(Found(directions=outcomes), loaded, captures[0].about.model, how)
