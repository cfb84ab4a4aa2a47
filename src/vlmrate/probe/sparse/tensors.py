"""Tensors of floating-point numbers in safetensors and npz files: read strictly, written so that equal content is
equal to the byte."""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.headers import read_header, written_header
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

_KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_BFLOAT16 = "BF16"


class TensorFile(Protocol):
    """A file of named tensors; numbers are read when they are asked for."""

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors there are."""

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor that is there.

        Raises:
            ProbeError: It holds no floating-point numbers.
        """

    def numbers(self, name: str) -> np.ndarray:
        """A tensor that is there, in float32.

        Raises:
            ProbeError: It holds no floating-point numbers, infinite ones or none, or its bytes are not there.
        """


@dataclass(frozen=True, slots=True, eq=False)
class SafetensorsFile:
    """A safetensors file opened for reading."""

    file: Path
    header: Mapping[str, Any]
    begin: int

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors there are."""
        return tuple(name for name in self.header if name != "__metadata__")

    def metadata(self, key: str) -> str | None:
        """A word of the file's metadata; None where it is not there."""
        metadata = self.header.get("__metadata__")
        value = metadata.get(key) if isinstance(metadata, dict) else None
        return value if isinstance(value, str) else None

    def shape(self, name: str) -> tuple[int, ...]:
        """As `TensorFile` says."""
        return self._tensor(name)[1]

    def numbers(self, name: str) -> np.ndarray:
        """As `TensorFile` says."""
        kind, shape, begin = self._tensor(name)
        count = math.prod(shape)
        try:
            stored = np.fromfile(self.file, _KINDS[kind], count, offset=self.begin + begin)
        except OSError as error:
            raise ProbeError(f"{shown(self.file)} cannot be read: {error.strerror or error}") from None
        if len(stored) < count:
            raise ProbeError(f"{shown(self.file)}, tensor {name}: is cut short; get the file again")
        if kind == _BFLOAT16:  # the upper half of a float32
            stored = (stored.astype(np.uint32) << 16).view(np.float32)
        return _finite(self.file, name, stored.reshape(shape))

    def _tensor(self, name: str) -> tuple[str, tuple[int, ...], int]:
        """A tensor's kind, shape and first byte after the head, if its entry makes sense."""
        match self.header[name]:
            case {"dtype": str(kind), "shape": [*sides], "data_offsets": [int(begin), int(end)]}:
                pass
            case _:
                raise ProbeError(f"{shown(self.file)}, tensor {name}: its entry in the head makes no sense")
        if kind not in _KINDS:
            raise ProbeError(_no_floats(self.file, name, kind))
        whole = all(isinstance(side, int) and side >= 0 for side in sides)
        if not whole or begin < 0 or end - begin != math.prod(sides) * np.dtype(_KINDS[kind]).itemsize:
            raise ProbeError(f"{shown(self.file)}, tensor {name}: its data_offsets do not fit its shape")
        return kind, tuple(sides), begin


@dataclass(frozen=True, slots=True, eq=False)
class NpzFile:
    """A NumPy archive opened for reading; shapes and kinds are seen before any number is unpacked."""

    file: Path
    names: tuple[str, ...]

    def shape(self, name: str) -> tuple[int, ...]:
        """As `TensorFile` says."""
        with zipfile.ZipFile(self.file) as archive, archive.open(f"{name}.npy") as stream:
            shape, kind = self._head(name, stream)
        if kind.hasobject or kind.kind != "f":
            raise ProbeError(_no_floats(self.file, name, str(kind)))
        return shape

    def numbers(self, name: str) -> np.ndarray:
        """As `TensorFile` says."""
        self.shape(name)
        try:
            with np.load(self.file, allow_pickle=False) as archive:
                return _finite(self.file, name, archive[name])
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ProbeError(f"{shown(self.file)}, array {name}: cannot be read: {error}") from None

    def _head(self, name: str, stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
        try:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, kind = read(stream)
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ProbeError(f"{shown(self.file)}, array {name}: cannot be read: {error}") from None
        return shape, kind


def open_safetensors(file: Path, *, absent: str, again: str) -> SafetensorsFile:
    """Open a safetensors file; `absent` and `again` as in `read_header`.

    Raises:
        ProbeError: It is not there, cannot be read or is no safetensors file.
    """
    header, begin = read_header(file, absent=absent, again=again)
    return SafetensorsFile(file, header, begin)


def open_npz(file: Path) -> NpzFile:
    """Open a NumPy archive.

    Raises:
        ProbeError: It is not there, cannot be read or is no such archive.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except FileNotFoundError:
        raise ProbeError(f"there is no file {shown(file)}") from None
    except OSError as error:
        raise ProbeError(f"{shown(file)} cannot be read: {error.strerror or error}") from None
    except zipfile.BadZipFile:
        raise ProbeError(f"{shown(file)} is no NumPy archive, or a damaged one; get the file again") from None
    return NpzFile(file, tuple(name.removesuffix(".npy") for name in names if name.endswith(".npy")))


def write_tensors(stream: BinaryIO, metadata: Mapping[str, str], tensors: Mapping[str, np.ndarray]) -> None:
    """Write tensors in float32 as a safetensors file, in their order."""
    content: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, values in tensors.items():
        begin, end = end, end + 4 * values.size
        content[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [begin, end]}
    stream.write(written_header(content))
    for values in tensors.values():
        stream.write(np.ascontiguousarray(values, dtype="<f4").tobytes())


def _no_floats(file: Path, name: str, kind: str) -> str:
    return (
        f"{shown(file)}, {name}: holds {kind}, and a dictionary is made of floating-point numbers (F16, BF16, F32, "
        "F64); store it as one of these"
    )


def _finite(file: Path, name: str, values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        narrow = np.asarray(values, dtype=np.float32)
    if not np.isfinite(narrow).all():
        raise ProbeError(f"{shown(file)}, {name}: holds what is no finite number in float32; get the file again")
    return narrow
