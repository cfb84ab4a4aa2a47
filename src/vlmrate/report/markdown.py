"""Tables and words as GitHub-flavoured Markdown; whatever comes from outside is escaped."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from vlmrate.report.commands import cut, edged
from vlmrate.report.layout import is_right_aligned, layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.report.layout import Layout, Line
    from vlmrate.report.table import Table

_ACTIVE = re.compile(r"([\\`*{}\[\]|#~])")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_NUMBERS_ONLY = re.compile(r"[−–<\d.,\[\] ]*")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def escaped(words: str) -> str:
    """Words from outside (names, labels, model text) that Markdown shall show as they are, on one line.

    >>> escaped("a|b `c` <script>")
    'a\\\\|b \\\\`c\\\\` &lt;script>'
    """
    line = " ".join(plain(words).split())
    # Only what would begin a tag, an entity or, at the very start, a quotation: p < .001 stays readable as text.
    line = _TAG.sub("&lt;", _ENTITY.sub("&amp;", line))
    line = f"&gt;{line[1:]}" if line.startswith(">") else line
    return _EDGE_UNDERSCORE.sub(r"\\_", _ACTIVE.sub(r"\\\1", line))


def sentence(words: str) -> str:
    """A sentence of the report, escaped but for the commands in it, which are shown as code.

    >>> sentence("none yet; `vlmrate infer` asks a *model*")
    'none yet; `vlmrate infer` asks a \\\\*model\\\\*'
    """
    return "".join(f"`{piece}`" if command else edged(piece, escaped) for piece, command in cut(words))


def plain(words: str) -> str:
    """Words without control and direction characters, which could rewrite a terminal's line; blanks stay blanks."""
    kept = (" " if character.isspace() else character for character in words)
    return "".join(character for character in kept if unicodedata.category(character) not in {"Cc", "Cf"})


def markdown(table: Table, level: int = 2, label: str | None = None) -> str:
    """A table with its title (behind a label such as Table 1) as a heading of `level`, and its notes below.

    Ends without a line break. Markdown knows no spanners: they stand before the titles of their columns.
    """
    shown = layout(table)
    heading = table.title if label is None else f"{label}. {table.title}"
    return "\n\n".join([f"{'#' * level} {escaped(heading)}", _grid(shown), *_notes(shown)])


def _notes(shown: Layout) -> list[str]:
    if not shown.notes:
        return []
    return ["*Note.* " + "  \n".join(escaped(note) for note in shown.notes)]


def _grid(shown: Layout) -> str:
    header = [escaped(shown.title(i)) for i in range(len(shown.columns))]
    rule = ["---:" if is_right_aligned(column) else "---" for column in shown.columns]
    return "\n".join(_row(cells) for cells in [header, rule, *(_cells(line) for line in shown.lines)])


def _cells(line: Line) -> list[str]:
    if line.heading:
        return [f"**{escaped(line.cells[0])}**", *line.cells[1:]]
    # Numbers in brackets are no link: escaping them would only hurt those who read the file as text.
    return [cell if _NUMBERS_ONLY.fullmatch(cell) else escaped(cell) for cell in line.cells]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
