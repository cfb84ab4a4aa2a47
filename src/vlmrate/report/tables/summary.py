"""The first page: each rater in short, and everything found in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import SEVERITIES
from vlmrate.report.table import Part, Reference, Table, section, stub, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.findings import Finding
    from vlmrate.report.table import Cell


def summary_tables(analysis: Analysis) -> Iterator[Table]:
    """A table of questions and answers a rater, and one of all findings."""
    yield Table(
        id="summary",
        title="Each rater in short",
        part=Part.SUMMARY,
        columns=(section("rater", "Rater"), stub("question", "Question"), text("answer", "Answer")),
        rows=tuple(
            (entry.rater, reply.question, reply.answer) for entry in analysis.summaries for reply in entry.replies
        ),
    )
    yield Table(
        id="findings",
        title="What was found",
        part=Part.SUMMARY,
        columns=(
            section("rater", "Rater"),
            stub("severity", "Severity", order=SEVERITIES),
            text("item", "Item"),
            text("finding", "Finding"),
            text("rests_on", "Rests on"),
        ),
        rows=tuple(_row(finding) for finding in analysis.findings),
        notes=(
            "Every finding has an interval. A difference is told only where its interval leaves out none and, where it "
            "was one of many tests, its corrected p (Holm) is .05 or less. "
            "Large: an eighth of the scale's range or more (1 point on 1 to 9), "
            "half of a label's images, twice people's SD or another group's accuracy, 5 % of the answers; moderate: "
            "half of that, a quarter, 1.25 times, 1 %. A note says how things stand.",
        ),
        main=False,
    )


def _row(finding: Finding) -> tuple[Cell, ...]:
    rests_on = Reference(finding.rests_on, finding.item)
    return (finding.rater, finding.severity, finding.item or None, finding.sentence, rests_on)
