"""A protocol carried out on one image: it says what is asked next, the rater only answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from vlmrate.errors import AskError
from vlmrate.protocol.parser import Given, Reading, read_answers
from vlmrate.protocol.records import Question
from vlmrate.protocol.template import NOTHING
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from vlmrate.protocol.records import Protocol as RatingProtocol
    from vlmrate.study.records import Item, Stimulus

CARRY_LIMIT = 200
"""Characters of an unreadable answer that are carried into later prompts."""


class Spoken(Protocol):
    """All that a protocol needs of a rater's reply: what was said."""

    @property
    def text(self) -> str:
        """The answer, without any reasoning that led to it."""

    @property
    def refused(self) -> bool:
        """Whether the rater declined, as it or its server says beside the text."""

    @property
    def given(self) -> Mapping[str, Given] | None:
        """Answers by item, of a rater that gives values; None of one that answers in words."""


ReplyT = TypeVar("ReplyT", bound=Spoken)


@dataclass(frozen=True, slots=True)
class Turn(Generic[ReplyT]):
    """One step as it went: what was asked, what was said, what was read (one reading an item)."""

    question: Question
    reply: ReplyT
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[ReplyT]):
    """All turns on one image; `stopped` where an unreadable answer left later steps unasked."""

    turns: tuple[Turn[ReplyT], ...]
    stopped: bool

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What was read, one reading an item that was asked, in the order of asking."""
        return tuple(reading for turn in self.turns for reading in turn.readings)


def conduct(
    protocol: RatingProtocol, stimulus: Stimulus, forced: Mapping[str, str] = NOTHING
) -> Generator[Question, ReplyT, Outcome[ReplyT]]:
    """Ask about one image, step by step: yields a question, is sent the reply, returns the outcome.

    A label is carried on as the study writes it, a number as it was clamped. What could not be read is carried
    on as it was said (`carry-text`: one line, CARRY_LIMIT characters), or ends the asking (`stop`). `forced` is one
    of the protocol's conditions (vlmrate.protocol.forced), where it has any.
    """
    answers: dict[str, str] = {}
    turns: list[Turn[ReplyT]] = []
    for step in protocol.steps:
        question = Question(step.template.render(answers, stimulus, forced), step.asks, step.answer)
        reply = yield question
        readings = read_reply(reply, question)
        turns.append(Turn(question, reply, readings))
        if protocol.on_invalid == "stop" and any(reading.value is None for reading in readings):
            break
        answers |= {reading.item: spoken(reading) for reading in readings}
    return Outcome(tuple(turns), stopped=len(turns) < len(protocol.steps))


def read_reply(reply: Spoken, question: Question) -> tuple[Reading, ...]:
    """What a reply says, one reading an item: the values given, a refusal, or what its words are read as.

    Raises:
        AskError: A value given is no answer to its item.
    """
    if reply.given is not None:
        return tuple(_given(item, reply.given.get(item.name), reply.text) for item in question.items)
    if reply.refused:
        return tuple(Reading(item.name, None, "refused", said=reply.text) for item in question.items)
    return read_answers(reply.text, question.items, question.answer)


def _given(item: Item, given: Given | None, text: str) -> Reading:
    """A value as given; a rater that is a plug-in may give anything, and one such value would spoil a whole study."""
    if given is None:
        raise AskError(f"the rater gave no answer to {item.name}; it must answer every item it is asked", attempts=0)
    if not _fits(item, given):
        wanted = "one of its options" if isinstance(item.scale, Labels) else "a number on its scale"
        raise AskError(
            f"the rater gave {given.value!r} ({given.route}) as its answer to {item.name}; it must be {wanted} "
            f"({item.answers[0]} to {item.answers[-1]}), or None with a route that says why",
            attempts=0,
        )
    return Reading(item.name, given.value, given.route, given.clamped_from, said=text)


def _fits(item: Item, given: Given) -> bool:
    if given.value is None or given.route != "native":
        return given.value is None and given.route != "native"
    if isinstance(item.scale, Labels):
        return isinstance(given.value, str) and given.value in item.scale.options
    if isinstance(given.value, (str, bool)):
        return False
    return item.scale.low <= given.value <= item.scale.high  # nan is on no scale


def spoken(reading: Reading) -> str:
    """An answer as later prompts speak of it."""
    if reading.value is not None:
        return str(reading.value)
    return " ".join(reading.said.split())[:CARRY_LIMIT].rstrip()
