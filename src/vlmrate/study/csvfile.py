"""Opening CSV files, plain or .gz, with one clear fault where that fails."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import zlib
from typing import TYPE_CHECKING, TextIO

from vlmrate.study.faults import Fault, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from typing_extensions import Buffer

# What reading a CSV may raise when the file is missing, damaged or something else altogether.
UNREADABLE = (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error)


MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes that a .gz file may unpack to: a million rows of ratings. A small file can hold gigabytes."""


class _Unpacked(io.RawIOBase):
    """The bytes of a .gz file; reading beyond `MAX_UNPACKED` is an OSError that says so."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._packed = gzip.open(file)  # noqa: SIM115  closed with this one
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        count = self._packed.readinto(buffer)
        self._read += count
        if self._read > MAX_UNPACKED:
            limit = f"{MAX_UNPACKED // 1024**2:,} MiB"
            raise OSError(errno.EFBIG, f"it unpacks to more than {limit}; unpack it yourself if it is to be trusted")
        return count

    def close(self) -> None:
        self._packed.close()
        super().close()


def open_text(file: Path) -> TextIO:
    """The file as UTF-8 text, with or without a byte order mark, uncompressed where it ends in .gz.

    Of a .gz file no more than `MAX_UNPACKED` bytes can be read.
    """
    if file.suffix.lower() == ".gz":
        return io.TextIOWrapper(io.BufferedReader(_Unpacked(file)), encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def why_unreadable(file: Path, error: BaseException) -> Fault:
    """The fault that stands for one of `UNREADABLE`."""
    if isinstance(error, FileNotFoundError):
        return Fault(file, None, None, "there is no such file")
    if isinstance(error, UnicodeDecodeError):
        return Fault(file, None, None, "is not UTF-8 text; save it as CSV UTF-8")
    if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
        return Fault(file, None, None, f"is no whole .gz file ({error}); copy or compress it anew")
    if isinstance(error, OSError):
        return Fault(file, None, None, f"cannot be read: {error.strerror or error}")
    return Fault(file, None, None, f"is not a CSV file: {error}")


def header_faults(file: Path, header: Sequence[str], wanted: Sequence[str]) -> tuple[Fault, ...]:
    """Faults of a header row: a wanted column that is missing, a column without or with another's name."""
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        sign = "semicolons" if ";" in header[0] else "tabs"
        return (Fault(file, 1, None, f"columns are separated by {sign}; save the file with commas"),)
    faults = [Fault(file, 1, name, _missing(name, header)) for name in wanted if name not in header]
    for index, name in enumerate(header):
        if name in header[:index]:
            faults.append(Fault(file, 1, name or None, "two columns have this name; rename one"))
        elif not name.strip():
            faults.append(Fault(file, 1, None, f"column {index + 1} has no name; name it or delete it"))
    return tuple(faults)


def _missing(name: str, header: Sequence[str]) -> str:
    near = nearest(name, header)
    return "the column is missing" + (f"; did you mean it by {near!r}?" if near else "")


def read_header(file: Path) -> list[str]:
    """The names in the first row; an empty list for an empty file. Raises one of `UNREADABLE`."""
    with open_text(file) as lines:
        return next(csv.reader(lines), [])
