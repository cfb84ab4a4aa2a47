"""Writing so that a reader never sees half a file, and a crash loses at most the write in hand."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPORARY = ".tmp"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write beside `path`, flush to the disk, then rename over it."""
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    with temporary.open("wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
        _to_disk(stream)
    temporary.replace(path)
    _sync_folder(path.parent)


def append_line(path: Path, line: str) -> None:
    """Add a line at the end of a file and flush it to the disk; a torn last line is closed first."""
    with path.open("ab+") as stream:
        if stream.tell() and _last_byte(stream) != b"\n":
            line = "\n" + line
        stream.write(line.encode() + b"\n")
        _to_disk(stream)


def remove_temporaries(folder: Path) -> None:
    """Delete what a killed run left half-written."""
    for leftover in folder.glob(f".*{TEMPORARY}"):
        leftover.unlink()


@contextmanager
def exclusive(path: Path) -> Iterator[bool]:
    """Hold a lock file while the block runs; yields False when another process holds it.

    The operating system lets go of the lock when the process ends, however it ends.

    Raises:
        OSError: The file cannot be made, or its file system knows no locks.
    """
    with path.open("a+b") as stream:
        yield _try_lock(stream)


def _last_byte(stream: BinaryIO) -> bytes:
    stream.seek(-1, os.SEEK_END)
    return stream.read(1)


def _to_disk(stream: BinaryIO) -> None:
    stream.flush()
    if sys.platform == "darwin":
        import fcntl

        # On macOS fsync hands the data to the drive, which may keep it in its own memory; this waits for the platter.
        # Network and exFAT volumes do not offer it.
        with suppress(OSError):
            fcntl.fcntl(stream.fileno(), fcntl.F_FULLFSYNC)
            return
    os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot flush a folder; the file itself is flushed
            os.fsync(handle)
    finally:
        os.close(handle)


def _try_lock(stream: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # held by another process, as POSIX and Windows say it
        return False
    return True
