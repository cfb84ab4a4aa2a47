"""An analysis as it is shown by the command: rich tables on a terminal, Markdown where a file or a program reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vlmrate.report.document import bullets, title
from vlmrate.report.markdown import escaped, markdown, plain, sentence
from vlmrate.report.opening import warnings
from vlmrate.report.table import Part
from vlmrate.report.terminal import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vlmrate.analysis import Analysis
    from vlmrate.report.outline import Section


def show(analysis: Analysis, sections: Sequence[Section], console: Console) -> None:
    """Print what was studied, the main tables, and what was left out."""
    if console.is_terminal:
        _on_terminal(analysis, sections, console)
    else:
        _as_markdown(analysis, sections, console)


def _on_terminal(analysis: Analysis, sections: Sequence[Section], console: Console) -> None:
    console.print(Text(f"Study {plain(title(analysis))}", style="bold"))
    for warning in warnings(analysis):
        console.print(Text(plain(warning), style="bold yellow"))
    for section in sections:
        if section.part is Part.SUMMARY:
            for words in section.lead:
                console.print(Text(plain(words)))
            console.print()
        for entry in section.tables:
            if entry.table.main:
                print_table(entry.table, console, entry.label)
    for words in _left_out(sections):
        console.print(Text(f"Not computed. {plain(words)}"))


def _as_markdown(analysis: Analysis, sections: Sequence[Section], console: Console) -> None:
    summary = [words for section in sections if section.part is Part.SUMMARY for words in section.lead]
    blocks = [
        f"# {escaped(title(analysis))}",
        *(f"> **{escaped(warning)}**" for warning in warnings(analysis)),
        bullets([sentence(words) for words in summary]),
        *(markdown(e.table, 2, e.label) for section in sections for e in section.tables if e.table.main),
        *(f"Not computed. {sentence(words)}" for words in _left_out(sections)),
    ]
    for block in blocks:
        console.print(Text(f"{block}\n"), soft_wrap=True)


def _left_out(sections: Sequence[Section]) -> list[str]:
    return [words for section in sections for words in section.left_out]
