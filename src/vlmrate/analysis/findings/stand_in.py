"""Findings on replacement: may the rater take a person's place?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, Severity, in_per_cent, per_cent
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vlmrate.analysis.replacement import AlwaysTheSame, ItemReplacement, RaterReplacement, StandIn, Verdict

WORDS: Mapping[Verdict, str] = {
    "yes": "may stand in for a person",
    "biased": "is nearer to people than a person is, but not shown free of bias",
    "not shown": "is not shown, person by person, to stand in for one",
    "no": "may not stand in for a person",
    "unknown": "cannot be said to stand in for a person",
}
SEVERITY: Mapping[Verdict, Severity] = {
    "yes": "note",
    "biased": "moderate",
    "not shown": "moderate",
    "no": "large",
    "unknown": "note",
}


def replacement_findings(items: tuple[ItemReplacement, ...] | Skipped) -> Iterator[Finding]:
    """The verdict of each rater and item that an alternative-annotator test was made of."""
    if isinstance(items, Skipped):
        return
    for item in items:
        for rater in () if isinstance(item.raters, Skipped) else item.raters:
            yield from _rater(item.item, rater, item.always_the_same)


def _rater(item: str, rater: RaterReplacement, same: AlwaysTheSame | Skipped) -> Iterator[Finding]:
    if isinstance(rater.stand_in, Skipped) or not isinstance(rater.stand_in.advantage, Estimate):
        return
    won, advantage = rater.stand_in.won, rater.stand_in.advantage
    sentence = (
        f"In {item}, {rater.rater} {WORDS[rater.verdict]}: it beats {won.numerator:,} of {won.denominator:,} persons, "
        f"being at least as near to the others in {per_cent(advantage.value)} of images ({in_per_cent(advantage)})"
        f"{_beside(rater.stand_in, same)}."
    )
    severity = SEVERITY[rater.verdict]
    yield Finding(rater.rater, item, "replacement", severity, sentence, advantage, None, None, "replacement")


def _beside(stand_in: StandIn, same: AlwaysTheSame | Skipped) -> str:
    """What a rater without eyes would reach, where it does as well: being near to others rewards the middle."""
    if isinstance(same, Skipped) or same.stand_in.won.value < stand_in.won.value:
        return ""
    return (
        f"; that shows little, for always answering {same.answer} beats {same.stand_in.won.numerator:,} of "
        f"{same.stand_in.won.denominator:,}"
    )
