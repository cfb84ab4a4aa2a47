"""A protocol: how a rater is asked, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vlmrate.protocol.template import Template
    from vlmrate.study.records import Item

AnswerForm = Literal["text", "json"]
OnInvalid = Literal["carry-text", "stop"]
Forcing = Literal["each", "wrong"]
"""Which answers are put into a rater's mouth: every valid one in turn, or a wrong label."""


@dataclass(frozen=True, slots=True)
class Step:
    """One prompt: its template, the item or items it asks, and the form of answer it asks for."""

    template: Template
    asks: tuple[Item, ...]
    answer: AnswerForm = "text"


@dataclass(frozen=True, slots=True)
class Force:
    """An item whose answer the protocol puts into the rater's mouth."""

    item: Item
    how: Forcing


@dataclass(frozen=True, slots=True)
class Protocol:
    """Ordered steps, bound to a study's items.

    `digest` covers every byte of protocol.yaml and its templates and the items' scales, as a SHA-256 in hex. `forces`
    are the answers that templates carry whatever the rater says.
    """

    name: str
    description: str
    steps: tuple[Step, ...]
    on_invalid: OnInvalid
    digest: str
    forces: tuple[Force, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a rater is asked in one step: the prompt as written, and the items to be read from the answer."""

    prompt: str
    items: tuple[Item, ...]
    answer: AnswerForm = "text"
