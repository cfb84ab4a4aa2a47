"""Prompts about one picture read at once, each with changes of its own from its last token on.

All that comes before the last token is the same whether anything is changed there or not: it is read once a prompt,
from the head that is kept with the picture on. The last tokens then go through the model as the rows of one batch,
every row with its own changes, and so do the tokens that all rows say next and the options that are tried after the
prompt. What was read so is looked up when the rater's own code asks for it; anything else is read a row at a time,
changed alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.probe.inside import Span
from vlmrate.probe.taps import Edit, tapped
from vlmrate.raters.mlx.branch import Branch, cached_bytes, chosen, fork

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    """A prompt's tokens, and the changes that are made from the last of them on."""

    ids: Tokens
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """How far answers are read ahead: at most `most` tokens of the likeliest, up to one of `stops`."""

    stops: frozenset[int]
    most: int


def together(inside: Inside, picture: Looked, rows: Sequence[Changed], saying: Saying) -> Iterator[Together]:
    """The rows (of equal length and head) in batches that fit into memory, in their order."""
    length, head = len(rows[0].ids), inside.reader.head(rows[0].ids)
    # A row is copied before its last token, after it and while it speaks, with logits here and there.
    cache = cached_bytes(inside.reader.read_head(picture, head)) * length // len(head)
    most = max(ROOM // (3 * cache + 8 * inside.logits_bytes), 1)
    for begun in range(0, len(rows), most):
        yield Together(inside, picture, rows[begun : begun + most], saying)


class Together:
    """A batch of prompts that have been read; goes on from each of them as an architecture does."""

    def __init__(self, inside: Inside, picture: Looked, rows: Sequence[Changed], saying: Saying) -> None:
        self.rows = tuple(rows)
        self._inside = inside
        self._last = len(rows[0].ids) - 1
        self._read: dict[tuple[int, Tokens], mx.array] = {}
        self._scored: dict[int, tuple[tuple[Tokens, ...], list[mx.array]]] = {}
        prompts = list(dict.fromkeys(row.ids for row in rows))
        before = inside.reader.up_to_last(picture, prompts)
        self._cache = chosen(before, [prompts.index(row.ids) for row in rows])
        everyone = list(range(len(rows)))
        self._say(self._pass([row.ids[-1:] for row in rows], self._cache, everyone), everyone, saying)

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
        logits = self._pass([tokens], cache, [row])[0]
        return Branch(cache, logits, (*self.rows[row].ids, *further), branch.carry)

    def score(self, branch: Branch, rows: Sequence[Sequence[int]]) -> list[mx.array]:
        """Logits after every token of every row, each row tried from the same branch: arrays (len(row), vocabulary)."""
        row, path = self._place(branch)
        runs = tuple(map(tuple, rows))
        if path:
            return self._tried(runs, fork(self._cache_after(branch), rows=len(runs)), [row])
        if row not in self._scored or self._scored[row][0] != runs:
            self._score_from(row, runs)
        return self._scored[row][1]

    def _say(self, logits: mx.array, going: list[int], saying: Saying) -> None:
        """Read on what every row says, the likeliest token each time, until all have come to their end."""
        import mlx.core as mx

        said: dict[int, Tokens] = dict.fromkeys(going, ())
        cache = self._cache
        while True:
            apart = [logits[i] for i in range(len(going))]
            tokens: list[int] = mx.argmax(logits, axis=-1).tolist()  # type: ignore[assignment]  # of one axis
            mx.eval(apart)
            self._read |= {(row, said[row]): one for row, one in zip(going, apart, strict=True)}
            on = [
                i for i, row in enumerate(going) if tokens[i] not in saying.stops and len(said[row]) + 1 < saying.most
            ]
            if not on:
                return
            said |= {going[i]: (*said[going[i]], tokens[i]) for i in on}
            cache, going = chosen(cache, on), [going[i] for i in on]
            logits = self._pass([[tokens[i]] for i in on], cache, going)

    def _score_from(self, row: int, runs: tuple[Tokens, ...]) -> None:
        """Try runs of tokens after the prompts of a row and of those behind it, which will be asked for next."""
        each = cached_bytes(self._cache) // len(self.rows) + 2 * max(map(len, runs)) * self._inside.logits_bytes
        rows = range(row, min(row + max(ROOM // (each * len(runs)), 1), len(self.rows)))
        logits = self._tried(runs, chosen(self._cache, [n for n in rows for _ in runs]), rows)
        self._scored = {n: (runs, logits[i * len(runs) : (i + 1) * len(runs)]) for i, n in enumerate(rows)}

    def _place(self, branch: Branch) -> tuple[int, Tokens]:
        """The row that a branch belongs to, and what was said since its prompt."""
        return branch.carry[_ROW], branch.prompt_ids[self._last + 1 :]

    def _found(self, row: int, path: Tokens) -> Branch:
        return Branch([], self._read[row, path], (*self.rows[row].ids, *path), {_ROW: row})

    def _cache_after(self, branch: Branch) -> Cache:
        """A branch's own cache to be written to; of one that was looked up it is made by reading what was said."""
        row, path = self._place(branch)
        if branch.cache:
            return fork(branch.cache)
        cache = chosen(self._cache, [row])
        if path:
            self._pass([path], cache, [row])
        return cache

    def _pass(self, tokens: Sequence[Sequence[int]], cache: Cache, rows: Sequence[int]) -> mx.array:
        """Logits (rows, vocabulary) after a pass in which each of these rows reads tokens of its own."""
        import mlx.core as mx

        with tapped(self._inside, edits=self._edits(rows), rows=len(rows)):
            logits = self._inside.reader.next_logits(tokens, cache)
            mx.eval(logits)
        return logits

    def _tried(self, runs: Sequence[Tokens], cache: Cache, rows: Sequence[int]) -> list[mx.array]:
        """Logits after every token of every run, for each of these rows in turn."""
        import mlx.core as mx

        with tapped(self._inside, edits=self._edits(rows), rows=len(rows)):
            logits = self._inside.reader.all_logits([*runs] * len(rows), cache)
            mx.eval(logits)
        return logits

    def _edits(self, rows: Sequence[int]) -> list[Edit]:
        at = Span(self._last)
        return [Edit(change, at, place) for place, row in enumerate(rows) for change in self.rows[row].changes]
