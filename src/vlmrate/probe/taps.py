"""Taps: the residual stream read, or changed, after the blocks of a model while a prompt is read.

A tap stands in a block's place inside a context manager and is gone afterwards, whatever happened in between. Positions
are those of the whole prompt, however many passes it is read in. What was read before (a head that is kept with its
picture) does not pass the taps again: an edit that was never reached is an error, and `unread` gives the picture anew.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.changes import refuse_unfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import mlx.core as mx

    from vlmrate.probe.changes import Change
    from vlmrate.probe.inside import Inside, Span
    from vlmrate.raters.mlx.shared import Looked

_TOWER = "vision_tower"


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """A change, and the positions of the prompt at which it is made.

    `row` is the prompt that is changed where several are read at once (see `tapped`); None: all of them.
    """

    change: Change
    at: Span
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows of a pass that one block cannot tell apart, so that it computes each kind once.

    `first` is the first row of each kind, in the order of the rows of the block's cache; `kind` every row's kind.
    """

    first: tuple[int, ...]
    kind: tuple[int, ...]


class Taps:
    """What was read while a model was tapped."""

    def __init__(self, inside: Inside, watch: Mapping[str, Span], edits: Sequence[Edit], rows: int) -> None:
        self._layers = inside.layers
        self._rows = rows
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
        hidden = self._edited(layer, hidden)
        for name, span in self._watch.items():
            here = self._here(span, hidden)
            if here is not None and here == self._whole(span):
                self._take(name, layer, hidden[0, here])
        return hidden

    def _edited(self, layer: int, hidden: mx.array) -> mx.array:
        import mlx.core as mx

        made: dict[int, list[tuple[Change, slice]]] = defaultdict(list)
        for number, edit in enumerate(self._edits):
            if edit.change.layer == layer and (at := self._here(edit.at, hidden)) is not None:
                self._reached.add(number)
                for row in range(self._rows) if edit.row is None else (edit.row,):
                    made[row].append((edit.change, at))
        if not made:
            return hidden
        share = int(hidden.shape[0]) // self._rows
        parts: list[mx.array] = []
        # Rows that stay as they are stay together: every part costs a turn of the model's machinery.
        for _, stretch in groupby(range(self._rows), lambda row: row if row in made else None):
            rows = list(stretch)
            part = hidden[rows[0] * share : (rows[-1] + 1) * share]
            for change, at in made.get(rows[0], ()):
                part = _with(part, at, change)
            parts.append(part)
        return parts[0] if len(parts) == 1 else mx.concatenate(parts, axis=0)

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
                    f"the edit after block {edit.change.layer} at positions {_told(edit.at)} was never made: they were "
                    "not read while the model was tapped (a head that was read before is not read again)"
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
    rows: int = 1,
    alike: Sequence[Alike] | None = None,
) -> Iterator[Taps]:
    """Tap a model: read the spans of `watch` after every block, make the `edits` in their order before that.

    With `vision` the vision tower's output is read too. Without `picture` the blocks that look at one are passed by, as
    the makers' code does where there is only text. `rows` is the number of prompts that are read at once; each has an
    equal share of the rows of every pass, and the first of them is watched. `alike` says, block by block, which rows
    are the same up to there; edits are made after they have been set apart again.

    Raises:
        ProbeError: An edit does not fit the model, or (at the end) was never reached.
    """
    for edit in edits:
        refuse_unfit(edit.change, inside.layers, inside.width)
    taps = Taps(inside, watch or {}, edits, rows)
    blocks, tower = list(inside.blocks), inside.model[_TOWER]
    try:
        for layer, block in enumerate(blocks):
            passed_by = not picture and layer in inside.looking
            kinds = None if alike is None else alike[layer]
            inside.blocks[layer] = _Block(taps, layer, block, passed_by=passed_by, alike=kinds)
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

    def __init__(self, taps: Taps, layer: int, block: Any, *, passed_by: bool, alike: Alike | None) -> None:
        self._taps = taps
        self._layer = layer
        self._block = block
        self._passed_by = passed_by
        self._alike = alike

    def __call__(self, hidden: mx.array, *others: Any, **named: Any) -> mx.array:
        if self._layer == 0:
            # The first block reads words in both families, and its cache counts those read before.
            self._taps.begin(named.get("cache", others[1] if len(others) > 1 else None))
        after = hidden if self._passed_by else self._computed(hidden, *others, **named)
        return self._taps.passed(self._layer, after)

    def _computed(self, hidden: mx.array, *others: Any, **named: Any) -> mx.array:
        import mlx.core as mx

        if self._alike is None or len(self._alike.first) == hidden.shape[0]:
            return self._block(hidden, *others, **named)  # type: ignore[no-any-return]  # the library's
        computed: mx.array = self._block(hidden[mx.array(self._alike.first)], *others, **named)
        return computed[mx.array(self._alike.kind)]

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


def _with(part: mx.array, at: slice, change: Change) -> mx.array:
    """The residual stream with a change made at some of its positions."""
    import mlx.core as mx

    if (at.start, at.stop) == (0, part.shape[1]):
        return change.made(part)
    return mx.concatenate([part[:, : at.start], change.made(part[:, at]), part[:, at.stop :]], axis=1)


def _told(span: Span) -> str:
    return f"{span.start} to {'the end' if span.stop is None else span.stop - 1}"
