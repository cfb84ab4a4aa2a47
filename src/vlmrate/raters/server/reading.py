"""From a server's answer to a reply: words, reasoning, refusal, tokens, cost, and how likely each answer was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.protocol.parser import read_answers
from vlmrate.raters.base import Reply
from vlmrate.raters.reasoning import Parts, split_reasoning
from vlmrate.raters.server.answered import Usage
from vlmrate.raters.server.chances import option_probabilities, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import OptionProbabilities
    from vlmrate.raters.server.answered import Choice
    from vlmrate.raters.server.client import Answered
    from vlmrate.raters.server.entry import PriceEntry
    from vlmrate.raters.server.secret import Key

_FILTERED = "content_filter"
_A_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the answers of one server; `prices` are None where nothing is paid or known."""

    key: Key
    prices: PriceEntry | None

    def cost(self, used: Sequence[Usage]) -> float | None:
        """What some attempts cost; None where there are no prices or the server did not count."""
        if self.prices is None or not used:
            return None
        read = sum(usage.prompt_tokens or 0 for usage in used)
        said = sum(usage.completion_tokens or 0 for usage in used)
        return (read * self.prices.input + said * self.prices.output) / _A_MILLION

    def reply(self, answered: Answered, question: Question, body: bytes, seconds: float) -> Reply:
        """What was said, and all that is known of it."""
        if answered.completion is None:
            return self._declined(answered, body, seconds)
        choice, used = answered.completion.choices[0], answered.completion.usage or Usage()
        parts = _parts(choice)
        options, before = _likely(choice, parts, question)
        refusal = choice.message.refusal
        return Reply(
            text=self.key.scrub(refusal if refusal and not parts.answer else parts.answer),
            sent_sha256=hashlib.sha256(body).hexdigest(),
            prompt_tokens=used.prompt_tokens or 0,
            answer_tokens=used.completion_tokens or 0,
            seconds=seconds,
            finish=self.key.scrub(choice.finish_reason or "unknown"),
            attempts=answered.attempts,
            reasoning=None if parts.reasoning is None else self.key.scrub(parts.reasoning),
            options=options,
            reasoning_tokens=before if used.reasoning_tokens is None else used.reasoning_tokens,
            cost=self.cost(answered.used),
            refused=bool(refusal) or choice.finish_reason == _FILTERED,
        )

    def _declined(self, answered: Answered, body: bytes, seconds: float) -> Reply:
        return Reply(
            text=answered.declined,
            sent_sha256=hashlib.sha256(body).hexdigest(),
            prompt_tokens=0,
            answer_tokens=0,
            seconds=seconds,
            finish=_FILTERED,
            attempts=answered.attempts,
            cost=self.cost(answered.used),
            refused=True,
        )


def _parts(choice: Choice) -> Parts:
    """Reasoning as the server keeps it apart, or as marks in the text tell it from the answer."""
    parts = split_reasoning(choice.message.text)
    apart = choice.message.thought
    return parts if apart is None else Parts(apart, parts.answer)


def _likely(choice: Choice, parts: Parts, question: Question) -> tuple[dict[str, OptionProbabilities], int | None]:
    """How likely each answer was, and how many tokens of reasoning came before (None where it is not known)."""
    said = spoken(choice.tokens, parts.answer, reasoned=parts.reasoning is not None)
    if said is None:
        return {}, None
    readings = read_answers(parts.answer, question.items, question.answer)
    counted = said.before if parts.reasoning is not None and said.before else None
    return option_probabilities(said, parts.answer, question, readings), counted
