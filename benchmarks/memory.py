"""How memory went over many pictures; used by the benchmarks that rate them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def course(sizes: Mapping[str, Sequence[int]], warm_up: int) -> str:
    """Each kind of memory (bytes after each picture) from when it was warm to the end, and its slope."""
    told = []
    for kind, of_pictures in sizes.items():
        warm = of_pictures[warm_up:]
        slope = np.polyfit(np.arange(len(warm)), warm, 1)[0]
        told.append(f"{kind} {warm[0] / 2**20:.1f} to {warm[-1] / 2**20:.1f} MiB, {slope / 1024:+.2f} KiB an image")
    return f"{'; '.join(told)} (after the first {warm_up})"


def resident() -> int:
    """Bytes of this process in memory, on Linux; elsewhere the most there ever were."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
