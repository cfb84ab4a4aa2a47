"""From a conversation to what is stored of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.inference.records import Answer, AskedStep

if TYPE_CHECKING:
    from vlmrate.protocol.conduct import Outcome, Turn
    from vlmrate.protocol.parser import Reading
    from vlmrate.raters.base import Reply


def asked_steps(outcome: Outcome[Reply]) -> tuple[AskedStep, ...]:
    """One record a prompt: what was sent, what was said, what was read."""
    return tuple(_asked_step(turn) for turn in outcome.turns)


def _asked_step(turn: Turn[Reply]) -> AskedStep:
    reply = turn.reply
    return AskedStep(
        prompt=turn.question.prompt,
        sent_sha256=reply.sent_sha256,
        text=reply.text,
        reasoning=reply.reasoning,
        finish=reply.finish,
        prompt_tokens=reply.prompt_tokens,
        answer_tokens=reply.answer_tokens,
        seconds=round(reply.seconds, 6),
        attempts=reply.attempts,
        answers=tuple(_answer(reading, reply) for reading in turn.readings),
        reasoning_tokens=reply.reasoning_tokens,
        cost=reply.cost,
    )


def _answer(reading: Reading, reply: Reply) -> Answer:
    options = reply.options.get(reading.item)
    return Answer(
        item=reading.item,
        value=reading.value,
        route=reading.route,
        clamped_from=reading.clamped_from,
        probabilities=dict(options.probabilities) if options else None,
        valid_mass=options.valid_mass if options else None,
        unlisted=options.unlisted if options else (),
    )
