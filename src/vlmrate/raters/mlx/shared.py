"""Reading a prompt in two parts: a head that holds the picture, and the rest.

The head is read once a picture and kept; prompts that begin with it only read their own rest. With the picture first
and a few fixed templates every prompt of a protocol shares one head, so that three questions cost one look.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vlmrate.errors import RaterError
from vlmrate.raters.mlx.branch import Branch, Cache, cached_arrays, cached_bytes, chosen, fork, stacked
from vlmrate.study.images import image_digest, open_image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import mlx.core as mx
    from PIL.Image import Image

Tokens = tuple[int, ...]
HEADS_KEPT = 2
"""Heads of a picture that are kept, those used last: one of prompts that begin alike, one of a protocol apart."""


def common_prefix(sequences: Sequence[Sequence[int]]) -> Tokens:
    """The longest run of tokens with which every sequence begins."""
    first = sequences[0]
    length = min(map(len, sequences))
    for i in range(length):
        if any(sequence[i] != first[i] for sequence in sequences):
            return tuple(first[:i])
    return tuple(first[:length])


@dataclass(slots=True)
class Looked:
    """A picture as a model takes it in, what the vision tower made of it, and the heads already read for it."""

    tensors: Any
    features: mx.array | None = None
    heads: dict[Tokens, Cache] = field(default_factory=dict)

    @property
    def kept_bytes(self) -> int:
        """Size of the heads and of what the vision tower made, about all that a picture takes."""
        features = 0 if self.features is None else int(self.features.nbytes)
        return features + sum(map(cached_bytes, self.heads.values()))


class LastPicture:
    """What was seen of the picture looked at last, for all raters of one loaded model.

    One picture alone is kept, so memory does not grow; it is known by its bytes, so one that has changed is seen anew.
    """

    def __init__(self) -> None:
        self._digest = ""
        self._looked: Looked | None = None

    def look(self, image: Path, prepare: Callable[[Image], Looked]) -> Looked:
        """The picture as `prepare` makes it, or as it was made for the rater that looked at it last.

        Raises:
            ImageError: The picture cannot be read or is refused.
        """
        digest = image_digest(image)
        if self._looked is None or digest != self._digest:
            self._looked = None  # the earlier picture is given back before the next one is made
            self._looked, self._digest = prepare(open_image(image)), digest
        return self._looked


class PictureInHead(ABC):
    """A model family whose prompts are read as head and rest.

    With `share` the picture's features and heads are kept for the next prompt; without, every prompt starts anew.
    """

    def __init__(self, model: Any, processor: Any, *, share: bool) -> None:
        self._model = model
        self._language = model.language_model
        self._processor = processor
        self._share = share
        self._image_token = int(model.config.image_token_index)
        self._planned: Tokens = ()

    @property
    def path(self) -> str:
        """`shared` or `plain`."""
        return "shared" if self._share else "plain"

    @abstractmethod
    def tokens(self, prompt: str) -> Tokens:
        """Token ids of a prompt as the chat template wrote it, with every token that stands for the picture."""

    @abstractmethod
    def look(self, image: Image) -> Looked:
        """The picture as the model's own processor prepares it."""

    @abstractmethod
    def _read_head(self, picture: Looked, head: Tokens) -> Cache:
        """The model's cache after a head."""

    def plan(self, prompts: Sequence[str]) -> None:
        """Find what all prompts begin with; it serves as head where it holds the whole picture."""
        sequences = [self.tokens(prompt) for prompt in prompts]
        prefix = common_prefix(sequences)[: min(map(len, sequences)) - 1]
        holds_picture = all(len(prefix) >= self._picture_end(sequence) for sequence in sequences)
        self._planned = prefix if holds_picture else ()

    def read(self, picture: Looked, prompt: str) -> Branch:
        """Read a whole prompt about a picture."""
        ids = self.tokens(prompt)
        head = self.head(ids)
        cache = fork(self.read_head(picture, head))
        return Branch(cache=cache, logits=self.next_logits([ids[len(head) :]], cache)[0], prompt_ids=ids)

    def head(self, ids: Tokens) -> Tokens:
        """What is read of a prompt once a picture: what all likely prompts begin with, or all up to the picture."""
        end = len(self._planned) if ids[: len(self._planned)] == self._planned else 0
        return ids[: end or self._picture_end(ids)]

    def up_to_last(self, asked: Sequence[tuple[Looked, Tokens]]) -> Cache:
        """The cache (a row a prompt) after all of each prompt but its last token.

        They share length and head, and the heads of their pictures are of one size. What all prompts begin with is read
        once a picture.
        """
        pictures = list({id(picture): picture for picture, _ in asked}.values())
        head = self.head(asked[0][1])
        alike = common_prefix([ids[:-1] for _, ids in asked])
        cache = stacked([self.read_head(picture, head) for picture in pictures])
        if len(alike) > len(head):
            self._hidden([alike[len(head) :]] * len(pictures), cache)
        begun = max(len(alike), len(head))
        places = [next(i for i, one in enumerate(pictures) if one is picture) for picture, _ in asked]
        cache = chosen(cache, [places] * len(cache))
        if begun < len(asked[0][1]) - 1:
            self._hidden([ids[begun:-1] for _, ids in asked], cache)
        return cache

    def go_on(self, branch: Branch, tokens: Sequence[int]) -> Branch:
        """Read `tokens` more on a fork."""
        cache = fork(branch.cache)
        logits = self.next_logits([tokens], cache)[0]
        return Branch(cache=cache, logits=logits, prompt_ids=(*branch.prompt_ids, *tokens))

    def score(self, branch: Branch, rows: Sequence[Sequence[int]]) -> list[mx.array]:
        """Logits after every token of every row; all rows go through the model together."""
        return self.all_logits(rows, fork(branch.cache, rows=len(rows)))

    def all_logits(self, rows: Sequence[Sequence[int]], cache: Cache) -> list[mx.array]:
        """Logits (len(row), vocabulary) after every token of each row; the cache, of as many rows, is written to."""
        # Shorter rows are filled up at their end, where no token of theirs looks.
        longest = max(map(len, rows))
        logits = self._logits(self._hidden([[*row, *[0] * (longest - len(row))] for row in rows], cache))
        return [logits[i, : len(row)] for i, row in enumerate(rows)]

    def next_logits(self, rows: Sequence[Sequence[int]], cache: Cache) -> mx.array:
        """Logits (rows, vocabulary) after the last token of each row; the cache is written to."""
        # The vocabulary is the widest matrix of all: only the position that is read goes through it.
        return self._logits(self._hidden(rows, cache)[:, -1:, :])[:, 0]

    def _hidden(self, rows: Sequence[Sequence[int]], cache: Cache) -> mx.array:
        import mlx.core as mx

        hidden: mx.array = self._language.model(mx.array([list(row) for row in rows]), cache=cache)
        return hidden

    def _logits(self, hidden: mx.array) -> mx.array:
        import mlx.core as mx

        logits: mx.array = self._language.lm_head(hidden)
        return logits.astype(mx.float32)

    def read_head(self, picture: Looked, head: Tokens) -> Cache:
        """The cache after a head, read once a picture and kept; it is not to be written to."""
        import mlx.core as mx

        if head in picture.heads:
            picture.heads[head] = picture.heads.pop(head)
            return picture.heads[head]
        cache = self._read_head(picture, head)
        mx.eval(cached_arrays(cache))
        # The last few only: with the picture last, each prompt has its own, and they would pile up.
        latest = [*picture.heads.items(), (head, cache)][-HEADS_KEPT:]
        picture.heads = dict(latest) if self._share else {}
        return cache

    def _picture_end(self, ids: Tokens) -> int:
        """One past the last token that stands for the picture."""
        for i in range(len(ids) - 1, -1, -1):
            if ids[i] == self._image_token:
                return i + 1
        raise RaterError("the model's chat template leaves the picture out, so the model would rate blind")
