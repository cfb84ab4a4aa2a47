"""How much memory a fit would take, so that it is refused with a sentence instead of being killed by the system."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed.curvature import SLICE
from vlmrate.stats.mixed.pairs import MOST_PAIRS, count_pairs

if TYPE_CHECKING:
    from vlmrate.stats.mixed.crossing import Crossing

GIGABYTE = 1e9


def bytes_needed(crossing: Crossing) -> int:
    """About how many bytes a fit holds at its peak: two dense matrices, the list of pairs, slices of levels."""
    matrices = 2 * 8 * crossing.width**2
    pairs = 14 * min(count_pairs(crossing), MOST_PAIRS)
    slices = 4 * 8 * SLICE * (crossing.width + crossing.sizes[0])
    return matrices + pairs + slices


def bytes_available() -> int | None:
    """Memory that may still be taken: what the system has free, or a container's limit leaves; None if unknown."""
    known = [found for found in (_free(), _left_in_container()) if found is not None]
    return min(known, default=None)


def require_memory(crossing: Crossing) -> None:
    """Raise `AnalysisError` where a fit needs more memory than there is."""
    needed, available = bytes_needed(crossing), bytes_available()
    if available is not None and needed > available:
        levels = " + ".join(f"{size:,}" for size in crossing.sizes[1:])
        raise AnalysisError(
            f"This model needs about {needed / GIGABYTE:.1f} GB of memory and {available / GIGABYTE:.1f} GB are free: "
            f"the {levels} levels beside the largest random intercept meet in one dense matrix. Fit fewer levels, "
            "or use a machine with more memory."
        )


def _free() -> int | None:
    """What Linux says is available; elsewhere all memory of the machine."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _left_in_container() -> int | None:
    """What a container's limit leaves (cgroup v2), None where there is no limit; cached files do not count as used."""
    group = Path("/sys/fs/cgroup")
    if not (group / "memory.max").exists():
        return None
    most = (group / "memory.max").read_text(encoding="ascii").strip()
    if most == "max":
        return None
    used = int((group / "memory.current").read_text(encoding="ascii"))
    cached = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    return max(int(most) - used + int(cached.get("inactive_file", 0)), 0)
