"""What could not be computed and stands in no table: nothing is skipped without a reader learning of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from vlmrate.analysis.asked import NO_TEST
from vlmrate.report.table import Part
from vlmrate.stats import Skipped
from vlmrate.stats.calibration import NO_GROUPS_NAMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.report.table import Table


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """A field of the analysis, the part of the report that answers it, and what it is called there."""

    field: str
    part: Part
    words: str


QUESTIONS = (
    Question("reliability", Part.PEOPLE, "Reliability of people"),
    Question("classification", Part.CLASSIFICATION, "Classification"),
    Question("pairs", Part.COMPARISON, "Pairs of raters"),
    Question("dimensions", Part.AGREEMENT, "Agreement with people"),
    Question("baselines", Part.AGREEMENT, "Baselines"),
    Question("limits", Part.AGREEMENT, "Limits of agreement"),
    Question("calibration", Part.AGREEMENT, "Calibration"),
    Question("bias", Part.BIAS, "Bias"),
    Question("split", Part.BIAS, "Bias by right and wrong label"),
    Question("mixed_bias", Part.BIAS, "Bias by mixed models"),
    Question("group_bias", Part.GROUPS, "Bias between groups"),
    Question("profile", Part.GROUPS, "Bias profile"),
    Question("group_accuracy", Part.GROUPS, "Accuracy between groups"),
    Question("group_models", Part.GROUPS, "Bias between groups by mixed models"),
    Question("intersections", Part.GROUPS, "Intersections of groups"),
    Question("spread", Part.SPREAD, "Spread"),
    Question("decoding", Part.SPREAD, "Collapse and decoding"),
    Question("replacement", Part.REPLACEMENT, "Standing in for a person"),
    Question("comparison", Part.COMPARISON, "Ranking of raters"),
    Question("strength", Part.COMPARISON, "Strength on one scale and another"),
    Question("repeats", Part.COMPARISON, "Repeats"),
    Question("protocols", Part.COMPARISON, "Protocols"),
    Question("ablations", Part.COMPARISON, "Ablations"),
    Question("thinking", Part.COMPARISON, "Thinking"),
    Question("gains", Part.COMPARISON, "Gains of derived raters"),
    Question("trends", Part.COMPARISON, "Trends with size"),
    Question("published", Part.PUBLISHED, "Published values"),
    Question("inside", Part.INSIDE, "Inside the model"),
    Question("runs", Part.RUNS, "Quality of the answers"),
)
NAMES = ("item", "rater", "name")
"""Fields that say of what a result is; a skipped result is told by those on the way to it."""
MOST_PLACES = 6
CONSEQUENCES = (NO_TEST.reason, NO_GROUPS_NAMED.reason)
"""Reasons that only follow from another one, which is told, or of what nobody asks: a line for all images alike."""


def left_out(analysis: Analysis, part: Part, tables: Iterable[Table]) -> tuple[str, ...]:
    """A sentence for every question of a part, or piece of one, that was skipped and that no table gives the reason of.

    `tables` are those of the whole report: their notes tell the reasons of what they show as skipped.
    """
    if not analysis.runs and part is not Part.PEOPLE:
        return ()  # the opening says that no rater has rated yet, and everything else needs one
    told = {cell.reason for table in tables for row in table.rows for cell in row if isinstance(cell, Skipped)}
    asked = [question for question in QUESTIONS if question.part is part]
    return tuple(sentence for question in asked for sentence in _of_question(analysis, question, told))


def _of_question(analysis: Analysis, question: Question, told: set[str]) -> Iterator[str]:
    whole = getattr(analysis, question.field)
    if isinstance(whole, Skipped):
        yield f"{question.words}: {_clause(whole.reason)}."
        return
    places: dict[str, dict[str, None]] = {}
    for names, reason in skipped(whole):
        if reason not in told and reason not in CONSEQUENCES:
            places.setdefault(reason, {})[", ".join(names)] = None
    for reason, at in places.items():
        yield f"{question.words}{_places([place for place in at if place])}: {_clause(reason)}."


def _places(places: Sequence[str]) -> str:
    if len(places) <= 1:
        return "".join(f", {place}" for place in places)
    more = f"; and {len(places) - MOST_PLACES:,} more" if len(places) > MOST_PLACES else ""
    return f" ({'; '.join(places[:MOST_PLACES])}{more})"


def _clause(reason: str) -> str:
    return reason.rstrip(".")


def skipped(value: object, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every skipped result within a result: the names on the way to it, and the reason."""
    if isinstance(value, Skipped):
        yield names, value.reason
    elif isinstance(value, tuple):
        for entry in value:
            yield from skipped(entry, names)
    elif dataclasses.is_dataclass(value):
        own = [getattr(value, name, None) for name in NAMES]
        here = (*names, *(name for name in own if isinstance(name, str)))
        for field in dataclasses.fields(value):
            yield from skipped(getattr(value, field.name), here)
