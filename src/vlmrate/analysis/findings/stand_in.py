"""Findings on replacement: may the rater take a person's place?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import Finding, Severity, in_per_cent, per_cent
from vlmrate.apa import bounded
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vlmrate.analysis.replacement import AlwaysTheSame, ItemReplacement, RaterReplacement, StandIn, Verdict

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
    tested, advantage = rater.stand_in, rater.stand_in.advantage
    sentence = (
        f"In {item}, {rater.rater} {'passes' if tested.passes else 'does not pass'} the alternative-annotator test: "
        f"granted {bounded(tested.epsilon, 2)}, it wins over {tested.won.numerator:,} of {tested.won.denominator:,} "
        f"persons, and is at least as near to the others as they are in {per_cent(advantage.value)} of images "
        f"({in_per_cent(advantage)}). {_verdict(rater, tested)}{_beside(tested, same)}"
    )
    severity = SEVERITY[rater.verdict]
    yield Finding(rater.rater, item, "replacement", severity, sentence, advantage, None, None, "replacement")


def _verdict(rater: RaterReplacement, tested: StandIn) -> str:
    """What follows from the test, and from where the bias stands beside its margin."""
    granted = bounded(tested.epsilon, 2)
    if rater.verdict == "yes":
        return "Its bias is shown to be small over all images and in every emotion: it may stand in for a person."
    if rater.verdict == "biased":
        return f"But its bias is not shown to be small{_where(rater)}."
    if rater.verdict == "no":
        return f"On average persons are nearer by more than {granted}: it may not stand in for a person."
    return f"That persons are nearer by more than {granted} on average is not shown either."


def _where(rater: RaterReplacement) -> str:
    beyond, undecided = rater.emotions("beyond"), rater.emotions("undecided")
    told = [f"too large: {', '.join(beyond)}"] if beyond else []
    told += [f"undecided: {', '.join(undecided)}"] if undecided else []
    return f" ({'; '.join(told)})" if told else ""


def _beside(tested: StandIn, same: AlwaysTheSame | Skipped) -> str:
    """What a rater without eyes would reach, where it does as well: being near to others rewards the middle."""
    if isinstance(same, Skipped) or same.stand_in.won.value < tested.won.value:
        return ""
    begins = "Winning says little here: always" if tested.passes else "Even always"
    return (
        f" {begins} answering {same.answer} wins over {same.stand_in.won.numerator:,} of "
        f"{same.stand_in.won.denominator:,}."
    )
