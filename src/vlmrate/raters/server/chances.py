"""How likely was each valid answer, from the likeliest tokens that a server names at each place it spoke.

Read at the place where the answer stands. What is known of an answer there:

* A token that spells it whole, and with which no other answer begins, counts whole.
* A token that begins it and no other answer counts whole too: an upper bound, close where the prompt lists the answers.
* Of a token with which several answers begin nothing is known ("1" where the scale goes to 10), unless the server
  also names tokens that spell all the longer ones: then it does not go on, and counts for the shortest.
* Along what was really said, every further token is known with its own alternatives: its probability is the product,
  and each alternative counts by the same rules.

Case does not matter, nor space before an answer. Answers of which nothing is known are `unlisted` and count as 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from vlmrate.raters.base import OptionProbabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.protocol.parser import Reading
    from vlmrate.protocol.records import Question
    from vlmrate.raters.server.answered import Token, TokenChance


@dataclass(frozen=True, slots=True)
class Spoken:
    """The tokens of an answer and where each ends, in bytes; `begin` is where the answer's text begins among them."""

    tokens: tuple[Token, ...]
    ends: tuple[int, ...]
    begin: int

    def at(self, place: int) -> int:
        """The number of the token that holds this byte; the number of tokens where none does."""
        return next((number for number, end in enumerate(self.ends) if end > place), len(self.tokens))

    @property
    def before(self) -> int:
        """How many tokens were said before the answer."""
        return self.at(self.begin)

    def lead(self, place: int) -> bytes:
        """What shares a token with this byte and stands before it, such as a quotation mark."""
        number = self.at(place)
        begin = self.ends[number - 1] if number else 0
        return self.tokens[number].content[: place - begin].lstrip()


def spoken(tokens: Sequence[Token], answer: str, *, reasoned: bool) -> Spoken | None:
    """Find an answer's text among the tokens said; None where it is not there as written.

    Before it may stand nothing but space, or else the reasoning that led to it.
    """
    said = b"".join(token.content for token in tokens)
    begin = said.rfind(answer.encode()) if reasoned else said.find(answer.encode())
    if not answer or begin < 0 or (not reasoned and said[:begin].strip()):
        return None
    return Spoken(tuple(tokens), tuple(accumulate(len(token.content) for token in tokens)), begin)


def option_probabilities(
    said: Spoken, answer: str, question: Question, readings: Sequence[Reading]
) -> dict[str, OptionProbabilities]:
    """Probabilities of every item's answers, each read at the place where its own stands.

    An answer in words that could not be read still has one: its beginning.
    """
    items = {item.name: item for item in question.items}
    found = {}
    for reading in readings:
        chances = _Chances(items[reading.item].answers)
        if reading.span is not None:
            start, end = (said.begin + len(answer[:place].encode()) for place in reading.span)
            chances.read_along(said, start, end, None if reading.clamped_from is not None else str(reading.value))
        elif question.answer == "text" and len(items) == 1:
            chances.read_beginning(said)
        if (scored := chances.result()) is not None:
            found[reading.item] = scored
    return found


