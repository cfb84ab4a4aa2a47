"""Bias per emotion: rater minus people with its interval, all raters beside one another, a panel an item."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.analysis.asked import ALL
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.forest import Forest, Line, Panel, draw_forest, told_lines
from vlmrate.report.figures.style import rater_looks
from vlmrate.report.figures.words import FEW, listed, points, sentences, value
from vlmrate.report.table import Part
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.bias import ItemBias


def bias_figures(analysis: Analysis) -> Iterator[Figure]:
    """One figure of all items with a scale that people rated."""
    if isinstance(analysis.bias, Skipped):
        return
    panels = tuple(panel for item in analysis.bias if (panel := Panel(item.item, _lines(item))).lines)
    if not panels:
        return
    present = {line.group for panel in panels for line in panel.lines}
    order = dict.fromkeys(line.group for panel in panels for line in panel.lines if line.group != ALL)
    groups = (*order, *({ALL} & present))
    raters = tuple(run.name for run in analysis.runs if any(run.name == line.rater for p in panels for line in p.lines))
    forest = Forest(panels, groups, raters, "Bias in scale points (rater − people)")
    write = points if len(raters) <= FEW else value
    yield Figure(
        id="fig-bias",
        title=f"Bias of {'the raters' if len(raters) > 1 else 'the rater'} by emotion"
        if order
        else "Bias of the raters",
        part=Part.BIAS,
        caption=sentences(
            f"Markers are the mean of rater − people over the images of an emotion, lines their "
            f"{100 * panels[0].lines[0].estimate.level:g} % intervals. Right of the line the rater rates higher than "
            "people, left of it lower; an interval that does not reach the line rules out a bias of 0.",
            *(_largest(panel) for panel in panels),
        ),
        alt=sentences(
            f"Forest plot of bias in {listed([panel.title for panel in panels])}, {len(raters)} "
            f"{'rater' if len(raters) == 1 else 'raters'}.",
            *(told_lines(panel, rater, write) for panel in panels for rater in raters),
        ),
        draw=partial(draw_forest, forest, rater_looks(analysis)),
    )


def _lines(item: ItemBias) -> tuple[Line, ...]:
    if isinstance(item.raters, Skipped):
        return ()
    lines = []
    for rater in item.raters:
        if not isinstance(rater.emotions, Skipped):
            lines += [
                Line(entry.emotion, rater.rater, mean)
                for entry in rater.emotions
                if isinstance(mean := entry.bias.mean_bootstrap, Estimate)
            ]
        if isinstance(rater.overall, Estimate):
            lines.append(Line(ALL, rater.rater, rater.overall))
    return tuple(lines)


def _largest(panel: Panel) -> str:
    """The largest bias of all, and how many intervals are clear of 0."""
    lines = [line for line in panel.lines if line.group != ALL] or list(panel.lines)
    largest = max(lines, key=lambda line: abs(line.estimate.value))
    clear = sum(line.estimate.ci_low > 0 or line.estimate.ci_high < 0 for line in lines)
    return (
        f"{panel.title}: the largest bias is {largest.rater}'s in {largest.group}, {points(largest.estimate)}; "
        f"{clear} of {len(lines)} intervals exclude 0."
    )
