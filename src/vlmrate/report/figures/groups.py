"""The bias profile: how a rater's bias differs between groups of people shown, a panel an item."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.forest import Forest, Line, Panel, draw_forest, told_lines
from vlmrate.report.figures.style import rater_looks
from vlmrate.report.figures.words import FEW, listed, plain, points, sentences, value
from vlmrate.report.table import Part
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.group_bias import GroupBiasOf, ItemGroupBias

MOST_PAIRS = 15
"""Pairs of groups one panel holds."""


def group_figures(analysis: Analysis) -> Iterator[Figure]:
    """One figure of all items with a scale that people rated, where the study names groups."""
    if isinstance(analysis.group_bias, Skipped):
        return
    panels = tuple(panel for item in analysis.group_bias if (panel := Panel(item.item, _lines(item))).lines)
    if not panels:
        return
    every = tuple(dict.fromkeys(line.group for panel in panels for line in panel.lines))
    groups = every if len(every) <= MOST_PAIRS else _widest(panels)
    panels = tuple(Panel(p.title, tuple(line for line in p.lines if line.group in groups)) for p in panels)
    raters = tuple(run.name for run in analysis.runs if any(run.name == line.rater for p in panels for line in p.lines))
    forest = Forest(panels, groups, raters, "Difference in bias, in scale points")
    write = points if len(raters) <= FEW else value
    yield Figure(
        id="fig-bias-groups",
        title="Differences in bias between groups of people shown",
        part=Part.GROUPS,
        caption=sentences(
            "Each line compares two groups: (rater − people) in the first minus the same in the second, with its "
            f"{100 * panels[0].lines[0].estimate.level:g} % interval. At 0 the rater treats both as people do; to the "
            "right it rates the first group higher than people would, to the left lower.",
            *(_clearest(panel) for panel in panels),
            f"Drawn are the {len(groups)} widest of {len(every)} pairs of groups." if len(groups) < len(every) else "",
        ),
        alt=sentences(
            f"Forest plot of differences in bias between groups in {listed([panel.title for panel in panels])}.",
            *(told_lines(panel, rater, write) for panel in panels for rater in raters),
        ),
        draw=partial(draw_forest, forest, rater_looks(analysis)),
    )


def pair_of(gap: GroupBiasOf) -> str:
    """A pair of groups in words, as the axis has it."""
    return f"{plain(str(gap.gap.group), 16)} − {plain(str(gap.gap.reference), 16)}"


def _lines(item: ItemGroupBias) -> tuple[Line, ...]:
    if isinstance(item.raters, Skipped):
        return ()
    return tuple(
        Line(pair_of(gap), gap.rater, gap.gap.bias) for gap in item.raters if isinstance(gap.gap.bias, Estimate)
    )


def _widest(panels: tuple[Panel, ...]) -> tuple[str, ...]:
    size: dict[str, float] = {}
    for line in (line for panel in panels for line in panel.lines):
        size[line.group] = max(size.get(line.group, 0.0), abs(line.estimate.value))
    kept = sorted(size, key=lambda group: -size[group])[:MOST_PAIRS]
    return tuple(group for group in size if group in kept)


def _clearest(panel: Panel) -> str:
    clear = [line for line in panel.lines if line.estimate.ci_low > 0 or line.estimate.ci_high < 0]
    count = f"{panel.title}: {len(clear)} of {len(panel.lines)} intervals exclude 0"
    if not clear:
        return f"{count}."
    widest = max(clear, key=lambda line: abs(line.estimate.value))
    return f"{count}; the largest of them is {widest.rater}'s, {widest.group}, {points(widest.estimate)}."
