"""A capture on disk: written row by row into a safetensors file of known size, read strictly and a layer at a time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from vlmrate.errors import ProbeError, StoreError
from vlmrate.inference.files import exclusive
from vlmrate.probe.layout import CAPTURED, SOURCE, Layout, Tensor, layout, prompt_name, read_layout, scale_name
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vlmrate.probe.records import CaptureAbout

_FLUSH_EVERY = 16
# float16 ends at 65,504. What is larger is divided by a power of two, which changes no digit.
_LARGEST = 60_000.0


@dataclass(frozen=True, slots=True)
class Row:
    """All that is stored of one picture or text: the arrays (layers, width) and the prompts' digests, by array name."""

    values: Mapping[str, np.ndarray]
    prompts: Mapping[str, bytes]
    source: bytes


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture file opened for reading; every array is read from the disk when it is asked for.

    `ids` are those of the rows that were captured, in the file's order, and `missing` of those that failed.
    """

    file: Path
    about: CaptureAbout
    ids: tuple[str, ...]
    missing: tuple[str, ...]
    _rows: np.ndarray
    _tensors: Mapping[str, Tensor]

    def array(self, name: str) -> np.ndarray:
        """A whole array (captured rows, layers, width) in float32.

        Raises:
            ProbeError: The capture has no such array.
        """
        self.layers(name)
        return self._values(name, slice(None))

    def layer(self, name: str, layer: int) -> np.ndarray:
        """One layer of an array (captured rows, width) in float32.

        Raises:
            ProbeError: The capture has no such array or layer.
        """
        layers = self.layers(name)
        if not 0 <= layer < layers:
            raise ProbeError(f"{shown(self.file)}, array {name}: has no layer {layer}, but 0 to {layers - 1}")
        return self._values(name, slice(layer, layer + 1))[:, 0]

    def prompts(self, name: str) -> tuple[str, ...]:
        """SHA-256 (hex) of the tokens of every captured row's prompt.

        Raises:
            ProbeError: The capture has no such array, or it was read before any prompt.
        """
        self.layers(name)
        if prompt_name(name) not in self._tensors:
            raise ProbeError(f"{shown(self.file)}, array {name}: was read before any prompt")
        return tuple(digest.tobytes().hex() for digest in self._mapped(prompt_name(name))[self._rows])

    @property
    def sources(self) -> tuple[str, ...]:
        """SHA-256 (hex) of every captured row's picture file, or of its text."""
        return tuple(digest.tobytes().hex() for digest in self._mapped(SOURCE)[self._rows])

    def layers(self, name: str) -> int:
        """Number of layers of an array.

        Raises:
            ProbeError: The capture has no such array.
        """
        found = self.about.array(name)
        if found is None:
            known = ", ".join(array.name for array in self.about.arrays)
            raise ProbeError(f"{shown(self.file)} has no array {name}; it has {known}")
        return found.layers

    def _values(self, name: str, layers: slice) -> np.ndarray:
        stored = self._mapped(name)[self._rows, layers].astype(np.float32)
        stored *= self._mapped(scale_name(name))[self._rows, layers][:, :, None]
        return stored

    def _mapped(self, name: str) -> np.ndarray:
        return _mapped(self.file, self._tensors[name])


def open_capture(file: Path, *, model_digest: str | None = None) -> Capture:
    """Open a capture, everything in it checked but the numbers themselves.

    Raises:
        ProbeError: It is no whole capture, holds no row, or is of a model with another digest than the one given.
    """
    about, tensors = read_layout(file)
    if model_digest is not None and about.model_digest != model_digest:
        raise ProbeError(
            f"{shown(file)} was captured from another model ({about.model}, digest {about.model_digest[:12]}, not "
            f"{model_digest[:12]}); capture this one, or name the model that it was captured from"
        )
    marks = np.array(_mapped(file, tensors[CAPTURED]))
    if not np.isin(marks, (0, 1)).all():
        raise ProbeError(f"{shown(file)}, tensor {CAPTURED}: holds other numbers than 0 and 1; capture anew")
    if not marks.any():
        raise ProbeError(f"{shown(file)} holds no row that was captured; capture anew")
    rows = np.flatnonzero(marks)
    ids = tuple(about.rows[row] for row in rows)
    missing = tuple(name for name, mark in zip(about.rows, marks, strict=True) if not mark)
    return Capture(file, about, ids, missing, rows, tensors)


