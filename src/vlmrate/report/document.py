"""report.md: the study part by part, its tables and figures, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.markdown import escaped, markdown, sentence
from vlmrate.report.opening import warnings
from vlmrate.report.table import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.report.figures import Figure
    from vlmrate.report.outline import NumberedFigure, Section


def document(analysis: Analysis, sections: Sequence[Section], picture: Callable[[Figure], str] | None = None) -> str:
    """The report in Markdown; `picture` says where the file of a figure lies, None where none is written."""
    blocks = [f"# {escaped(title(analysis))}"]
    blocks.extend(f"> **{escaped(warning)}**" for warning in warnings(analysis))
    for section in sections:
        blocks.extend(_section(section, picture))
    return "\n\n".join(blocks) + "\n"


def title(analysis: Analysis) -> str:
    """What the report is called."""
    return f"{analysis.design.name}: raters beside people"


def _section(section: Section, picture: Callable[[Figure], str] | None) -> Iterator[str]:
    yield f"## {escaped(section.title)}"
    sentences = [sentence(words) for words in section.lead]
    if section.part is Part.SUMMARY:
        yield bullets(sentences)
    elif sentences:
        yield " ".join(sentences)
    for entry in section.tables:
        yield markdown(entry.table, 3, entry.label)
    if picture is not None:
        for drawn in section.figures:
            yield _figure(drawn, picture(drawn.figure))
    if section.left_out:
        yield "**Not computed**"
        yield bullets([sentence(words) for words in section.left_out])


def bullets(lines: Sequence[str]) -> str:
    """Lines of Markdown as a list."""
    return "\n".join(f"- {line}" for line in lines)


def _figure(drawn: NumberedFigure, path: str) -> str:
    figure = drawn.figure
    return (
        f"![{escaped(figure.alt)}]({path})\n\n**{drawn.label}.** *{escaped(figure.title)}.* {escaped(figure.caption)}"
    )
