"""Changes: what may be done to the residual stream after a block while a model rates.

A change says what is done and after which block; where in the prompt it is done is said by those who make it. Changes
are made in the model's own arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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


def _along_set(part: mx.array, vector: np.ndarray, value: float) -> mx.array:
    import mlx.core as mx

    unit = mx.array(np.asarray(vector / np.linalg.norm(vector), np.float32))
    wide = part.astype(mx.float32)
    along = (wide * unit).sum(axis=-1, keepdims=True)
    return (wide + (value - along) * unit).astype(part.dtype)
