"""The check as JUnit XML, which every CI system shows: a test case a row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.check.outcome import Outcome
    from vlmrate.check.verdict import Row

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, however it is written."""


def junit_text(outcome: Outcome, *, strict: bool, fail_undecided: bool) -> str:
    """Rows as test cases: `regressed` (and `changed` with `strict`) fail, `undecided` is skipped unless it fails too.

    What is only told is left out.
    """
    rows = [row for row in outcome.rows if row.verdict is not None]
    bad = {"regressed", *(["changed"] if strict else []), *(["undecided"] if fail_undecided else [])}
    failures = sum(row.verdict in bad for row in rows)
    skipped = sum(row.verdict == "undecided" for row in rows) if not fail_undecided else 0
    counts = f'tests="{len(rows)}" failures="{failures}" errors="0"'
    suite = f"vlmrate check {outcome.study}/{outcome.rater}/{outcome.protocol}"
    time = f"{outcome.seconds_per_image * outcome.images:.3f}"
    stamp = outcome.time[:19]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="vlmrate check" {counts} time="{time}">',
        f'  <testsuite name={_quoted(suite)} {counts} skipped="{skipped}" time="{time}" timestamp="{stamp}">',
        *(line for row in rows for line in _case(row, suite, failed=row.verdict in bad)),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _case(row: Row, suite: str, *, failed: bool) -> Iterator[str]:
    opened = f'    <testcase classname={_quoted(suite)} name={_quoted(row.name)} time="0"'
    message = _quoted(f"{row.verdict}: {told(row)}")
    if failed:
        yield f'{opened}><failure type="{row.verdict}" message={message}/></testcase>'
    elif row.verdict == "undecided":
        yield f"{opened}><skipped message={message}/></testcase>"
    else:
        yield f"{opened}/>"


def told(row: Row) -> str:
    """A row's finding with what was allowed and the p-value."""
    limit = f"; limit: {row.limit}" if row.limit else ""
    p = f"; p = {row.p:.4f} (Holm)" if row.p is not None else ""
    return f"{row.finding}{limit}{p}"


def _quoted(text: str) -> str:
    return quoteattr(_UNFIT.sub("?", text))
