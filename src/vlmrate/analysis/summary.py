"""One page that answers what a reader asks first of each rater: how good, in whose place, biased where, how sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.analysis.findings.finding import SEVERITIES, in_bounds, in_per_cent, in_points, per_cent
from vlmrate.analysis.lookup import of_item, of_rater
from vlmrate.apa import bounded, decimal
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vlmrate.analysis.dimensions import ItemDimension
    from vlmrate.analysis.findings import Finding
    from vlmrate.analysis.reliability import ItemReliability
    from vlmrate.analysis.run_quality import RunQuality
    from vlmrate.analysis.study import Analysis

MOST = 3
"""Findings told in answer to one question; the others are in the list of findings."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A question and its answer in plain sentences."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class RaterSummary:
    """One rater in short."""

    rater: str
    replies: tuple[Reply, ...]


def summaries(analysis: Analysis) -> tuple[RaterSummary, ...]:
    """Every rater in short, from the analysis and its findings."""
    return tuple(RaterSummary(run.name, tuple(_replies(analysis, run))) for run in analysis.runs)


def _replies(analysis: Analysis, run: RunQuality) -> Iterator[Reply]:
    found = [finding for finding in analysis.findings if finding.rater == run.name]
    for question, answer in _QUESTIONS:
        yield Reply(question, " ".join(answer(analysis, run, found)))


def _how_good(analysis: Analysis, run: RunQuality, _: Sequence[Finding]) -> Iterator[str]:
    told = [*_labels(analysis, run.name), *_numbers(analysis, run.name)]
    yield from told or ["It cannot be told: there is neither an intended answer nor a rating by people."]


def _labels(analysis: Analysis, rater: str) -> Iterator[str]:
    for item in () if isinstance(analysis.classification, Skipped) else analysis.classification:
        found = of_rater(item.raters, rater)
        if isinstance(found, Skipped) or isinstance(found.scores, Skipped):
            continue
        accuracy, kappa = found.scores.accuracy, found.scores.kappa
        if isinstance(accuracy, Estimate):
            with_kappa = f", kappa {bounded(kappa.value)} ({in_bounds(kappa)})" if isinstance(kappa, Estimate) else ""
            intended = f"{per_cent(accuracy.value)} as intended ({in_per_cent(accuracy)})"
            yield f"{_capital(item.item)}: {intended}{with_kappa}."


def _numbers(analysis: Analysis, rater: str) -> Iterator[str]:
    for item in () if isinstance(analysis.dimensions, Skipped) else analysis.dimensions:
        found = of_rater(item.raters, rater)
        if isinstance(found, Skipped) or not isinstance(found.r, Estimate):
            continue
        mae = f", MAE {decimal(found.mae.value, 2)} ({in_points(found.mae)})" if isinstance(found.mae, Estimate) else ""
        people = _people(of_item(analysis.reliability, item.item))
        yield f"{_capital(item.item)}: r {bounded(found.r.value)} ({in_bounds(found.r)}){people}{mae}."


def _people(people: ItemReliability | Skipped) -> str:
    """The ceiling that people set, and what one of them reaches."""
    if isinstance(people, Skipped):
        return ""
    one, ceiling = people.one_person.r, people.ceiling
    told = [
        f"the ceiling is {bounded(ceiling.value)}" if isinstance(ceiling, Estimate) else "",
        f"one person reaches {bounded(one.value)}" if isinstance(one, Estimate) else "",
    ]
    words = ", ".join(part for part in told if part)
    return f" where {words}" if words else ""


def _stand_in(analysis: Analysis, _: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    told = [finding.sentence for finding in found if finding.about == "replacement"]
    if told:
        yield from told
    elif isinstance(analysis.replacement, Skipped):
        yield f"It cannot be told: {analysis.replacement.reason}."
    else:
        yield "It cannot be told: no person shares enough images with the rater and with others."


def _bias(analysis: Analysis, _: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    if isinstance(analysis.bias, Skipped):
        yield f"It cannot be told: {analysis.bias.reason}."
        return
    emotions = [finding for finding in found if finding.about == "bias" and finding.adjusted is not None]
    groups = [finding for finding in found if finding.about in {"groups", "group accuracy"}]
    if emotions:
        yield from _largest(emotions, "emotions")
    else:
        yield "No bias in an emotion was told from none."
    if groups:
        yield from _largest(groups, "groups")
    elif isinstance(analysis.group_bias, Skipped):
        yield f"Groups: {analysis.group_bias.reason}."
    else:
        yield "No difference between groups was told from none, after correction."


def _tells_apart(analysis: Analysis, run: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    within = list(_within(analysis.dimensions, run.name))
    yield from within
    told = [finding.sentence for finding in found if finding.about in {"spread", "decoding"}]
    yield from told
    if not within and not told:
        yield "It cannot be told: that needs emotions and ratings by people."
    elif not any(finding.about == "spread" for finding in found):
        yield "Its numbers spread neither less nor far more than those of people."


def _within(items: tuple[ItemDimension, ...] | Skipped, rater: str) -> Iterator[str]:
    for item in () if isinstance(items, Skipped) else items:
        found = of_rater(item.raters, rater)
        if not isinstance(found, Skipped) and isinstance(found.r_within, Estimate):
            yield f"Within emotions, {item.item}: r {bounded(found.r_within.value)} ({in_bounds(found.r_within)})."


def _went_wrong(analysis: Analysis, run: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    told = [finding.sentence for finding in found if finding.about == "run"]
    missing = analysis.design.images * run.repeats - run.rated
    if missing > 0:
        yield f"{missing:,} of {analysis.design.images * run.repeats:,} ratings are missing."
    yield from told
    if not told and missing <= 0:
        yield f"Nothing: all {run.rated:,} ratings were made, and every answer could be read and lay on its scale."


def _largest(found: Iterable[Finding], of_what: str) -> Iterator[str]:
    """The largest of several findings by severity and size, and how many more there are."""
    ordered = sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), -abs(finding.evidence.value)))
    yield from (finding.sentence for finding in ordered[:MOST])
    if len(ordered) > MOST:
        yield f"{len(ordered) - MOST:,} smaller differences in {of_what} are among the findings."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


_QUESTIONS: tuple[tuple[str, Callable[[Analysis, RunQuality, Sequence[Finding]], Iterator[str]]], ...] = (
    ("How good is it?", _how_good),
    ("May it replace a person?", _stand_in),
    ("Where is it biased?", _bias),
    ("Does it tell images apart?", _tells_apart),
    ("What went wrong in the run?", _went_wrong),
)
