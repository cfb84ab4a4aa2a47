"""Channels beside one another: a panel a measure, a line a channel."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.forest import Forest, Line, Panel, draw_forest, told_lines
from vlmrate.report.figures.style import COLOURS, Look
from vlmrate.report.figures.words import listed, points, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.compare import compared_name
from vlmrate.report.tables.naming import slug
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.compare import Compared, CompareOutcome

CHANGE = "change against the baseline"


def compare_figures(outcomes: Sequence[CompareOutcome]) -> Iterator[Figure]:
    """A figure a direction; none where it was skipped."""
    for outcome in outcomes:
        if not isinstance(outcome.found, Skipped) and (forest := _forest(outcome.found)).panels:
            yield _figure(outcome, outcome.found, forest)


def _figure(outcome: CompareOutcome, found: Compared, forest: Forest) -> Figure:
    whose = found.label if found.label is not None else "the intended label"
    return Figure(
        id=slug("fig-compare", outcome.model, outcome.direction),
        title=f"What moves the answers, channel by channel: {compared_name(outcome)}",
        part=Part.INSIDE,
        caption=sentences(
            "Change of each measure against the same model in its usual way, on the same images, with 95 % intervals "
            "from drawing identities. Valence and the like are expected ratings in scale points; probability is that "
            f"of {whose}. Up and down add and take off {found.dose:g} class effects along {outcome.direction}; random "
            "directions are as long. Panels have axes of their own, and channels are not to be added.",
        ),
        alt=sentences(
            f"Forest plot of changes in {listed([panel.title for panel in forest.panels])} by channel.",
            *(told_lines(panel, CHANGE, points) for panel in forest.panels),
        ),
        draw=partial(draw_forest, forest, {CHANGE: Look(COLOURS[0], "o")}),
    )


def _forest(found: Compared) -> Forest:
    lines: dict[str, list[Line]] = {}
    for channel in found.channels:
        for one in channel.measures:
            if isinstance(one.change, Estimate):
                lines.setdefault(one.name, []).append(Line(channel.name, CHANGE, one.change))
    panels = tuple(Panel(title(name), tuple(told)) for name, told in lines.items())
    groups = tuple(dict.fromkeys(line.group for panel in panels for line in panel.lines))
    return Forest(panels, groups, (CHANGE,), CHANGE, 0.0, apart=True)