@dataclass(slots=True)
class _Chances:
    """What is known of each valid answer so far."""

    answers: tuple[str, ...]
    mass: dict[str, float] = field(default_factory=dict)
    initials: set[str] = field(init=False)

    def __post_init__(self) -> None:
        # Most of the tokens named at a place begin no answer at all.
        self.initials = {answer[:1].casefold()[:1] for answer in self.answers}

    def result(self) -> OptionProbabilities | None:
        total = math.fsum(self.mass.values())
        if not total > 0:
            return None
        return OptionProbabilities(
            {answer: self.mass.get(answer, 0.0) / total for answer in self.answers},
            valid_mass=min(total, 1.0),
            unlisted=tuple(answer for answer in self.answers if answer not in self.mass),
        )

    def read_beginning(self, said: Spoken) -> None:
        """Read the place where an answer began that turned out to be none."""
        token = said.tokens[said.before]
        whole = _joined(token, "", b"") in {answer.casefold() for answer in self.answers}
        self._count(_Place(token), skip=None if whole else token)

    def read_along(self, said: Spoken, start: int, end: int, value: str | None) -> None:
        """Read from the first token of what was said (`start` to `end`, in bytes) to its last.

        `value` is the answer that it was read as, None where it is not on the scale.
        """
        first, last = said.at(start), said.at(end - 1)
        if last >= len(said.tokens):
            return
        so_far, likely, lead = "", 1.0, said.lead(start)
        for token in said.tokens[first : last + 1]:
            place = _Place(token, so_far, likely, lead)
            self._count(place, skip=token)
            so_far = _joined(token, so_far, lead) or so_far
            likely *= _probability(token)
        following = said.tokens[last + 1 : last + 2]
        if value is None:
            return
        longer = self._longer(so_far) if so_far == value.casefold() else []
        if longer and following and not (first == last and place.spells(longer)):
            self._count(_Place(following[0], so_far, likely))
        else:
            self._add(value, likely)

    def _count(self, place: _Place, skip: Token | None = None) -> None:
        """Count all that might have been said at a place, but for one token."""
        for token, text in place.texts():
            if text is None or (skip is not None and token.content == skip.content):
                continue
            meant = self._meant(text, place)
            if meant is not None:
                self._add(meant, place.likely * _probability(token))

    def _meant(self, text: str, place: _Place) -> str | None:
        """The one answer that a text in small letters is or begins; None where there is none, or several."""
        if text[:1] not in self.initials:
            return None
        whole = [answer for answer in self.answers if _is_whole(text, answer.casefold())]
        longer = self._longer(text)
        goes_on = bool(longer) and text != place.so_far and not (not place.so_far and place.spells(longer))
        if whole:
            return None if goes_on else max(whole, key=len)
        return longer[0] if goes_on and text and len(longer) == 1 else None

    def _longer(self, text: str) -> list[str]:
        return [answer for answer in self.answers if len(answer) > len(text) and answer.casefold().startswith(text)]

    def _add(self, answer: str, probability: float) -> None:
        if answer in self.answers and probability > 0:
            self.mass[answer] = self.mass.get(answer, 0.0) + probability


@dataclass(slots=True)
class _Place:
    """A place in what was said: the token there with those named beside it, after `so_far`, itself as `likely`.

    `lead` shares a token with the answer and stands before it.
    """

    token: Token
    so_far: str = ""
    likely: float = 1.0
    lead: bytes = b""

    def texts(self) -> list[tuple[TokenChance, str | None]]:
        """Every token named, the one said among them, with what the answer is when it comes; each token once."""
        found: dict[bytes, TokenChance] = {token.content: token for token in self.token.top_logprobs or ()}
        found[self.token.content] = self.token
        return [(token, _joined(token, self.so_far, self.lead)) for token in found.values()]

    def spells(self, answers: Sequence[str]) -> bool:
        """Whether tokens named here spell each of the answers whole: what only begins them then stands for itself."""
        named = {text for _, text in self.texts()}
        return all(answer.casefold() in named for answer in answers)


def _joined(token: TokenChance, so_far: str, lead: bytes) -> str | None:
    """What the answer is when this token comes next, in small letters; None where it does not begin as it must."""
    content = token.content
    if not so_far:
        content = content.lstrip()
        if not content.startswith(lead):
            return None
        content = content[len(lead) :]
    return so_far + content.decode("utf-8", errors="replace").casefold()


def _is_whole(text: str, answer: str) -> bool:
    """Whether the text is the answer, or the answer and what cannot belong to its last word."""
    return text.startswith(answer) and not text[len(answer) : len(answer) + 1].isalnum()


def _probability(token: TokenChance) -> float:
    return math.exp(min(token.logprob, 0.0)) if math.isfinite(token.logprob) else 0.0
