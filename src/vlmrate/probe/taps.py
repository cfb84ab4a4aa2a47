"""Taps: the residual stream read, or changed, after the blocks of a model while a prompt is read.

A tap stands in a block's place inside a context manager and is gone afterwards, whatever happened in between. Positions
are those of the whole prompt, however many passes it is read in. What was read before (a head that is kept with its
picture) does not pass the taps again: an edit that was never reached is an error, and `unread` gives the picture anew.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.errors import ProbeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import mlx.core as mx

    from vlmrate.probe.inside import Inside, Span
    from vlmrate.raters.mlx.shared import Looked

_TOWER = "vision_tower"


@dataclass(frozen=True, slots=True, eq=False)
class Add:
    """Add `alpha` times a vector to the residual stream after a block (counted from 0); alpha 0 adds nothing at all.

    Edits are made in the model's own arithmetic.
    """

    layer: int
    vector: np.ndarray
    at: Span
    alpha: float = 1.0

    def made(self, part: mx.array) -> mx.array:
        """The residual stream (rows, positions, width) after the edit."""
        import mlx.core as mx

        if self.alpha == 0:
            return part
        return part + mx.array(np.asarray(self.alpha * self.vector, np.float32)).astype(part.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class ProjectOut:
    """Take out of the residual stream after a block (counted from 0) whatever lies along a vector, of any length."""

    layer: int
    vector: np.ndarray
    at: Span

    def made(self, part: mx.array) -> mx.array:
        """The residual stream (rows, positions, width) after the edit."""
        import mlx.core as mx

        unit = mx.array(np.asarray(self.vector / np.linalg.norm(self.vector), np.float32))
        wide = part.astype(mx.float32)
        along = (wide * unit).sum(axis=-1, keepdims=True)
        return (wide - along * unit).astype(part.dtype)


Edit = Add | ProjectOut


class Taps:
    """What was read while a model was tapped."""

    def __init__(self, inside: Inside, watch: Mapping[str, Span], edits: Sequence[Edit]) -> None:
        self._layers = inside.layers
        self._watch = dict(watch)
        self._edits = tuple(edits)
        self._reached: set[int] = set()
        self._start = 0
        self._residuals: dict[str, list[mx.array]] = {name: [] for name in watch}
        self._pooled: mx.array | None = None

    def residuals(self, name: str) -> np.ndarray:
        """The residual stream (layers, width) at what was watched under that name, the mean over its positions.

        Raises:
            ProbeError: Not all of it was read while the model was tapped.
        """
        import mlx.core as mx

        read = self._residuals[name]
        if len(read) != self._layers:
            raise ProbeError(f"positions {_told(self._watch[name])} were not read in one pass through the whole model")
        return np.array(mx.stack(read))

    def pooled(self) -> np.ndarray:
        """The vision tower's output, the mean over the picture's patches (vision width).

        Raises:
            ProbeError: The tower saw no picture while the model was tapped.
        """
        if self._pooled is None:
            raise ProbeError("the vision tower saw no picture while the model was tapped")
        return np.array(self._pooled)

    def begin(self, cache: Any) -> None:
        """A pass through the model begins after what `cache` holds."""
        self._start = 0 if cache is None else int(cache.offset)

    def passed(self, layer: int, hidden: mx.array) -> mx.array:
        """Edit and read the residual stream (rows, positions, width) after a block."""
        for number, edit in enumerate(self._edits):
            if edit.layer == layer and (rows := self._here(edit.at, hidden)) is not None:
                self._reached.add(number)
                hidden = _with(hidden, rows, edit)
        for name, span in self._watch.items():
            rows = self._here(span, hidden)
            if rows is not None and rows == self._whole(span):
                self._take(name, layer, hidden[0, rows])
        return hidden

    def saw(self, pooled: mx.array) -> None:
        """Keep the vision tower's pooled output."""
        self._pooled = pooled

    def refuse_unreached(self) -> None:
        """Refuse to end with an edit that no pass came to.

        Raises:
            ProbeError: There is one.
        """
        for number, edit in enumerate(self._edits):
            if number not in self._reached:
                raise ProbeError(
                    f"the edit after block {edit.layer} at positions {_told(edit.at)} was never made: they were not "
                    "read while the model was tapped (a head that was read before is not read again)"
                )

    def _whole(self, span: Span) -> slice | None:
        return None if span.stop is None else slice(span.start - self._start, span.stop - self._start)

    def _here(self, span: Span, hidden: mx.array) -> slice | None:
        """The part of a pass that a span covers; None where it covers nothing of it."""
        length = int(hidden.shape[1])
        start = max(span.start - self._start, 0)
        stop = length if span.stop is None else min(span.stop - self._start, length)
        return slice(start, stop) if start < stop else None

    def _take(self, name: str, layer: int, part: mx.array) -> None:
        import mlx.core as mx

        if layer == 0:
            self._residuals[name] = []
        wide = part.astype(mx.float32)
        self._residuals[name].append(wide[0] if wide.shape[0] == 1 else wide.mean(axis=0))


