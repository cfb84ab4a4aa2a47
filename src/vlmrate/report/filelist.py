"""Where a report's files lie, in a few lines for the person at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.formats import Format
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vlmrate.report.formats import Written

NAMES = {
    Format.JSON: "Data",
    Format.CSV: "Tables",
    Format.FIGURES: "Figures",
    Format.MARKDOWN: "Text",
    Format.HTML: "Report",
    Format.LATEX: "LaTeX",
    Format.WORD: "Word",
}
LAST = (Format.MARKDOWN, Format.HTML)
"""What is opened first stands last, where the eye rests."""


def file_lines(written: Iterable[Written]) -> Iterator[str]:
    """A line a format, the report itself last."""
    for entry in sorted(written, key=lambda entry: entry.format in LAST):
        if entry.files:
            yield f"{NAMES[entry.format]}: {_where(entry)}"


def _where(entry: Written) -> str:
    if entry.format in (Format.CSV, Format.FIGURES):
        kinds = ", ".join(sorted({path.suffix[1:].upper() for path in entry.files}))
        return f"{len(entry.files):,} files ({kinds}) in {shown(entry.files[0].parent)}"
    return shown(entry.files[0])
