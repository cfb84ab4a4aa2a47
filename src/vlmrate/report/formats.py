"""The formats of a report, and what was written in each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from vlmrate.errors import AnalysisError
from vlmrate.study.faults import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Format(Enum):
    """A format, as it is named on the command line; in the order in which they are written."""

    JSON = "json"
    """analysis.json, from which all others can be written."""
    CSV = "csv"
    """tables/*.csv."""
    FIGURES = "figures"
    """figures/*.svg, .pdf and .png."""
    MARKDOWN = "md"
    """report.md."""
    HTML = "html"
    """report.html: tables, figures and images in one file."""
    LATEX = "latex"
    """latex/*.tex, a file a table, and tables.tex with all of them."""
    WORD = "docx"
    """report.docx."""


TABLES = (Format.JSON, Format.CSV, Format.MARKDOWN)
"""What is written in no time."""
READ = (*TABLES, Format.FIGURES, Format.HTML)
"""What is written unless other formats are asked for: what is looked at."""


@dataclass(frozen=True, slots=True)
class Written:
    """The files of one format, the one to open first."""

    format: Format
    files: tuple[Path, ...]


def formats(words: str) -> tuple[Format, ...]:
    """Formats named with commas between them, each once, in the order in which they are written.

    Raises:
        AnalysisError: A name is that of no format.
    """
    known = [entry.value for entry in Format]
    asked = [word.strip().lower() for word in words.split(",") if word.strip()]
    for word in asked:
        if word not in known:
            meant = nearest(word, known)
            hint = f"; did you mean {meant}?" if meant else "."
            raise AnalysisError(f"there is no format {word!r}{hint} The formats are {', '.join(known)}")
    if not asked:
        raise AnalysisError(f"--format names no format; the formats are {', '.join(known)}")
    return in_order(Format(word) for word in asked)


def in_order(asked: Iterable[Format]) -> tuple[Format, ...]:
    """Formats, each once, in the order in which they are written."""
    wanted = set(asked)
    return tuple(entry for entry in Format if entry in wanted)
