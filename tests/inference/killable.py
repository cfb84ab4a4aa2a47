"""A run of the command in a process that was forked with everything already imported, so that it rates at once."""

from __future__ import annotations

import os
import sys
from multiprocessing import get_all_start_methods, get_context
from typing import TYPE_CHECKING

from vlmrate.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.process import BaseProcess

IMPORTED = ("pytest", "pandas", "vlmrate.cli.main", "vlmrate.cli.infer_job", "mlx_vlm", "mlx_vlm.models.gemma3")
"""What takes a run its first seconds; nothing of it opens a file or starts a thread of work."""


def begin(arguments: Sequence[str]) -> BaseProcess:
    """Start `vlmrate` with these arguments, its output thrown away; forked where the system allows it."""
    forks = sys.platform == "linux" and "forkserver" in get_all_start_methods()
    context = get_context("forkserver" if forks else "spawn")
    if forks:
        context.set_forkserver_preload(list(IMPORTED))
    process = context.Process(target=_vlmrate, args=(list(arguments),))
    process.start()
    return process


def _vlmrate(arguments: list[str]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.argv = ["vlmrate", *arguments]
    run()
