"""What a check finds, row by row, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vlmrate.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["pass", "undecided", "changed", "regressed"]
Mode = Literal["exact", "tolerance", "statistical"]
ORDER: tuple[Verdict, ...] = ("pass", "undecided", "changed", "regressed")
"""From the mildest to the gravest: the gravest of the rows is the check's."""


class Row(Record):
    """One thing that was compared.

    `before` and `now` are in the row's own unit, None where there is none; `limit` says in words what was allowed, or
    what the subset could show; `p` is Holm's, over all tests of the check. `verdict` is None for what is only told.
    """

    name: str
    verdict: Verdict | None
    before: float | None
    now: float | None
    finding: str
    limit: str = ""
    p: float | None = None

    @property
    def aside(self) -> bool:
        """Whether it is of one group of images and found nothing: there are many of these."""
        return "=" in self.name and self.verdict not in {"changed", "regressed"}


def gravest(rows: Iterable[Row]) -> Verdict:
    """The verdict of a check with these rows."""
    return max((row.verdict for row in rows if row.verdict is not None), key=ORDER.index, default="undecided")


def exit_code(rows: Iterable[Row], *, strict: bool, fail_undecided: bool) -> int:
    """0 passed, 1 regressed (or changed with `strict`), 3 a row is undecided with `fail_undecided`."""
    rows = tuple(rows)
    verdict = gravest(rows)
    if verdict == "regressed" or (verdict == "changed" and strict):
        return 1
    undecided = verdict == "undecided" or any(row.verdict == "undecided" for row in rows)
    return 3 if undecided and fail_undecided else 0
