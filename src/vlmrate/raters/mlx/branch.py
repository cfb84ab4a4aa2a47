"""A branch: the state of a model after some prompt, from which several continuations can be tried.

MLX caches are written in place, so every continuation works on a fork: new cache objects that share the arrays until
one of them is written to.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import mlx.core as mx

Cache = list[Any]
# Tokens for which a cache of several rows makes room at once; the library's own 256 serve texts that are long.
_STEP = 16


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
    import mlx.core as mx

    # A new handle is enough for one row: mlx copies on the first write while the buffer has two owners.
    own = mx.contiguous if rows == 1 else partial(mx.repeat, repeats=rows, axis=0)
    return [_with_own(layer, own) for layer in cache]


def chosen(cache: Sequence[Any], rows: Sequence[Sequence[int]]) -> Cache:
    """Some rows of every layer of a cache, each as often as it is named, as a copy that can be written to."""
    return [_with_own(layer, partial(_taken, rows=list(numbers))) for layer, numbers in zip(cache, rows, strict=True)]


def stacked(caches: Sequence[Cache]) -> Cache:
    """The rows of several caches of equal length under one another, as a copy that can be written to.

    It holds no room that is spare, and makes some for few tokens at a time: rows are copied with the room they have.
    """
    return [_stacked(layers) for layers in zip(*caches, strict=True)]


def _stacked(layers: Sequence[Any]) -> Any:
    import mlx.core as mx

    twin = copy.copy(layers[0])
    keys, values = zip(*(layer.state for layer in layers), strict=True)
    twin.keys, twin.values = mx.concatenate(list(keys), axis=0), mx.concatenate(list(values), axis=0)
    twin.step = _STEP
    return twin


def _taken(array: mx.array, rows: list[int]) -> mx.array:
    import mlx.core as mx

    # All rows in their order are the array itself, of which a new handle is enough.
    return mx.contiguous(array) if rows == list(range(array.shape[0])) else array[mx.array(rows)]


def _with_own(layer: Any, own: Callable[[Any], Any]) -> Any:
    twin = copy.copy(layer)
    for name, value in vars(twin).items():
        setattr(twin, name, _own(value, own))
    return twin


def _own(value: Any, own: Callable[[Any], Any]) -> Any:
    import mlx.core as mx

    if isinstance(value, mx.array):
        return own(value)
    if isinstance(value, list):
        return [_own(part, own) for part in value]
    if isinstance(value, tuple):
        return tuple(_own(part, own) for part in value)
    return value


def cached_arrays(cache: Sequence[Any]) -> list[Any]:
    """The arrays of every layer that holds any, to be evaluated together."""
    return [layer.state for layer in cache if not layer.empty()]


def cached_bytes(cache: Sequence[Any]) -> int:
    """Size of all that a cache holds."""
    return sum(int(array.nbytes) for state in cached_arrays(cache) for array in state)
