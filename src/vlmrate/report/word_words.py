"""Words in a paragraph of Word, statistical symbols in italics; no word from outside can be more than words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.markdown import plain
from vlmrate.report.symbols import pieces

if TYPE_CHECKING:
    from docx.text.paragraph import Paragraph


def add_words(paragraph: Paragraph, words: str, *, italic: bool = False, symbols: bool = True) -> None:
    """Add words; within `italic` ones symbols stand upright, as APA sets them."""
    for piece in pieces(printable(words)):
        text = f"_{piece.words}" if piece.lowered and not symbols else piece.words
        run = paragraph.add_run(text)
        run.italic = (piece.italic and symbols) != italic or None
        if piece.raised:
            run.font.superscript = True
        elif piece.lowered and symbols:
            run.font.subscript = True


def printable(words: str) -> str:
    """Words without what XML cannot hold: control characters and halves of surrogate pairs.

    >>> printable("a\\x00b")
    'ab'
    """
    kept = (sign for sign in plain(words) if not 0xD800 <= ord(sign) <= 0xDFFF and ord(sign) not in (0xFFFE, 0xFFFF))
    return "".join(kept)
