"""Values that an answer gives by name: in JSON, whole or cut short, or in lines such as "Valence: 7"."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Source = Literal["json", "fence", "text"]

_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*(?P<close>")?)'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<constant>\b(?:true|false|null)\b)"
    r"|(?P<mark>[{}\[\]:,])"
)
_BREAK = re.compile(r"[\n,;{}]|\.(?=\s|$)")
_DECORATION = " \t\r-*•\"'_`#>([+"
_LONGEST_NAME = 40
_LONGEST_NEST = 100


@dataclass(frozen=True, slots=True)
class Named:
    """Where a value stands that the text gives under a name.

    `text` is the value as meant, None where it is not whole or not one value; `start`, `end` are its place;
    `plain` says whether that place reads as `text` (not where the value is written with escapes); `last`
    marks a number at the very end of the text, which may lack digits if the text was cut short.
    """

    text: str | None
    start: int
    end: int
    source: Source
    plain: bool = True
    last: bool = False


def same_name(name: str) -> str:
    """The form in which names are compared: case, underscores, hyphens and spaces do not count."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def json_values(text: str, names: frozenset[str]) -> list[Named]:
    """Every value given under one of the `names` (as `same_name` makes them) as in JSON, nested or not."""
    tokens = list(_TOKEN.finditer(text))
    blocks = _blocks(text, tokens)
    return [
        value
        for index, token in enumerate(tokens)
        if _is_name(text, tokens, index) and same_name(token.group()[1:-1]) in names
        for value in _value(text, tokens, index + 2, _source(text, blocks, token.start()))
    ]


def holds_object(text: str) -> bool:
    """Whether a whole JSON object or array of objects stands in the text."""
    return any(
        text[start] == "{" or "{" in text[start:end] for start, end in _blocks(text, list(_TOKEN.finditer(text)))
    )


def listed_values(text: str, names: frozenset[str]) -> tuple[list[Named], str]:
    """Values of clauses such as "Valence: 7" under one of the `names`; and the text outside such clauses."""
    values, rest = [], []
    for start, end in _segments(text):
        mark = re.compile("[:=]").search(text, start, end)
        name = same_name(text[start : mark.start()].strip(_DECORATION)) if mark else ""
        if mark is None or not name or len(name) > _LONGEST_NAME:
            rest.append(text[start:end])
        elif name in names:
            values.append(_rest_of_line(text, mark.end(), end))
    return values, "\n".join(rest)


def _rest_of_line(text: str, start: int, end: int) -> Named:
    value = text[start:end]
    whole = not (value.lstrip().startswith('"') and value.count('"') == 1)
    return Named(value if whole else None, start, end, "text")


def _segments(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for stop in _BREAK.finditer(text):
        yield start, stop.start()
        start = stop.end()
    yield start, len(text)


def _blocks(text: str, tokens: list[re.Match[str]]) -> list[tuple[int, int]]:
    """The outermost braces or brackets that hold sound JSON, each from its first character to its end."""
    blocks, depth, start = [], 0, 0
    for token in tokens:
        if token.group() in ("{", "["):
            start = start if depth else token.start()
            depth += 1
        elif token.group() in ("}", "]") and depth:
            depth -= 1
            if not depth and _sound(text[start : token.end()]):
                blocks.append((start, token.end()))
    return blocks


def _sound(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _source(text: str, blocks: list[tuple[int, int]], position: int) -> Source:
    if not any(start <= position < end for start, end in blocks):
        return "text"
    return "fence" if text.count("```", 0, position) % 2 else "json"


def _is_name(text: str, tokens: list[re.Match[str]], index: int) -> bool:
    if tokens[index]["close"] is None or index + 1 >= len(tokens) or tokens[index + 1].group() != ":":
        return False
    return not text[tokens[index].end() : tokens[index + 1].start()].strip()


def _value(text: str, tokens: list[re.Match[str]], index: int, source: Source) -> list[Named]:
    """The value whose first token is `index`: none where something else than JSON stands there."""
    colon = tokens[index - 1].end()
    if index >= len(tokens):
        return [] if text[colon:].strip() else [Named(None, colon, colon, source)]
    token = tokens[index]
    if text[colon : token.start()].strip():
        return []
    if token.group() in ("{", "["):
        return [_only_scalar(text, tokens, index, source)]
    follows = text[token.end() : token.end() + 80].lstrip()[:1]
    return [_scalar(text, token, source)] if follows in ("", ",", "}", "]") else []


def _only_scalar(text: str, tokens: list[re.Match[str]], index: int, source: Source) -> Named:
    """The single value inside a nested object or array, whatever its name."""
    depth, scalars, end = 0, [], tokens[index].end()
    for place in range(index, min(len(tokens), index + _LONGEST_NEST)):
        token = tokens[place]
        depth += (token.group() in ("{", "[")) - (token.group() in ("}", "]"))
        end = token.end()
        if not depth:
            break
        if token["mark"] is None and not _is_name(text, tokens, place):
            scalars.append(token)
    start = tokens[index].start()
    return _scalar(text, scalars[0], source) if len(scalars) == 1 and not depth else Named(None, start, end, source)


def _scalar(text: str, token: re.Match[str], source: Source) -> Named:
    start, end = token.span()
    if token["number"] is not None:
        return Named(token.group(), start, end, source, last=not text[end:].strip())
    if token["close"] is None:
        return Named(None, start, end, source)
    inner = text[start + 1 : end - 1]
    if "\\" not in inner:
        return Named(inner, start + 1, end - 1, source)
    return Named(_decoded(token.group()), start + 1, end - 1, source, plain=False)


def _decoded(string: str) -> str | None:
    try:
        return str(json.loads(string))
    except ValueError:
        return None
