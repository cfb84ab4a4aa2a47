"""One page that answers what a reader asks first of each rater: how good, in whose place, biased where, how sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.analysis.data import NO_EMOTION
from vlmrate.analysis.findings.finding import SEVERITIES, in_bounds, in_per_cent, in_points, per_cent
from vlmrate.analysis.lookup import of_item, of_rater
from vlmrate.apa import bounded, decimal
from vlmrate.stats import Estimate, Outcome, Skipped
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vlmrate.analysis.bias import ItemBias
    from vlmrate.analysis.findings import Finding
    from vlmrate.analysis.reliability import ItemReliability
    from vlmrate.analysis.run_quality import RunQuality
    from vlmrate.analysis.study import Analysis

MOST = 3
"""Findings told in answer to one question; the others are in the list of findings."""
NO_RATINGS = "It cannot be told: that needs ratings on a scale, by the rater and by people."


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
        if isinstance(found, Skipped):
            continue
        people = "" if isinstance(found.r, Skipped) else _people(of_item(analysis.reliability, item.item))
        told = f"r {_bounded(found.r)}{people}, MAE {_points(found.mae)}"
        yield f"{_capital(item.item)}, {found.n:,} images: {told}."


def _bounded(value: Outcome) -> str:
    return (
        f"not computed ({value.reason})"
        if isinstance(value, Skipped)
        else f"{bounded(value.value)} ({in_bounds(value)})"
    )


def _points(value: Outcome) -> str:
    return (
        f"not computed ({value.reason})"
        if isinstance(value, Skipped)
        else f"{decimal(value.value, 2)} ({in_points(value)})"
    )


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


def _stand_in(analysis: Analysis, run: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    told = [*_verdicts(analysis, run, found)]
    yield from told or [NO_RATINGS]
    knows = next((setting.value for setting in run.settings if setting.name == "knows"), None)
    if knows is not None:
        yield f"But it is no model: it knows {knows}."


def _verdicts(analysis: Analysis, run: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    yield from (finding.sentence for finding in found if finding.about == "replacement")
    if isinstance(analysis.replacement, Skipped):
        yield f"It cannot be told: {analysis.replacement.reason}."
        return
    for item in analysis.replacement:
        rater = of_rater(item.raters, run.name)
        if not isinstance(rater, Skipped) and isinstance(rater.stand_in, Skipped):
            yield f"{_capital(item.item)}: it cannot be told; {rater.stand_in.reason}."


def _bias(analysis: Analysis, run: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    if isinstance(analysis.bias, Skipped):
        yield f"It cannot be told: {analysis.bias.reason}."
        return
    overall = [*_overall_bias(analysis.bias, run.name)]
    accuracy = [finding for finding in found if finding.about == "group accuracy"]
    if overall:
        yield from overall
        yield from _bias_apart(analysis, found)
    else:
        yield NO_RATINGS
    if not isinstance(analysis.group_accuracy, Skipped):
        yield from _largest(analysis, accuracy, "groups", "difference in accuracy between groups")


def _bias_apart(analysis: Analysis, found: Sequence[Finding]) -> Iterator[str]:
    """The bias in emotions, and the differences in it between groups."""
    if any(factor.part == "emotion" for factor in analysis.design.factors):
        in_emotions = [finding for finding in found if finding.about == "bias"]
        yield from _largest(analysis, in_emotions, "emotions", "bias in an emotion")
    else:
        yield f"In emotions it cannot be told: {NO_EMOTION.reason}."
    if isinstance(analysis.group_bias, Skipped):
        yield f"Groups: {analysis.group_bias.reason}."
        return
    groups = [finding for finding in found if finding.about == "groups"]
    yield from _largest(analysis, groups, "groups", "difference in bias between groups")


def _overall_bias(items: tuple[ItemBias, ...], rater: str) -> Iterator[str]:
    """The bias over all images, whatever it is."""
    for item in items:
        found = of_rater(item.raters, rater)
        if isinstance(found, Skipped):
            continue
        unit = " points, rater minus people" if isinstance(found.overall, Estimate) else ""
        yield f"{_capital(item.item)}, over all images: {_points(found.overall)}{unit}."


def _tells_apart(analysis: Analysis, run: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    told = [*_within(analysis, run.name)]
    told += [finding.sentence for finding in found if finding.rests_on in {"collapse", "decoding"}]
    yield from told or [NO_RATINGS]


def _within(analysis: Analysis, rater: str) -> Iterator[str]:
    """For each scale: r within emotions, and how widely the rater spreads its numbers beside people's means."""
    for item in () if isinstance(analysis.dimensions, Skipped) else analysis.dimensions:
        found = of_rater(item.raters, rater)
        spread = of_item(analysis.spread, item.item)
        of_spread = spread if isinstance(spread, Skipped) else of_rater(spread.raters, rater)
        if isinstance(found, Skipped):
            continue
        ratio = of_spread if isinstance(of_spread, Skipped) else of_spread.overall.ratios.image_means
        spread_told = (
            f"its SD over all images is {_points(ratio)} times that of people's means"
            if isinstance(ratio, Estimate)
            else f"the ratio of its SD to that of people's means was {_points(ratio)}"
        )
        yield f"{_capital(item.item)}: r within emotions {_bounded(found.r_within)}; {spread_told}."


def _went_wrong(analysis: Analysis, run: RunQuality, found: Sequence[Finding]) -> Iterator[str]:
    told = [finding.sentence for finding in found if finding.about == "run"]
    due = run.due(analysis.design.images)
    missing = due - run.rated
    if missing > 0:
        yield f"{missing:,} of {due:,} ratings are missing."
    yield from told
    if not told and missing <= 0:
        yield f"Nothing: all {run.rated:,} ratings were made, and every answer could be read and lay on its scale."


def _largest(analysis: Analysis, found: Sequence[Finding], of_what: str, none: str) -> Iterator[str]:
    """The largest of several findings of one kind, and how many more there are."""
    if not found:
        yield f"No {none} was shown; that is not to say that there is none."
        return
    ordered = sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), -_size(analysis, finding)))
    yield from (finding.sentence for finding in ordered[:MOST])
    if len(ordered) > MOST:
        yield f"{len(ordered) - MOST:,} more differences in {of_what} are among the findings."


def _size(analysis: Analysis, finding: Finding) -> float:
    """How far a difference lies from none: the log of a ratio, or points as a share of the scale's range."""
    value = finding.evidence.value
    if finding.about == "group accuracy":
        return abs(math.log(value)) if value > 0 else math.inf
    ranges = {
        item.name: item.scale.high - item.scale.low for item in analysis.design.items if isinstance(item.scale, Likert)
    }
    return abs(value) / ranges[finding.item]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


_QUESTIONS: tuple[tuple[str, Callable[[Analysis, RunQuality, Sequence[Finding]], Iterator[str]]], ...] = (
    ("How good is it?", _how_good),
    ("May it replace a person?", _stand_in),
    ("Where is it biased?", _bias),
    ("Does it tell images apart?", _tells_apart),
    ("What went wrong in the run?", _went_wrong),
)
