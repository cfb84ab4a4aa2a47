"""Findings on the run itself: answers that could not be read, numbers off the scale, images that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, Severity, in_per_cent, per_cent
from vlmrate.stats import Share, Skipped, wilson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.run_quality import AnswerQuality, RunQuality

LARGE, MODERATE = 0.05, 0.01
"""Shares of answers or ratings that went wrong."""
_NO_VALUE = {
    "refused": "refused",
    "off-list": "that the study does not offer",
    "no-face": "without a face that was found",
    "unasked": "not asked for",
}


def run_findings(runs: tuple[RunQuality, ...], level: float) -> Iterator[Finding]:
    """Whatever went wrong in a run, once a rater and item."""
    for run in runs:
        failed = Share(run.failed + run.unreadable, max(run.planned, run.failed + run.unreadable), "ratings")
        yield from _went_wrong(run.name, "", failed, f"{run.name} has no rating of", "ratings asked for", level, "runs")
        for answers in run.answers:
            usual, why = _without_value(answers)
            words = f"{run.name} gave no {usual} answer on {answers.item} in"
            yield from _went_wrong(run.name, answers.item, answers.invalid, words, "answers", level, "answers", why)
            words = f"{run.name} left the scale of {answers.item}, and was set to its nearest end, in"
            yield from _went_wrong(run.name, answers.item, answers.clamped, words, "answers", level, "answers")


def _without_value(answers: AnswerQuality) -> tuple[str, str]:
    """How answers without a value are called, and of what kind they are where not all could simply not be read."""
    found = {_NO_VALUE[route.route]: route.answers for route in answers.routes if route.route in _NO_VALUE}
    unread = answers.invalid.numerator - sum(found.values())
    if not found:
        return "readable", ""
    kinds = [f"{count:,} {kind}" for kind, count in found.items()]
    kinds += [f"{unread:,} that could not be read"] if unread else []
    return "usable", f": {', '.join(kinds)}"


def _went_wrong(  # each is a part of the sentence
    rater: str, item: str, wrong: Share, words: str, of_what: str, level: float, table: str, why: str = ""
) -> Iterator[Finding]:
    share = wilson(wrong.numerator, wrong.denominator, level, name=f"share of {of_what}")
    if isinstance(share, Skipped) or wrong.numerator == 0:
        return
    severity: Severity = "small"
    if share.value >= MODERATE:
        severity = "large" if share.value >= LARGE else "moderate"
    sentence = (
        f"{words} {wrong.numerator:,} of {wrong.denominator:,} {of_what} "
        f"({per_cent(share.value)}, {in_per_cent(share)}){why}."
    )
    yield Finding(rater, item, "run", severity, sentence, share, None, None, table)
