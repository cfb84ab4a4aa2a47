"""Where everything lies in a capture file: the safetensors layout, its sizes known before anything is written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vlmrate.errors import ProbeError
from vlmrate.probe.headers import read_header, written_header
from vlmrate.probe.records import FORMAT, CaptureAbout
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CAPTURED = "captured"
SOURCE = "source_sha256"
SHA256_BYTES = 32
_SIZES = {"F32": 4, "F16": 2, "U8": 1}


def scale_name(array: str) -> str:
    """The tensor with the factors of an array."""
    return f"scale/{array}"


def prompt_name(array: str) -> str:
    """The tensor with the digests of the prompts of an array."""
    return f"prompt_sha256/{array}"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the file: its numbers' kind, its shape (rows first), and its first byte in the file."""

    kind: str
    shape: tuple[int, ...]
    begin: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return _SIZES[self.kind] * math.prod(self.shape[1:])

    def at(self, row: int) -> int:
        """The first byte of a row in the file."""
        return self.begin + row * self.row_bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """The head of a capture file, every tensor's place, and the file's size."""

    head: bytes
    tensors: Mapping[str, Tensor]
    size: int


def layout(about: CaptureAbout) -> Layout:
    """The layout of a capture. Equal captures have equal heads, byte for byte."""
    places, end = {}, 0
    shapes = _shapes(about)
    for name, (kind, shape) in shapes.items():
        size = _SIZES[kind] * math.prod(shape)
        places[name] = (kind, shape, end)
        end += size
    head = _head(about, places)
    tensors = {name: Tensor(kind, shape, len(head) + begin) for name, (kind, shape, begin) in places.items()}
    return Layout(head, tensors, len(head) + end)


def _shapes(about: CaptureAbout) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Every tensor in the order of the file: wide numbers first, so that each begins where its kind may."""
    rows = len(about.rows)
    arrays = about.arrays
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {}
    shapes |= {scale_name(array.name): ("F32", (rows, array.layers)) for array in arrays}
    shapes |= {array.name: ("F16", (rows, array.layers, array.width)) for array in arrays}
    shapes |= {prompt_name(array.name): ("U8", (rows, SHA256_BYTES)) for array in arrays if array.position != "vision"}
    return shapes | {SOURCE: ("U8", (rows, SHA256_BYTES)), CAPTURED: ("U8", (rows,))}


def _head(about: CaptureAbout, places: Mapping[str, tuple[str, tuple[int, ...], int]]) -> bytes:
    content: dict[str, Any] = {"__metadata__": {"format": FORMAT, "about": about.model_dump_json()}}
    for name, (kind, shape, begin) in places.items():
        end = begin + _SIZES[kind] * math.prod(shape)
        content[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [begin, end]}
    return written_header(content)


def read_layout(file: Path) -> tuple[CaptureAbout, Mapping[str, Tensor]]:
    """What a capture file says of itself, and the places of its tensors, all of them checked.

    Raises:
        ProbeError: It cannot be read, is no capture, or lacks a tensor or has one of another kind, shape or place.
    """
    header, begin = read_header(
        file,
        absent=f"there is no capture {shown(file)}; make it with `vlmrate probe capture`",
        again="capture anew",
    )
    about = _about(file, header)
    tensors = {}
    for name, (kind, shape) in _shapes(about).items():
        found = header.get(name)
        if not isinstance(found, dict):
            raise ProbeError(f"{shown(file)} is no whole capture: it has no tensor {name}; capture anew")
        tensors[name] = Tensor(kind, shape, begin + _place(file, name, found, kind, shape))
    end = max(tensor.at(tensor.shape[0]) for tensor in tensors.values())
    if (size := file.stat().st_size) < end:
        raise ProbeError(f"{shown(file)} is cut short ({size:,} of {end:,} bytes); capture anew")
    return about, tensors


def _about(file: Path, header: Mapping[str, Any]) -> CaptureAbout:
    metadata = header.get("__metadata__")
    metadata = metadata if isinstance(metadata, dict) else {}
    if metadata.get("format") != FORMAT:
        found = metadata.get("format") or "none"
        raise ProbeError(f"{shown(file)} is no capture of the format {FORMAT} (its metadata name: {found})")
    try:
        return CaptureAbout.model_validate_json(str(metadata.get("about")))
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ProbeError(f"{shown(file)}, metadata about{', key ' + key if key else ''}: {first['msg']}") from None


def _place(file: Path, name: str, found: Mapping[str, Any], kind: str, shape: tuple[int, ...]) -> int:
    """The first byte of a tensor after the head, if it is as it must be."""
    asked = f"{kind} {' x '.join(map(str, shape))}"
    if found.get("dtype") != kind or found.get("shape") != list(shape):
        shape_there = found.get("shape")
        sides = " x ".join(map(str, shape_there)) if isinstance(shape_there, list) else "of no shape"
        there = f"{found.get('dtype')} {sides}"
        raise ProbeError(f"{shown(file)}, tensor {name}: is {there}, where its metadata ask for {asked}")
    match found.get("data_offsets"):
        case [int(begin), int(end)] if begin >= 0 and end - begin == _SIZES[kind] * math.prod(shape):
            return begin
        case _:
            raise ProbeError(f"{shown(file)}, tensor {name}: its data_offsets do not hold {asked}; capture anew")
