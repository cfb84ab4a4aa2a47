"""The one parser of answers: what a rater's text says about an item, and by which way it was read.

What it cannot read for certain is `invalid`. It never guesses: two labels, a range, a denial, a name without
a value are all invalid. docs/protocols.md has the table of ways with examples.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlmrate.protocol.labels import exact_label, label_mentions, read_label
from vlmrate.protocol.named import Named, holds_object, json_values, listed_values, same_name
from vlmrate.protocol.numbers import exact_number, number_mentions, read_number
from vlmrate.protocol.prose import READ_LIMIT, Hit, prepare
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.protocol.records import AnswerForm
    from vlmrate.study.records import Item

SpokenRoute = Literal["exact", "json", "fence", "regex", "prefix", "invalid", "refused"]
"""How an answer was read from words."""
GivenRoute = Literal["native", "off-list", "no-face", "invalid"]
"""How an answer came that is no words: as a value; as a label that the study does not offer; or not at all, where the
rater found no face to rate or there was nothing to make the answer of."""
Route = Literal[SpokenRoute, GivenRoute]

_NAMES_OF_A_LABEL = frozenset({"answer", "label", "value"})
_NAMES_OF_A_NUMBER = frozenset({"answer", "rating", "score", "value"})
_CANNOT = r"(?:can't|cannot|can not|won't|will not|'m unable to|am unable to|'m not able to|am not able to)"
_TASKS = (
    "help|assist|identify|determine|provide|rate|answer|analy[sz]e|comply|recogni[sz]e|comment|engage|fulfill?|"
    "process|view|see|describe|judge|assess|classify|infer|evaluate|give|make|do that|do this|discuss"
)
_REFUSAL = re.compile(
    rf"\bI\s?{_CANNOT}\s+(?:\w+ly\s+)?(?:{_TASKS})\b"
    r"(?P<aside>\s+(?:the |this |real |specific )?(?:person|people|individual|who)\b)?"
    rf"|\b(?:I'm|I am)\s+sorry\b[^.\n]{{0,40}}\b{_CANNOT}"
    r"|\b(?:I'm|I am)\s+sorry,?\s+(?:but\s+)?(?:I'm|I am)\s+(?:unable|not able)\b"
    r"|\bI\s+(?:must|have to)\s+decline\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says about one item.

    `value` is one of the item's options, a number on its scale (a whole one where it was said in words), or None.
    `route` is the loosest way that was needed. `clamped_from` is the number as said where it was rounded or moved onto
    the scale. `span` is where the value stands in the text; None where nothing was read, or where JSON writes the value
    with escapes. `said` is the part of the text that speaks of the item: the value, what stands under its name, or else
    all of it (up to READ_LIMIT).
    """

    item: str
    value: str | int | float | None
    route: Route
    clamped_from: float | None = None
    span: tuple[int, int] | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that a rater gave as a value: nothing has to be read from words.

    `value` is one of the item's options, any number on its scale, or None with a `route` that says why. `clamped_from`
    is the number as it came where it was moved onto the scale.
    """

    value: str | int | float | None
    route: GivenRoute = "native"
    clamped_from: float | None = None


def read_answer(text: str, item: Item, form: AnswerForm = "text") -> Reading:
    """Read the answer to a step that asks one item. Never raises; reads the first READ_LIMIT characters.

    Either form of answer is read whatever was asked for; but where JSON was asked for and an object came that
    lacks the item's name, nothing else in it is taken for the answer.
    """
    prepared = prepare(text)
    hit = _exact(prepared, item)
    if hit is not None:
        return _reading(text, item, hit, "exact")
    any_name = _NAMES_OF_A_LABEL if isinstance(item.scale, Labels) else _NAMES_OF_A_NUMBER
    for names in (frozenset({same_name(item.name)}), any_name):
        reading = _by_name(text, prepared, item, names, form)
        if reading is not None:
            return reading
    if form == "json" and holds_object(prepared):
        return _unread(text, item)
    if _refuses(prepared, item):
        return _unread(text, item, "refused")
    hit = _find(prepared, item)
    return _unread(text, item) if hit is None else _reading(text, item, hit, hit.way)


def read_answers(text: str, items: Sequence[Item], form: AnswerForm = "text") -> tuple[Reading, ...]:
    """Read the answer to a step: one reading an item, in their order. Several items are read by name only."""
    if len(items) == 1:
        return (read_answer(text, items[0], form),)
    prepared = prepare(text)
    return tuple(_one_of_several(text, prepared, item, form) for item in items)


def _one_of_several(text: str, prepared: str, item: Item, form: AnswerForm) -> Reading:
    reading = _by_name(text, prepared, item, frozenset({same_name(item.name)}), form)
    if reading is not None:
        return reading
    return _unread(text, item, "refused" if _refuses(prepared, item) else "invalid")


def _by_name(text: str, prepared: str, item: Item, names: frozenset[str], form: AnswerForm) -> Reading | None:
    """What the text gives under one of the names; None where it gives nothing under them."""
    found = json_values(prepared, names)
    if found:
        return _agreed(text, item, found)
    if form == "json" and holds_object(prepared):
        return None
    listed, rest = listed_values(prepared, names)
    # A list of named values is read as such only if nothing beside it might be the answer too.
    if not listed or _mentions(rest, item):
        return None
    return _agreed(text, item, listed)


def _agreed(text: str, item: Item, found: list[Named]) -> Reading:
    """The one value that all named places give; where they differ or one cannot be read, nothing is."""
    readings = [_read_named(text, item, named) for named in found]
    if len({reading.value for reading in readings}) > 1:
        return _unread(text, item)
    return readings[0]


def _read_named(text: str, item: Item, named: Named) -> Reading:
    said = text[named.start : named.end]
    hit = _find(named.text, item) if named.text is not None else None
    if hit is None or (named.last and named.source == "text" and _may_lack_digits(hit, item)):
        return Reading(item.name, None, "invalid", said=said)
    way: Route = "regex" if named.source == "text" else named.source
    route = way if hit.way == "exact" else hit.way
    span = (named.start + hit.start, named.start + hit.end) if named.plain else None
    return Reading(item.name, hit.value, route, hit.clamped_from, span, said)


def _may_lack_digits(hit: Hit, item: Item) -> bool:
    """Whether a number at the end of a cut text might have gone on: 1 to 10, but not 7 on a 1-9 scale."""
    return not isinstance(item.scale, Labels) and abs(int(hit.value)) * 10 <= item.scale.high


def _exact(text: str, item: Item) -> Hit | None:
    if isinstance(item.scale, Labels):
        return exact_label(text, item.scale.options)
    return exact_number(text, item.scale)


def _find(text: str, item: Item) -> Hit | None:
    if isinstance(item.scale, Labels):
        return read_label(text, item.scale.options)
    return read_number(text, item.scale)


def _mentions(text: str, item: Item) -> list[int]:
    """Where the text speaks of a possible answer to the item."""
    if isinstance(item.scale, Labels):
        return [hit.start for hit in label_mentions(text, item.scale.options)]
    return [start for _, start, _ in number_mentions(text, item.scale)]


def _refuses(text: str, item: Item) -> bool:
    """Whether the text declines to answer, before it speaks of any answer."""
    refusal = _REFUSAL.search(text)
    if refusal is None:
        return False
    mentions = _mentions(text, item)
    return not mentions or (refusal.start() < mentions[0] and refusal["aside"] is None)


def _reading(text: str, item: Item, hit: Hit, route: Route) -> Reading:
    said = text[hit.start : hit.end]
    return Reading(item.name, hit.value, route, hit.clamped_from, (hit.start, hit.end), said)


def _unread(text: str, item: Item, route: Literal["invalid", "refused"] = "invalid") -> Reading:
    return Reading(item.name, None, route, said=text[:READ_LIMIT])
