"""Commands of vlmrate within its own sentences, which stand between backticks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = re.compile(r"`(vlmrate [\w -]+)`")
"""Of letters, digits, blanks and hyphens alone: no writer has to escape it."""


def cut(sentence: str) -> tuple[tuple[str, bool], ...]:
    """A sentence in pieces: words, and whether they are a command.

    >>> cut("none yet; `vlmrate infer` asks a model")
    (('none yet; ', False), ('vlmrate infer', True), (' asks a model', False))
    """
    pieces = ((words, i % 2 == 1) for i, words in enumerate(COMMAND.split(sentence)))
    return tuple(piece for piece in pieces if piece[0])


def edged(words: str, written: Callable[[str], str]) -> str:
    """Words as `written` writes them, with the blanks at their ends, which part them from what stands beside them."""
    before = " " if words[:1].isspace() else ""
    after = " " if words[-1:].isspace() and words.strip() else ""
    return f"{before}{written(words)}{after}"