@contextmanager
def tapped(
    inside: Inside,
    *,
    watch: Mapping[str, Span] | None = None,
    edits: Sequence[Edit] = (),
    vision: bool = False,
    picture: bool = True,
) -> Iterator[Taps]:
    """Tap a model: read the spans of `watch` after every block, make the `edits` in their order before that.

    With `vision` the vision tower's output is read too. Without `picture` the blocks that look at one are passed by, as
    the makers' code does where there is only text.

    Raises:
        ProbeError: An edit does not fit the model, or (at the end) was never reached.
    """
    for edit in edits:
        _refuse_unfit(edit, inside)
    taps = Taps(inside, watch or {}, edits)
    blocks, tower = list(inside.blocks), inside.model[_TOWER]
    try:
        for layer, block in enumerate(blocks):
            passed_by = not picture and layer in inside.looking
            inside.blocks[layer] = _Block(taps, layer, block, passed_by=passed_by)
        if vision:
            inside.model[_TOWER] = _Tower(taps, tower)
        yield taps
    finally:
        inside.blocks[:] = blocks
        inside.model[_TOWER] = tower
    taps.refuse_unreached()


def unread(picture: Looked) -> Looked:
    """The same picture with no prompt read about it yet: for edits at its tokens, which must not stay with it."""
    return replace(picture, heads={})


class _Block:
    """A block with a tap after it; all else is the block's."""

    def __init__(self, taps: Taps, layer: int, block: Any, *, passed_by: bool) -> None:
        self._taps = taps
        self._layer = layer
        self._block = block
        self._passed_by = passed_by

    def __call__(self, hidden: mx.array, *others: Any, **named: Any) -> mx.array:
        if self._layer == 0:
            # The first block reads words in both families, and its cache counts those read before.
            self._taps.begin(named.get("cache", others[1] if len(others) > 1 else None))
        after = hidden if self._passed_by else self._block(hidden, *others, **named)
        return self._taps.passed(self._layer, after)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._block, name)


class _Tower:
    """A vision tower with a tap after it; all else is the tower's."""

    def __init__(self, taps: Taps, tower: Any) -> None:
        self._taps = taps
        self._tower = tower

    def __call__(self, *pixels: Any, **named: Any) -> Any:
        import mlx.core as mx

        seen = self._tower(*pixels, **named)
        if "aspect_ratio_mask" in named:
            # Llama 3.2 Vision: (1, 1, tiles, patches, width), of which only the tiles in use show anything.
            used = int(named["aspect_ratio_mask"].sum().item())
            self._taps.saw(seen[0, 0, :used].astype(mx.float32).mean(axis=(0, 1)))
        else:
            self._taps.saw(seen[0][0].astype(mx.float32).mean(axis=0))
        return seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tower, name)


def _with(hidden: mx.array, rows: slice, edit: Edit) -> mx.array:
    import mlx.core as mx

    made = edit.made(hidden[:, rows])
    return mx.concatenate([hidden[:, : rows.start], made, hidden[:, rows.stop :]], axis=1)


def _refuse_unfit(edit: Edit, inside: Inside) -> None:
    if not 0 <= edit.layer < inside.layers:
        raise ProbeError(f"there is no block {edit.layer}: the model has {inside.layers}, counted from 0")
    if edit.vector.shape != (inside.width,):
        shape = " x ".join(map(str, edit.vector.shape))
        raise ProbeError(f"a vector of {shape} numbers does not fit a residual stream of width {inside.width}")
    alpha = edit.alpha if isinstance(edit, Add) else 1.0
    if not np.isfinite(alpha * edit.vector).all() or (isinstance(edit, ProjectOut) and not edit.vector.any()):
        raise ProbeError("a vector to add must hold finite numbers, and one to project out a length above 0")


def _told(span: Span) -> str:
    return f"{span.start} to {'the end' if span.stop is None else span.stop - 1}"
