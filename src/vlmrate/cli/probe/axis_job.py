"""From the options of `vlmrate probe axis` to what is stored and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.cli.probe.showing import present
from vlmrate.inference.table import load_results
from vlmrate.probe.axes import captures_axes
from vlmrate.probe.found import Found
from vlmrate.probe.separability import Way
from vlmrate.probe.store import open_capture
from vlmrate.stats import Bootstrap
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.cli.probe.showing import Showing


def axes_told(
    files: Sequence[Path],
    *,
    study: Path | None,
    results: Path | None,
    array: str | None,
    rater: str | None,
    permutations: int,
    resamples: int,
    seed: int,
    how: Showing,
) -> None:
    """Open the captures, learn their axes, compare emotion spaces, and store and show what came of it."""
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    captures = [open_capture(file) for file in files]
    way = Way(permutations, seed, Bootstrap(resamples=resamples, seed=seed))
    found = captures_axes(captures, loaded, load_results(loaded), way, array=array, rater=rater)
    present(Found(axis=(found,)), loaded, captures[0].about.model, how)
