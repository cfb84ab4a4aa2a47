"""A number on a scale read from an answer: the number itself, or the one number that a sentence gives."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from vlmrate.protocol.prose import LATIN, Hit, core, denied, is_short, words_before

if TYPE_CHECKING:
    from vlmrate.study.records import Likert

_SPELLED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBER_IN_PROSE = re.compile(rf"(?<![{LATIN}.])[+-]?\d+(?:\.\d+)?(?![{LATIN}])(?!\.\d)")
_NUMBER_WORD = re.compile(rf"(?<![{LATIN}-])(?:{'|'.join(_SPELLED)})(?![{LATIN}-])", re.IGNORECASE)
_OTHER_NUMBER_WORD = re.compile(r"\b(?:point|half|hundred|eleven|twelve|\w{3,5}teen|\w{3,5}ty)\b", re.IGNORECASE)
# "35 years", "70 %", "1 = very unpleasant": numbers, but no ratings.
_NO_RATING = re.compile(r"\s{0,3}(?:%|=|percent\b|years?\b|people\b|persons?\b|faces?\b)", re.IGNORECASE)
# Another scale than the study's, a decimal comma, or an open end.
_OTHER_SCALE = re.compile(
    r"\s{0,3}(?:/\s{0,3}\d|out\s{1,3}of\s{1,3}\d|-?\s{0,3}points?\s{1,3}(?:scale|likert)|,\d|or\s{1,3}(?:more|less|higher|lower|above|below))",
    re.IGNORECASE,
)
_BOUNDS = frozenset(("than", "least", "most", "above", "below", "over", "under", "exceeds", "exceeding"))
_CUES = frozenset(
    (
        *("rate", "rated", "rating", "score", "scored", "answer", "give", "giving", "say", "choose", "assign"),
        *("pick", "value"),
    )
)
_CUE_REACH = 5
_STATED = re.compile(r"\s{0,40}(?:$|[^\s\w]|out\b|on\b)", re.IGNORECASE)


def read_number(text: str, scale: Likert) -> Hit | None:
    """The one number the text gives, clamped to the scale; None where it gives none, a range, or several.

    A fraction is rounded, halves away from zero; whatever was changed stands in `clamped_from`.
    """
    return exact_number(text, scale) or _number_in_prose(text, scale)


def exact_number(text: str, scale: Likert) -> Hit | None:
    """The number that the whole text is, whatever stands around it."""
    start, end = core(text)
    if _NUMBER.fullmatch(text, start, end) is None:
        return None
    number = float(text[start:end])
    return _hit(number, start, end, scale, exact=True) if math.isfinite(number) else None


def number_mentions(text: str, scale: Likert) -> list[tuple[float, int, int]]:
    """Every number that could be a rating, with its place; the ends of the scale as such are none."""
    blanked = _without_scale(text, scale)
    return [
        (float(match.group()), match.start(), match.end())
        for match in _NUMBER_IN_PROSE.finditer(blanked)
        if not _NO_RATING.match(blanked, match.end())
    ]


def _number_in_prose(text: str, scale: Likert) -> Hit | None:
    blanked = _without_scale(text, scale)
    found = number_mentions(text, scale)
    if not found:
        return _number_word(blanked, scale)
    number, start, end = found[0]
    if len({value for value, _, _ in found}) > 1 or not math.isfinite(number):
        return None
    if any(_qualified(blanked, first, last) for _, first, last in found):
        return None
    if not scale.low <= number <= scale.high and not (is_short(text) or _has_cue(text, start)):
        return None
    return _hit(number, start, end, scale)


def _number_word(text: str, scale: Likert) -> Hit | None:
    found = list(_NUMBER_WORD.finditer(text))
    if len({match.group().casefold() for match in found}) != 1 or _OTHER_NUMBER_WORD.search(text):
        return None
    word = found[0]
    stated = is_short(text) or (_STATED.match(text, word.end()) and _has_cue(text, word.start()))
    if not stated or _NO_RATING.match(text, word.end()) or _qualified(text, word.start(), word.end()):
        return None
    return _hit(_SPELLED.index(word.group().casefold()), word.start(), word.end(), scale)


def _qualified(text: str, start: int, end: int) -> bool:
    """Whether the number is denied, a bound ("more than 5"), or of another scale ("7/10" on a 1-9 scale)."""
    before = words_before(text, start, 2)
    bound = bool(_BOUNDS.intersection(before)) or before == ["up", "to"]
    sign = text[:start].rstrip()[-1:] in ("<", ">", "≤", "≥")
    return bound or sign or denied(text, start, end) or _OTHER_SCALE.match(text, end) is not None


def _has_cue(text: str, start: int) -> bool:
    return bool(_CUES.intersection(words_before(text, start, _CUE_REACH, ends=".;!?\n")))


def _hit(number: float, start: int, end: int, scale: Likert, *, exact: bool = False) -> Hit:
    whole = int(math.copysign(math.floor(abs(number) + 0.5), number))
    value = min(max(whole, scale.low), scale.high)
    return Hit(value, start, end, "exact" if exact else "regex", None if value == number else float(number))


def _without_scale(text: str, scale: Likert) -> str:
    """The text with spaces where it only speaks of the scale: "from 1 to 9", "out of 9", "9-point"."""
    return _scale_pattern(scale.low, scale.high).sub(lambda match: " " * len(match.group()), text)


@lru_cache(maxsize=64)
def _scale_pattern(low: int, high: int) -> re.Pattern[str]:
    first, last = _either(low), _either(high)
    gap = r"\s{0,3}"
    return re.compile(
        "|".join(
            (
                rf"(?<![{LATIN}.-]){first}{gap}(?:-|—|\.\.+|~|to\b|and\b|through\b){gap}{last}(?![{LATIN}])(?!\.\d)",
                rf"(?:\bout\s{{1,3}}of\s{{1,3}}|(?<=\d)\s?/\s?|(?<=\d\s)of\s){last}(?![{LATIN}])(?!\.\d)",
                rf"(?<![{LATIN}.-])(?:{high}|{high - low + 1})[-\s]points?\b",
                rf"(?:\bwhere|\bwith|\band|[,(]){gap}(?:{first}|{last}){gap}(?:is|being|means|meaning|indicates|represents)\b",
            )
        ),
        re.IGNORECASE,
    )


def _either(number: int) -> str:
    word = f"|{_SPELLED[number]}" if 0 <= number < len(_SPELLED) else ""
    return f"(?:{number}{word})"
