"""Prompts about one picture or several read at once, each with changes of its own from its last token on.

All that comes before the last token is the same whether anything is changed there or not: it is read once a prompt,
from the head that is kept with the picture on. The last tokens then go through the model as the rows of one batch,
every row with its own changes, and so do the tokens that all rows say next and the options that are tried after the
prompt. A block computes once what is the same for several rows: those that read the same tokens and are changed only
behind it. What was read so is looked up when the rater's own code asks for it; anything else is read a row at a time,
changed alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.inside import Span
from vlmrate.probe.taps import Alike, Edit, tapped
from vlmrate.raters.mlx.branch import Branch, cached_bytes, chosen, fork

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import mlx.core as mx

    from vlmrate.probe.changes import Change
    from vlmrate.probe.inside import Inside
    from vlmrate.raters.mlx.branch import Cache
    from vlmrate.raters.mlx.shared import Looked

Tokens = tuple[int, ...]
ROOM = 2**30
"""Bytes that a batch may take beside the model: so many rows are read at once as fit."""
_ROW = "row"


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """A picture, the tokens of a prompt about it, and the changes that are made from the last of them on."""

    picture: Looked
    ids: Tokens
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """How far answers are read ahead: at most `most` tokens of the likeliest, up to one of `stops`."""

    stops: frozenset[int]
    most: int


def together(inside: Inside, rows: Sequence[Changed], saying: Saying) -> Iterator[Together]:
    """The rows (of equal length and head) in batches that fit into memory, in their order.

    Pictures whose heads differ in size (as those of more tiles do) are in batches apart.
    """
    length, head = len(rows[0].ids), inside.reader.head(rows[0].ids)
    pictures = {id(row.picture): row.picture for row in rows}
    sizes = {key: cached_bytes(inside.reader.read_head(picture, head)) for key, picture in pictures.items()}
    for size, alike in groupby(rows, lambda row: sizes[id(row.picture)]):
        # A row is copied before its last token, after it and while it speaks; its logits are kept for every token.
        most = max(ROOM // (3 * size * length // len(head) + (8 + saying.most) * inside.logits_bytes), 1)
        while batch := list(islice(alike, most)):
            yield Together(inside, batch, saying)


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """What was read of several rows: a cache in whose layers rows that are alike so far have one row between them.

    `places` tells, layer by layer, which row of the cache is whose.
    """

    cache: Cache
    places: tuple[Mapping[int, int], ...]

    def alone(self, row: int) -> Cache:
        """A cache of one row, to be written to."""
        return chosen(self.cache, [[place[row]] for place in self.places])


class Together:
    """A batch of prompts that have been read; goes on from each of them as an architecture does."""

    def __init__(self, inside: Inside, rows: Sequence[Changed], saying: Saying) -> None:
        self.rows = tuple(rows)
        self._inside = inside
        self._last = len(rows[0].ids) - 1
        self._read: dict[tuple[int, Tokens], np.ndarray] = {}
        self._scored: dict[int, tuple[tuple[Tokens, ...], list[mx.array]]] = {}
        prompts = {(id(row.picture), row.ids): (row.picture, row.ids) for row in rows}
        place = {key: number for number, key in enumerate(prompts)}
        whose = {number: place[id(row.picture), row.ids] for number, row in enumerate(rows)}
        before = _Held(inside.reader.up_to_last(list(prompts.values())), (whose,) * inside.layers)
        everyone = list(range(len(rows)))
        last = [(number, row.ids[-1:]) for number, row in enumerate(rows)]
        self._asked, alike = self._set_apart(before, last)
        self._say(self._pass(last, self._asked, alike), everyone, saying)

    def asked(self, row: int) -> Branch:
        """The branch after a row's prompt."""
        return self._found(row, ())

    def go_on(self, branch: Branch, tokens: Sequence[int]) -> Branch:
        """The branch after `tokens` more; the one given stays as it is."""
        row, path = self._place(branch)
        further = (*path, *tokens)
        if not branch.cache and (row, further) in self._read:
            return self._found(row, further)
        cache = self._cache_after(branch)
        logits = self._alone(tokens, cache, row)
        return Branch(cache, logits, (*self.rows[row].ids, *further), branch.carry)

    def score(self, branch: Branch, rows: Sequence[Sequence[int]]) -> list[mx.array]:
        """Logits after every token of every row, each row tried from the same branch: arrays (len(row), vocabulary)."""
        row, path = self._place(branch)
        if path:
            with tapped(self._inside, edits=self._edits([row])):
                return self._inside.reader.all_logits(rows, fork(self._cache_after(branch), rows=len(rows)))
        runs = tuple(map(tuple, rows))
        if row not in self._scored or self._scored[row][0] != runs:
            self._score_from(row, runs)
        return self._scored[row][1]

    def _say(self, logits: np.ndarray, going: list[int], saying: Saying) -> None:
        """Read on what every row says, the likeliest token each time, until all have come to their end."""
        said: dict[int, Tokens] = dict.fromkeys(going, ())
        held = self._asked
        while True:
            self._read |= {(row, said[row]): one for row, one in zip(going, logits, strict=True)}
            on = [
                (row, (token,))
                for row, token in zip(going, logits.argmax(axis=-1).tolist(), strict=True)
                if token not in saying.stops and len(said[row]) + 1 < saying.most
            ]
            if not on:
                return
            said |= {row: said[row] + token for row, token in on}
            going = [row for row, _ in on]
            # What was held before is let go here: arrays that nobody else holds are then written in place.
            held, alike = self._set_apart(held, on)
            logits = self._pass(on, held, alike)

    def _score_from(self, row: int, runs: tuple[Tokens, ...]) -> None:
        """Try runs of tokens after the prompts of a row and of those behind it, which will be asked for next."""
        import mlx.core as mx

        each = cached_bytes(self._asked.alone(row)) + 2 * max(map(len, runs)) * self._inside.logits_bytes
        rows = list(range(row, min(row + max(ROOM // (each * len(runs)), 1), len(self.rows))))
        held, alike = self._set_apart(self._asked, [(n, run) for n in rows for run in runs])
        with tapped(self._inside, edits=self._edits(rows), rows=len(rows), alike=alike):
            logits = self._inside.reader.all_logits([*runs] * len(rows), held.cache)
            mx.eval(logits)
        self._scored = {n: (runs, logits[i * len(runs) : (i + 1) * len(runs)]) for i, n in enumerate(rows)}

    def _pass(self, reading: Sequence[tuple[int, Tokens]], held: _Held, alike: Sequence[Alike]) -> np.ndarray:
        """Logits (rows, vocabulary) after rows set apart have read tokens of their own; `held` is written to."""
        rows, tokens = zip(*reading, strict=True)
        with tapped(self._inside, edits=self._edits(rows), rows=len(rows), alike=alike):
            return np.array(self._inside.reader.next_logits(tokens, held.cache))

    def _set_apart(self, held: _Held, reading: Sequence[tuple[int, Tokens]]) -> tuple[_Held, list[Alike]]:
        """A cache for rows about to read tokens, and which of them each block cannot tell apart.

        Those are rows that were alike before, read the same, and are changed by nothing up to there that the others are
        not changed by.
        """
        caches, places, alike = [], [], []
        for layer, place in enumerate(held.places):
            kinds: dict[tuple[object, ...], int] = {}
            firsts, parents, kind = [], [], []
            for number, (row, tokens) in enumerate(reading):
                key = (place[row], tokens, *self._before(row, layer))
                if key not in kinds:
                    kinds[key] = len(kinds)
                    firsts.append(number)
                    parents.append(place[row])
                kind.append(kinds[key])
            caches.append(parents)
            places.append({row: which for (row, _), which in zip(reading, kind, strict=True)})
            alike.append(Alike(tuple(firsts), tuple(kind)))
        return _Held(chosen(held.cache, caches), tuple(places)), alike

    def _before(self, row: int, layer: int) -> tuple[int, ...]:
        """The changes of a row, by identity, that are made before a block."""
        return tuple(id(change) for change in self.rows[row].changes if change.layer < layer)

    def _place(self, branch: Branch) -> tuple[int, Tokens]:
        """The row that a branch belongs to, and what was said since its prompt."""
        return branch.carry[_ROW], branch.prompt_ids[self._last + 1 :]

    def _found(self, row: int, path: Tokens) -> Branch:
        import mlx.core as mx

        return Branch([], mx.array(self._read[row, path]), (*self.rows[row].ids, *path), {_ROW: row})

    def _cache_after(self, branch: Branch) -> Cache:
        """A branch's own cache to be written to; of one that was looked up it is made by reading what was said."""
        row, path = self._place(branch)
        if branch.cache:
            return fork(branch.cache)
        cache = self._asked.alone(row)
        if path:
            self._alone(path, cache, row)
        return cache

    def _alone(self, tokens: Sequence[int], cache: Cache, row: int) -> mx.array:
        """Logits (vocabulary) after one row has read tokens more; the cache is written to."""
        with tapped(self._inside, edits=self._edits([row])):
            return self._inside.reader.next_logits([tokens], cache)[0]

    def _edits(self, rows: Sequence[int]) -> list[Edit]:
        at = Span(self._last)
        return [Edit(change, at, place) for place, row in enumerate(rows) for change in self.rows[row].changes]
