"""A label read from an answer: the label itself, one label in a sentence, or its first three letters."""

from __future__ import annotations

import re
from functools import lru_cache

from vlmrate.protocol.prose import LATIN, SHORT_ANSWER, Hit, core, denied, words

_PREFIX = 3
_PAIRED = re.compile(r"(?<!\w)(\w{2,30})(?:\s{0,3}[/&+]\s{0,3}|\s{1,3}(?:or|and)\s{1,3})(\w{2,30})", re.IGNORECASE)


def read_label(text: str, options: tuple[str, ...]) -> Hit | None:
    """The one option the text gives, or None where it gives none, more than one, or denies it."""
    return exact_label(text, options) or _label_in_prose(text, options)


def exact_label(text: str, options: tuple[str, ...]) -> Hit | None:
    """The option that the whole text is, whatever stands around it and in whatever case."""
    start, end = core(text)
    for option in options:
        if _plain(text[start:end]) == _plain(option):
            return Hit(option, start, end, "exact")
    return None


def label_mentions(text: str, options: tuple[str, ...]) -> list[Hit]:
    """Every option that stands in the text as a word of its own; of two that overlap, the longer."""
    order = sorted(options, key=len, reverse=True)
    return [
        Hit(order[match.lastindex - 1], match.start(), match.end(), "regex")
        for match in _pattern(tuple(order)).finditer(text)
        if match.lastindex is not None
    ]


def _label_in_prose(text: str, options: tuple[str, ...]) -> Hit | None:
    found = label_mentions(text, options)
    likenesses = _likenesses(text, options) if len(words(text)) <= SHORT_ANSWER else []
    hits = found or likenesses
    named = {hit.value for hit in found + likenesses} | _paired_labels(text, options)
    if len(named) != 1 or not hits or any(denied(text, hit.start, hit.end) for hit in hits):
        return None
    return hits[0]


def _likenesses(text: str, options: tuple[str, ...]) -> list[Hit]:
    """Words that begin like an option; a word that begins like two of them speaks for both."""
    return [
        Hit(option, word.start(), word.end(), "prefix")
        for word in words(text)
        for option in _alike(word.group(), options)
    ]


def _alike(word: str, options: tuple[str, ...]) -> list[str]:
    folded = word.casefold()
    if folded.endswith("less"):  # "fearless" is the contrary
        return []
    return [option for option in options if len(option) >= _PREFIX and folded.startswith(_plain(option)[:_PREFIX])]


def _paired_labels(text: str, options: tuple[str, ...]) -> set[str | int]:
    """Labels in "fear or anger", "sadness/fear", where either word may only begin like the label."""
    labels: set[str | int] = set()
    for pair in _PAIRED.finditer(text):
        sides = [set(_alike(word, options)) for word in pair.groups()]
        if all(sides):
            labels |= sides[0] | sides[1]
    return labels


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@lru_cache(maxsize=64)
def _pattern(options: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_as_word(option) for option in options), re.IGNORECASE)


def _as_word(option: str) -> str:
    body = r"\s{1,3}".join(re.escape(part) for part in option.split())
    before = rf"(?<![{LATIN}])(?<![{LATIN}]-)" if option[0].isascii() else r"(?<!\w)"
    after = rf"(?![{LATIN}])" if option[-1].isascii() else r"(?!\w)"
    return f"{before}({body}){after}"