class CaptureWriter:
    """A capture file being written; rows may come in any order. Use it through `writing`."""

    def __init__(self, file: Path, about: CaptureAbout, made: Layout, stream: BinaryIO) -> None:
        self.about = about
        self._file = file
        self._tensors = made.tensors
        self._stream = stream
        self._unmarked: list[int] = []

    @property
    def captured(self) -> dict[int, bytes]:
        """Every row that is on disk, with the digest of its picture or text."""
        rows = range(len(self.about.rows))
        marks = self._read(CAPTURED, 0, len(rows))
        return {row: self._read(SOURCE, row, 1) for row in rows if marks[row]}

    def write(self, number: int, row: Row) -> None:
        """Store one row.

        Raises:
            ProbeError: An array of it has another shape than the file's, or holds what is no number.
            StoreError: The disk is full, or cannot be written; the rows before stay.
        """
        packed = {name: self._packed(name, values) for name, values in row.values.items()}
        with self._writable():
            self._put_row(number, row, packed)
        if len(self._unmarked) == _FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        """Bring all rows to the disk, and only then mark them as captured.

        Raises:
            StoreError: The disk is full, or cannot be written.
        """
        with self._writable():
            self._to_disk()
            for number in self._unmarked:
                self._put(CAPTURED, number, b"\1")
            self._unmarked = []
            self._to_disk()

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{shown(self._file)} cannot be written: {error.strerror or error}; every row so far is kept, and the "
                "same command goes on"
            ) from error

    def _put_row(self, number: int, row: Row, packed: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
        for name, (halves, factors) in packed.items():
            self._put(name, number, halves.tobytes())
            self._put(scale_name(name), number, factors.tobytes())
        for name, digest in row.prompts.items():
            self._put(prompt_name(name), number, digest)
        self._put(SOURCE, number, row.source)
        self._unmarked.append(number)

    def _to_disk(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def _packed(self, name: str, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values in float16 with a factor a layer: 1, or a power of two where they are too large."""
        if values.shape != self._tensors[name].shape[1:]:
            raise ProbeError(f"array {name}: a row of shape {values.shape}, not {self._tensors[name].shape[1:]}")
        if not np.isfinite(values).all():
            raise ProbeError(f"array {name}: the model's own numbers overflowed (there is an infinite one or none)")
        largest = np.abs(values).max(axis=1) / _LARGEST
        factors = np.exp2(np.ceil(np.log2(np.maximum(largest, 1.0)))).astype(np.float32)
        return (values / factors[:, None]).astype(np.float16), factors

    def _put(self, name: str, number: int, content: bytes) -> None:
        self._stream.seek(self._tensors[name].at(number))
        self._stream.write(content)

    def _read(self, name: str, number: int, rows: int) -> bytes:
        tensor = self._tensors[name]
        self._stream.seek(tensor.at(number))
        return self._stream.read(rows * tensor.row_bytes)


@contextmanager
def writing(file: Path, about: CaptureAbout) -> Iterator[CaptureWriter]:
    """Write a capture, or go on with one that was left; while it is written the file bears another name.

    Every row is kept, also when the block is left by an error; after a kill the last few rows are captured again. The
    file gets its own name when the block ends without an error.

    Raises:
        StoreError: Another process writes it, or what is there was captured in another way.
    """
    partial = file.with_name(f".{file.name}.partial")
    file.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(file.with_name(f".{file.name}.lock")) as alone:
        if not alone:
            raise StoreError(f"another process writes to {shown(file)}; wait for it, or name another file with --out")
        made = layout(about)
        _refuse_other(file if file.exists() else partial, about, made)
        if file.exists():
            file.replace(partial)
        elif not partial.exists():
            _lay_out(partial, made)
        with partial.open("r+b") as stream:
            writer = CaptureWriter(file, about, made, stream)
            try:
                yield writer
            finally:
                writer.flush()
        partial.replace(file)


def _lay_out(partial: Path, made: Layout) -> None:
    """A file of the full size, its head written and everything else 0."""
    blank = partial.with_name(f"{partial.name}.tmp")
    with blank.open("wb") as stream:
        stream.write(made.head)
        stream.truncate(made.size)
    blank.replace(partial)


def _refuse_other(there: Path, about: CaptureAbout, made: Layout) -> None:
    if not there.exists():
        return
    with there.open("rb") as stream:
        same = stream.read(len(made.head)) == made.head
    if same and there.stat().st_size == made.size:
        return
    found, _ = read_layout(there)
    fields = ", ".join(found.differences(about)) or "the file's layout"
    raise StoreError(
        f"{shown(there)} was captured in another way ({fields} differ); name another file with --out, or delete it"
    )


def _mapped(file: Path, tensor: Tensor) -> np.ndarray:
    kinds = {"F32": "<f4", "F16": "<f2", "U8": "u1"}
    return np.memmap(file, kinds[tensor.kind], "r", tensor.begin, tensor.shape)
