"""What a run was made on: versions, machine, git revision."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

_PACKAGES = (
    "vlmrate", "mlx", "mlx-vlm", "transformers", "httpx2", "onnxruntime", "opencv-python", "numpy", "pandas", "Pillow",
    "pydantic",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that could change an answer; missing ones are left out."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str | int]:
    """Platform, chip, number of cores, memory in whole GiB where it can be told."""
    about: dict[str, str | int] = {
        "system": f"{platform.system()} {platform.release()}",
        "chip": _chip(),
        "cores": os.cpu_count() or 0,
    }
    memory = memory_bytes()
    return about | ({"memory_gib": round(memory / 2**30)} if memory else {})


def memory_bytes() -> int | None:
    """Physical memory in bytes, or None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def git_revision(folder: Path) -> str | None:
    """The commit that `folder` is at, with "+" when there are uncommitted changes; None outside a repository."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    return head + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _chip() -> str:
    if platform.system() == "Darwin":
        return _sysctl("machdep.cpu.brand_string") or platform.machine()
    return _model_name() or platform.machine()


def _model_name() -> str | None:
    """The processor's name as Linux tells it; None where it tells none, as on ARM."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None) or None


def _sysctl(name: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
