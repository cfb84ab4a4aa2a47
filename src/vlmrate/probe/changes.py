"""Changes: what may be done to the residual stream after a block while a model rates.

A change says what is done and after which block; where in the prompt it is done is said by those who make it. Changes
are made in the model's own arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError

if TYPE_CHECKING:
    import mlx.core as mx


@dataclass(frozen=True, slots=True, eq=False)
class Add:
    """Add `alpha` times a vector (width,) after a block (counted from 0); alpha 0 adds nothing at all."""

    layer: int
    vector: np.ndarray
    alpha: float = 1.0

    def made(self, part: mx.array) -> mx.array:
        """The residual stream (rows, positions, width) after the change."""
        import mlx.core as mx

        if self.alpha == 0:
            return part
        return part + mx.array(np.asarray(self.alpha * self.vector, np.float32)).astype(part.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class ProjectOut:
    """Take out, after a block (counted from 0), whatever lies along a vector (width,) of any length."""

    layer: int
    vector: np.ndarray

    def made(self, part: mx.array) -> mx.array:
        """The residual stream (rows, positions, width) after the change."""
        return _along_set(part, self.vector, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Clamp:
    """Set, after a block (counted from 0), what lies along a vector (width,) of any length to `value` unit lengths."""

    layer: int
    vector: np.ndarray
    value: float

    def made(self, part: mx.array) -> mx.array:
        """The residual stream (rows, positions, width) after the change."""
        return _along_set(part, self.vector, self.value)


Change = Add | ProjectOut | Clamp


def changes_nothing(change: Change) -> bool:
    """Whether a change leaves every bit as it is: alpha 0."""
    return isinstance(change, Add) and change.alpha == 0


def refuse_unfit(change: Change, layers: int, width: int) -> None:
    """Refuse a change that a model of so many blocks, so wide a residual stream, cannot make.

    Raises:
        ProbeError: There is no such block, the vector is of another width or holds numbers that are not finite, or one
            that has to be a direction has none.
    """
    if not 0 <= change.layer < layers:
        raise ProbeError(f"there is no block {change.layer}: the model has {layers}, counted from 0")
    if change.vector.shape != (width,):
        shape = " x ".join(map(str, change.vector.shape))
        raise ProbeError(f"a vector of {shape} numbers does not fit a residual stream of width {width}")
    length = float(np.linalg.norm(change.vector))
    if isinstance(change, Add):
        if not np.isfinite(change.alpha * change.vector).all():
            raise ProbeError("a vector to add must hold finite numbers, times a finite alpha")
    elif not (np.isfinite(length) and length > 0):
        raise ProbeError("a vector to project out, or to clamp along, must hold finite numbers and a length above 0")
    if isinstance(change, Clamp) and not np.isfinite(change.value):
        raise ProbeError(f"a clamp sets what lies along a vector to a finite number, not {change.value}")


def _along_set(part: mx.array, vector: np.ndarray, value: float) -> mx.array:
    import mlx.core as mx

    unit = mx.array(np.asarray(vector / np.linalg.norm(vector), np.float32))
    wide = part.astype(mx.float32)
    along = (wide * unit).sum(axis=-1, keepdims=True)
    return (wide + (value - along) * unit).astype(part.dtype)
