"""Reasoning told from the answer while a model speaks: by its marks, within its budget, counted token by token.

A model that was not asked to think may do so all the same. What it begins with a mark of reasoning is then let go on
up to a cap, and the answer is read after it, as if it had been asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from vlmrate.raters.mlx.decoding import speak
from vlmrate.raters.reasoning import MARKS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.raters.mlx.architecture import Continuing
    from vlmrate.raters.mlx.branch import Branch
    from vlmrate.raters.mlx.decoding import Decoding, Spoken

Marks = tuple[str, str]

# Added to the seed, which has 48 bits, so that reasoning and answer are drawn apart.
_THINKING = 1 << 49
# A mark that is no token of its own takes at most one a character.
_LONGEST_MARK = 16
_BEFORE_ANSWER = "\n\n"
# Few answers to one question are unlike all earlier ones.
_RUNS_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Thought:
    """What came before an answer; `branch` is where the answer begins.

    `tokens` is how many were thought, the mark that begins reasoning among them and the one that ends it not; `said`
    is how many were said in all. `answer` is what the model said at once where it did not think, else None; `seed` is
    for drawing the answer to come.
    """

    branch: Branch
    seed: int
    text: str | None = None
    tokens: int = 0
    said: int = 0
    answer: Spoken | None = None


class Thinker:
    """Lets one model think, or finds that it does not."""

    def __init__(
        self,
        tokenizer: Any,
        stops: frozenset[int],
        decoding: Decoding,
        opened: Marks | None,
    ) -> None:
        """`opened` are the marks of reasoning that its prompts have already begun."""
        self._tokenizer = tokenizer
        self._stops = stops
        self._decoding = decoding
        self._opened = opened
        self._marks = marks_of(decoding)
        self._decoded = lru_cache(maxsize=_RUNS_KEPT)(partial(tokenizer.decode, skip_special_tokens=False))

    def think(self, architecture: Continuing, asked: Branch, seed: int, allowance: int) -> Thought:
        """What the model thinks before it answers; `allowance` is how many tokens an answer may have.

        Reasoning that is not at its end when the budget is spent is ended for the model, so that it always answers.
        """
        if not self._decoding.thinking_tokens:
            return self._unasked(architecture, asked, seed, allowance)
        said = self._say(architecture, asked, self._decoding.thinking_tokens, seed + _THINKING, self._ended)
        if said.finish == "stop" and not (self._opened or self._begun(said.tokens)):
            return Thought(asked, seed, said=len(said.tokens), answer=said)
        return self._thought(architecture, asked, said, seed)

    def _unasked(self, architecture: Continuing, asked: Branch, seed: int, allowance: int) -> Thought:
        said = self._say(architecture, asked, allowance, seed, self._thinks)
        if not self._thinks(said.tokens):
            return Thought(asked, seed, said=len(said.tokens), answer=said)
        # The same seed says the same tokens again, and then what follows them.
        again = self._say(architecture, asked, self._decoding.thinking_cap, seed, self._ended)
        return self._thought(architecture, asked, again, seed + _THINKING)

    def _say(
        self,
        architecture: Continuing,
        asked: Branch,
        most: int,
        seed: int,
        until: Callable[[Sequence[int]], bool],
    ) -> Spoken:
        return speak(
            architecture,
            asked,
            stops=self._stops,
            temperature=self._decoding.temperature,
            max_tokens=most,
            seed=seed,
            until=until,
        )

    def _thought(self, architecture: Continuing, asked: Branch, said: Spoken, seed: int) -> Thought:
        begin, end = self._begun(said.tokens) or self._opened or self._marks[0]
        whole = self._written(said.tokens)
        found = _first(whole, [mark for _, mark in self._marks])
        thought = said.tokens if found is None else self._up_to(said.tokens, found)
        closing = [] if found is not None else self._encode(end)
        if found is None or not whole.endswith("\n"):
            closing = [*closing, *self._encode(_BEFORE_ANSWER)]
        branch = architecture.go_on(asked, (*said.tokens, *closing))
        text = self._visible(thought).strip().removeprefix(begin).strip()
        return Thought(branch, seed, text or None, len(thought) if text else 0, len(said.tokens))

    def _up_to(self, tokens: tuple[int, ...], characters: int) -> tuple[int, ...]:
        """The tokens that lie wholly before a place in their text."""
        n = len(tokens)
        while n and len(self._written(tokens[:n])) > characters:
            n -= 1
        return tokens[:n]

    def _begun(self, tokens: Sequence[int]) -> Marks | None:
        """The marks of which the first begins what was said."""
        text = self._written(tokens).lstrip()
        return next((pair for pair in self._marks if text.startswith(pair[0])), None)

    def _ended(self, tokens: Sequence[int]) -> bool:
        tail = self._written(tokens[-_LONGEST_MARK:])
        return any(end in tail for _, end in self._marks)

    def _thinks(self, tokens: Sequence[int]) -> bool:
        return self._begun(tokens) is not None or self._ended(tokens)

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _written(self, tokens: Sequence[int]) -> str:
        """The text with special tokens, which marks of reasoning are in some vocabularies."""
        return str(self._decoded(tuple(tokens)))

    def _visible(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))


def marks_of(decoding: Decoding) -> tuple[Marks, ...]:
    """The marks that begin and end a model's reasoning: its own first, then the usual ones."""
    own = (decoding.thinking_begin, decoding.thinking_end)
    return (own, *(marks for marks in MARKS if marks != own))


def opened_reasoning(written: str, decoding: Decoding) -> Marks | None:
    """The marks of which the first ends a prompt as written, so that reasoning comes next; None where none does."""
    return next((marks for marks in marks_of(decoding) if written.rstrip().endswith(marks[0])), None)


def _first(text: str, marks: Sequence[str]) -> int | None:
    """Where the first of the marks stands; None where none does."""
    places = [text.find(mark) for mark in marks]
    return min((place for place in places if place >= 0), default=None)
