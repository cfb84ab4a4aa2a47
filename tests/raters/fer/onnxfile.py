"""Small ONNX files, written byte by byte: the mean colour of a picture, and weighted sums of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FLOAT, _INTS, _EXTERNAL = 1, 7, 1


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _node(kind: str, inputs: Sequence[str], output: str, attributes: bytes = b"") -> bytes:
    return b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output) + _bytes(4, kind) + attributes


def _value(name: str, shape: Sequence[int]) -> bytes:
    dimensions = b"".join(_bytes(1, _number(1, size)) for size in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, dimensions)))


def _constant(name: str, values: np.ndarray, elsewhere: str | None = None) -> bytes:
    head = b"".join(_number(1, size) for size in values.shape) + _number(2, _FLOAT) + _bytes(8, name)
    if elsewhere is None:
        return head + _bytes(9, values.astype("<f4").tobytes())
    return head + _bytes(13, _bytes(1, "location") + _bytes(2, elsewhere)) + _number(14, _EXTERNAL)


@dataclass(frozen=True, slots=True)
class Sums:
    """One output: `bias`, and `weights` (3 x n, red, green and blue as they come) times the mean colour."""

    bias: Sequence[float]
    weights: Sequence[Sequence[float]] | None = None


def write_network(
    file: Path, outputs: Mapping[str, Sums], *, size: int = 8, nhwc: bool = False, elsewhere: str | None = None
) -> Path:
    """A network that takes one RGB picture; `elsewhere` names a file of its own that its biases lie in."""
    nodes, constants, given = [], [], []
    picture = "picture"
    if nhwc:
        order = b"".join(_number(8, axis) for axis in (0, 3, 1, 2))
        nodes.append(
            _node("Transpose", ["picture"], "turned", _bytes(5, _bytes(1, "perm") + order + _number(20, _INTS)))
        )
        picture = "turned"
    nodes += [_node("GlobalAveragePool", [picture], "pooled"), _node("Flatten", ["pooled"], "mean")]
    for name, sums in outputs.items():
        bias = np.asarray(sums.bias, dtype=np.float32)
        weights = np.zeros((3, len(bias))) if sums.weights is None else np.asarray(sums.weights)
        constants += [_constant(f"{name}.weights", weights), _constant(f"{name}.bias", bias, elsewhere)]
        nodes.append(_node("Gemm", ["mean", f"{name}.weights", f"{name}.bias"], name))
        given.append(_value(name, (1, len(bias))))
    shape = (1, size, size, 3) if nhwc else (1, 3, size, size)
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, "sums")
    graph += b"".join(_bytes(5, constant) for constant in constants)
    graph += _bytes(11, _value("picture", shape)) + b"".join(_bytes(12, value) for value in given)
    file.write_bytes(_number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13)))
    return file
