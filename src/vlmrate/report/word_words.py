"""Words of Word, statistical symbols in italics; no word from outside can be more than words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from vlmrate.report.markdown import plain
from vlmrate.report.symbols import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docx.text.paragraph import Paragraph

Place: TypeAlias = Literal["superscript", "subscript"]


@dataclass(frozen=True, slots=True)
class Run:
    """Words that Word sets alike, on the line or (`place`) above or below it."""

    words: str
    italic: bool
    place: Place | None


def runs(words: str, *, italic: bool = False, symbols: bool = True) -> Iterator[Run]:
    """Cut words into runs; within `italic` ones symbols stand upright, as APA sets them."""
    for piece in pieces(printable(words)):
        lowered = piece.lowered and symbols
        yield Run(
            words=f"_{piece.words}" if piece.lowered and not symbols else piece.words,
            italic=(piece.italic and symbols) != italic,
            place="superscript" if piece.raised else "subscript" if lowered else None,
        )


def add_words(paragraph: Paragraph, words: str, *, italic: bool = False) -> None:
    """Add words to a paragraph, symbols set as symbols."""
    for run in runs(words, italic=italic):
        added = paragraph.add_run(run.words)
        added.italic = run.italic or None
        if run.place == "superscript":
            added.font.superscript = True
        elif run.place == "subscript":
            added.font.subscript = True


def printable(words: str) -> str:
    """Words without what XML cannot hold: control characters and halves of surrogate pairs.

    >>> printable("a\\x00b")
    'ab'
    """
    kept = (sign for sign in plain(words) if not 0xD800 <= ord(sign) <= 0xDFFF and ord(sign) not in (0xFFFE, 0xFFFF))
    return "".join(kept)
