"""The head of a safetensors file: JSON that says what each tensor is and where it lies."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from vlmrate.errors import ProbeError
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = struct.Struct("<Q")
"""The head's length in bytes, before it."""
_LONGEST = 100_000_000


def read_header(file: Path, *, absent: str, again: str) -> tuple[dict[str, Any], int]:
    """The head as it stands, and the number of the first byte after it.

    `absent` is the whole sentence where there is no such file, `again` what to do about a damaged one.

    Raises:
        ProbeError: There is no such file, it cannot be read, or is no safetensors file.
    """
    try:
        with file.open("rb") as stream:
            length = stream.read(LENGTH.size)
            many = LENGTH.unpack(length)[0] if len(length) == LENGTH.size else 0
            written = stream.read(many) if 2 <= many <= _LONGEST else b""
        content = json.loads(written)
    except FileNotFoundError:
        raise ProbeError(absent) from None
    except OSError as error:
        raise ProbeError(f"{shown(file)} cannot be read: {error.strerror or error}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise ProbeError(f"{shown(file)} is no safetensors file, or a damaged one; {again}") from None
    if not isinstance(content, dict):
        raise ProbeError(f"{shown(file)} is no safetensors file, or a damaged one; {again}")
    return content, LENGTH.size + many


def written_header(content: dict[str, Any]) -> bytes:
    """A head with its length before it, filled with blanks so that the tensors begin at a multiple of 8."""
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return LENGTH.pack(len(written)) + written
