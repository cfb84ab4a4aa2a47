"""A group taken out of the model: what becomes of each level's bias, and how well the group can still be told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.forest import Forest, Line, Panel, draw_forest, told_lines
from vlmrate.report.figures.style import COLOURS, PEOPLE, Look
from vlmrate.report.figures.words import listed, points, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import slug
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.debias import Debiased, DebiasOutcome
    from vlmrate.stats import Outcome

OWN, RANDOM, BEFORE = "the group's directions", "random directions", "nothing changed"
LOOKS = {BEFORE: Look(PEOPLE, "D"), OWN: Look(COLOURS[0], "o"), RANDOM: Look(COLOURS[1], "s")}


def debias_figures(outcomes: Sequence[DebiasOutcome]) -> Iterator[Figure]:
    """Two figures a group: bias, and what is left inside; none where it was skipped."""
    for outcome in outcomes:
        if not isinstance(outcome.found, Skipped):
            yield from _figures(f"{outcome.model}, {outcome.group}", outcome.found)


def _figures(name: str, found: Debiased) -> Iterator[Figure]:
    if (biased := _bias(found)).panels:
        yield Figure(
            id=slug("fig-debias", name),
            title=f"Change in each level's bias with the group taken out: {name}",
            part=Part.INSIDE,
            caption=sentences(
                "Change in (rater − people) of a level less that of the other levels, over emotions, when the group's "
                "directions (circles) or random ones of the same rank (squares, their mean) are taken out, with 95 % "
                "intervals from drawing identities. Left of 0 the level is rated lower than before, set against the "
                "others. Directions were learnt from other identities.",
                *(told_lines(panel, OWN, points) for panel in biased.panels[:1]),
            ),
            alt=_alt("changes in bias", biased),
            draw=partial(draw_forest, biased, LOOKS),
        )
    if (left := _left(found)).panels:
        yield Figure(
            id=slug("fig-debias-left", name),
            title=f"How well the group can be told from inside, taken out or not: {name}",
            part=Part.INSIDE,
            caption=sentences(
                "Balanced accuracy of a new linear probe on identities it never saw, with nothing changed (diamonds), "
                "the group's directions taken out (circles) and random ones (squares). The line is guessing. Edited = "
                "after the block that is changed, last = after the last.",
            ),
            alt=_alt("balanced accuracies", left),
            draw=partial(draw_forest, left, LOOKS),
        )


def _alt(what: str, forest: Forest) -> str:
    return sentences(
        f"Forest plot of {what} in {listed([panel.title for panel in forest.panels])}.",
        *(told_lines(panel, series, points) for panel in forest.panels for series in forest.raters),
    )


def _bias(found: Debiased) -> Forest:
    lines: dict[str, list[Line]] = {}
    for way in found.ways:
        for one in way.bias:
            group = f"{way.way} ({one.level})"
            lines.setdefault(one.item, []).extend(_lines(group, {OWN: one.change, RANDOM: one.random}))
    return _forest(lines, (OWN, RANDOM), "change in bias, in scale points or share of labels", 0.0, apart=True)


def _left(found: Debiased) -> Forest:
    lines: dict[str, list[Line]] = {}
    for way in found.ways:
        for one in way.left:
            told = {BEFORE: one.before, OWN: one.after, RANDOM: one.random}
            lines.setdefault(one.layer, []).extend(_lines(way.way, told))
    return _forest(lines, (BEFORE, OWN, RANDOM), "balanced accuracy", 1 / len(found.levels), apart=False)


def _lines(group: str, told: dict[str, Outcome]) -> Iterator[Line]:
    for series, estimate in told.items():
        if isinstance(estimate, Estimate):
            yield Line(group, series, estimate)


def _forest(lines: dict[str, list[Line]], series: tuple[str, ...], label: str, zero: float, *, apart: bool) -> Forest:
    panels = tuple(Panel(title(name), tuple(found)) for name, found in lines.items() if found)
    groups = tuple(dict.fromkeys(line.group for panel in panels for line in panel.lines))
    return Forest(panels, groups, series, label, zero, apart)
