"""A branch: the state of a model after some prompt, from which several continuations can be tried.

MLX caches are written in place, so every continuation works on a fork: new cache objects that share the arrays until
one of them is written to.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import mlx.core as mx

Cache = list[Any]


@dataclass(frozen=True, slots=True)
class Branch:
    """A model's cache after a prompt, and the logits of the token that would come next.

    `logits` has shape (vocabulary,) in float32. `carry` holds what a library architecture has to pass on with every
    further call. `prompt_ids` are the tokens read so far.
    """

    cache: Cache
    logits: mx.array
    prompt_ids: tuple[int, ...]
    carry: Mapping[str, Any] = field(default_factory=dict)


def fork(cache: Sequence[Any], rows: int = 1) -> Cache:
    """A copy of a cache that can be written to without touching the original, its one row repeated `rows` times."""
    return [_fork_layer(layer, rows) for layer in cache]


def _fork_layer(layer: Any, rows: int) -> Any:
    twin = copy.copy(layer)
    for name, value in vars(twin).items():
        setattr(twin, name, _own(value, rows))
    return twin


def _own(value: Any, rows: int) -> Any:
    import mlx.core as mx

    if isinstance(value, mx.array):
        # A new handle is enough for one row: mlx copies on the first write while the buffer has two owners.
        return mx.contiguous(value) if rows == 1 else mx.repeat(value, rows, axis=0)
    if isinstance(value, list):
        return [_own(part, rows) for part in value]
    if isinstance(value, tuple):
        return tuple(_own(part, rows) for part in value)
    return value


def cached_arrays(cache: Sequence[Any]) -> list[Any]:
    """The arrays of every layer that holds any, to be evaluated together."""
    return [layer.state for layer in cache if not layer.empty()]
