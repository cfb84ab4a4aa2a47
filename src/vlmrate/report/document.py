"""report.md: the study, its tables, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.markdown import escaped, markdown
from vlmrate.report.opening import SIMULATED, left_out, opening
from vlmrate.report.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis


def document(analysis: Analysis) -> str:
    """The report of an analysis in Markdown."""
    return "\n\n".join(_blocks(analysis)) + "\n"


def _blocks(analysis: Analysis) -> Iterator[str]:
    yield f"# {escaped(analysis.design.name)}: raters beside people"
    sentences = [sentence for sentence in opening(analysis) if sentence != SIMULATED]
    if analysis.design.simulated_people:
        yield f"> **{SIMULATED}**"
    yield "\n".join(f"- {escaped(sentence)}" for sentence in sentences)
    if missing := left_out(analysis):
        yield "## Not computed"
        yield "\n".join(f"- {escaped(sentence)}" for sentence in missing)
    for table in tables(analysis):
        if table.rows:
            yield markdown(table)
