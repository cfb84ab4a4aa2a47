"""From the options of `vlmrate probe axis` to what is stored and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.cli.probe.showing import present
from vlmrate.inference.table import load_results
from vlmrate.probe.axes import captures_axes
from vlmrate.probe.found import Found
from vlmrate.probe.store import open_capture
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.separability import Way


def axes_told(
    files: Sequence[Path],
    *,
    study: Path | None,
    results: Path | None,
    array: str | None,
    rater: str | None,
    way: Way,
    how: Showing,
) -> None:
    """Open the captures, learn their axes, compare emotion spaces, and store and show what came of it."""
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    captures = [open_capture(file) for file in files]
    found = captures_axes(captures, loaded, load_results(loaded), way, array=array, rater=rater)
    present(Found(axis=(found,)), loaded, captures[0].about.model, how)
