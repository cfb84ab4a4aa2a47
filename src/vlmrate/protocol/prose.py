"""What the readers of labels and of numbers share: characters, words, denials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

READ_LIMIT = 20_000
"""Characters of an answer that are read; what follows is kept, but no part of the answer."""

SHORT_ANSWER = 3
"""An answer of so many words or fewer is taken as nothing but the answer."""

LATIN = r"\d_A-Za-z\u00c0-\u024f"
"""Characters that may not touch a label or number (a Korean particle may), as a regular expression's set."""

Way = Literal["exact", "regex", "prefix"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A value found in a text: where it stands, how it was found, and the number before it was clamped."""

    value: str | int
    start: int
    end: int
    way: Way
    clamped_from: float | None = None


# One character for one, so that a position in the prepared text is a position in the answer.
_PLAIN = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys((0x2212, 0x2010, 0x2011, 0x2013, 0xFF0D), "-")
    | dict.fromkeys((0x2018, 0x2019), "'")
    | dict.fromkeys((0x201C, 0x201D), '"')
    | dict.fromkeys((0x3000, 0x200B, 0xFEFF), " ")
)
_AROUND = " \t\r\n\v\f\u00a0.,;:!?\"'`*_#()[]\u00ab\u00bb\u2026\u3001\u3002\u300c\u300d\u300e\u300f"
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_CLAUSE_ENDS = ".,;:!?\n("
_DENIALS = frozenset(
    (
        *("not", "no", "never", "neither", "nor", "without", "non", "cannot", "hardly", "barely", "unlikely"),
        *("rather", "instead", "than", "lack", "lacks", "lacking", "absence", "except"),
    )
)
_DENIED_AFTER = re.compile(r"\s{0,3}[\uac00-\ud7a3]{0,3}\s{0,3}(?:아니|아닌|아님|아닙|않)")


def prepare(text: str) -> str:
    """The part of an answer that is read, in plain characters, dashes and quotes; no position changes."""
    head = text[:READ_LIMIT]
    if len(text) > READ_LIMIT and not text[READ_LIMIT].isspace() and not head[-1].isspace():
        # The last word may be half a word, or 1 the start of 12.
        last = len(head.rsplit(None, 1)[-1])
        head = head[: len(head) - last]
    return head.translate(_PLAIN)


def core(text: str) -> tuple[int, int]:
    """Where the text stands without the white space, punctuation, quotes and emphasis around it."""
    start = len(text) - len(text.lstrip(_AROUND))
    return start, max(start, len(text.rstrip(_AROUND)))


def words(text: str) -> list[re.Match[str]]:
    """The words of the text, numbers among them."""
    return list(_WORD.finditer(text))


def is_short(text: str) -> bool:
    """Whether the text is so short that it is nothing but the answer."""
    return len(words(text)) <= SHORT_ANSWER


def words_before(text: str, position: int, count: int, ends: str = _CLAUSE_ENDS) -> list[str]:
    """Up to `count` words before the position, in its own clause, case-folded."""
    before = text[max(0, position - 30 * count) : position]
    clause = before[max(before.rfind(mark) for mark in ends) + 1 :]
    return [word.group().casefold() for word in words(clause)[-count:]]


def denied(text: str, start: int, end: int) -> bool:
    """Whether what stands there is denied: a "not" among the three words before it, or 아니 after it."""
    before = words_before(text, start, 3)
    if any(word in _DENIALS or word.endswith("n't") for word in before):
        return True
    return _DENIED_AFTER.match(text, end) is not None
