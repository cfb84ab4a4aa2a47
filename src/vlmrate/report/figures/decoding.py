"""Spoken against probability-weighted ratings: does the model know more than it says?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.forest import Forest, Line, Panel, draw_forest, told_lines
from vlmrate.report.figures.style import COLOURS, Look
from vlmrate.report.figures.words import bounded, sentences
from vlmrate.report.table import Part
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.decoding import ItemDecoding, RaterDecoding

WAYS = {"spoken": Look(COLOURS[0], "o"), "probability-weighted": Look(COLOURS[1], "s")}


def decoding_figures(analysis: Analysis) -> Iterator[Figure]:
    """One figure of all items whose raters told probabilities, where there is an emotion factor."""
    if isinstance(analysis.decoding, Skipped):
        return
    panels = tuple(panel for item in analysis.decoding if (panel := Panel(item.item, _lines(item))).lines)
    if not panels:
        return
    raters = tuple(dict.fromkeys(line.group for panel in panels for line in panel.lines))
    forest = Forest(panels, raters, tuple(WAYS), "r with people's means within emotions")
    level = panels[0].lines[0].estimate.level
    yield Figure(
        id="fig-spoken-weighted",
        title="Spoken and probability-weighted ratings within emotions",
        part=Part.SPREAD,
        caption=sentences(
            f"Signs are r with people's means pooled within emotions, lines its {100 * level:g} % intervals: of the "
            "numbers a rater said, and of the means of all numbers weighted by their probabilities. Where the weighted "
            "ones lie further right the model tells images apart better than it says; where both lie near 0 it "
            "answers by the emotion alone.",
            *(_gain(panel, rater) for panel in panels for rater in raters),
        ),
        alt=sentences(
            "Dot plot of r within emotions, spoken and probability-weighted.",
            *(told_lines(panel, way, bounded) for panel in panels for way in WAYS),
        ),
        draw=partial(draw_forest, forest, WAYS),
    )


def _lines(item: ItemDecoding) -> tuple[Line, ...]:
    if isinstance(item.raters, Skipped):
        return ()
    return tuple(line for rater in item.raters for line in _both(rater))


def _both(rater: RaterDecoding) -> Iterator[Line]:
    if isinstance(rater.spoken_and_weighted, Skipped) or isinstance(rater.spoken_and_weighted.within, Skipped):
        return
    within = rater.spoken_and_weighted.within
    for way, r in zip(WAYS, (within.second, within.first), strict=True):
        if isinstance(r, Estimate):
            yield Line(rater.rater, way, r)


def _gain(panel: Panel, rater: str) -> str:
    r = {line.rater: line.estimate for line in panel.lines if line.group == rater}
    told = [f"{way} {bounded(r[way])}" for way in WAYS if way in r]
    return f"{panel.title}, {rater}: {', '.join(told)}." if told else ""
