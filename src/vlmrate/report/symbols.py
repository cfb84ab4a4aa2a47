"""Which words of a title or note are statistical symbols, that APA style sets in italics."""

from __future__ import annotations

import re
from dataclasses import dataclass

SYMBOLS = ("SD", "SE", "df", "d", "F", "k", "M", "N", "n", "p", "r", "t", "z")
"""Latin letters that stand for a statistic; Greek letters (and so alpha and kappa) stay upright."""
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_PIECE = re.compile(
    r"(?P<symbol>(?<![^\W_])(?<!['’_-])(?:" + "|".join(SYMBOLS) + r"))(?:_(?P<low>[a-z])\b|(?![\w'’-]))"
    r"|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that are set alike."""

    words: str
    italic: bool = False
    raised: bool = False
    lowered: bool = False


def pieces(words: str) -> tuple[Piece, ...]:
    """Words cut into plain ones, symbols, their indices, and raised numbers (marks of notes).

    >>> [(piece.words, piece.italic) for piece in pieces("Holm's p, n = 12")]
    [("Holm's ", False), ('p', True), (', ', False), ('n', True), (' = 12', False)]
    >>> [(piece.words, piece.lowered) for piece in pieces("d_z")]
    [('d', False), ('z', True)]
    """
    found: list[Piece] = []
    end = 0
    for match in _PIECE.finditer(words):
        found.append(Piece(words[end : match.start()]))
        if match["raised"]:
            found.append(Piece(match["raised"].translate(_SUPERSCRIPTS), raised=True))
        else:
            found.append(Piece(match["symbol"], italic=True))
            found.append(Piece(match["low"] or "", italic=True, lowered=True))
        end = match.end()
    found.append(Piece(words[end:]))
    return tuple(piece for piece in found if piece.words)
