"""From the options of `vlmrate probe separability` to what is stored and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.cli.probe.showing import present
from vlmrate.probe.found import Found
from vlmrate.probe.separability import captures_separability, factors_of
from vlmrate.probe.store import open_capture
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.separability import Way


def separated(
    files: Sequence[Path],
    *,
    study: Path | None,
    results: Path | None,
    array: str | None,
    factors: Sequence[str],
    way: Way,
    how: Showing,
) -> None:
    """Open the captures, tell their factors apart, and store and show what came of it."""
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    captures = [open_capture(file) for file in files]
    outcomes = captures_separability(captures, loaded, factors_of(loaded, factors), way, array)
    present(Found(separability=outcomes), loaded, captures[0].about.model, how)
