"""Raters ranked by how well they name the intended labels: accuracy, macro-F1 and kappa with their intervals."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.forest import Forest, Line, Panel, draw_forest
from vlmrate.report.figures.style import COLOURS, Look
from vlmrate.report.figures.words import bounded, sentences
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.classification import ItemClassification, RaterClassification

SCORES = ("kappa", "accuracy", "macro-F1")
ONE = "score"


def ranking_figures(analysis: Analysis) -> Iterator[Figure]:
    """A figure an item with intended labels that two raters or more answered."""
    if isinstance(analysis.classification, Skipped):
        return
    for item in analysis.classification:
        if not isinstance(item.raters, Skipped) and len(item.raters) > 1:
            panels = tuple(panel for score in SCORES if (panel := _panel(score, item.raters)).lines)
            if panels:
                yield _figure(item, panels)


def _figure(item: ItemClassification, panels: tuple[Panel, ...]) -> Figure:
    raters = tuple(dict.fromkeys(line.group for panel in panels for line in panel.lines))
    forest = Forest(panels, raters, (ONE,), "Score against the intended labels", zero=None)
    first = panels[0].lines
    return Figure(
        id=slug("fig-ranking", item.item),
        title=f"{heading(item.item)}: raters ranked by kappa",
        part=Part.CLASSIFICATION,
        caption=sentences(
            f"Markers are the scores over all images, an invalid answer an error, lines their "
            f"{100 * first[0].estimate.level:g} % intervals; the best kappa is uppermost. The tables of pairs say "
            "whether two raters differ: intervals that overlap do not settle it.",
            f"Highest {panels[0].title}: {first[0].group}, {bounded(first[0].estimate)}; lowest: {first[-1].group}, "
            f"{bounded(first[-1].estimate)}.",
        ),
        alt=sentences(
            f"Dot plot of {', '.join(panel.title for panel in panels)} of {len(raters)} raters.",
            *(
                f"{panel.title}: {'; '.join(f'{line.group} {bounded(line.estimate)}' for line in panel.lines)}."
                for panel in panels
            ),
        ),
        draw=partial(draw_forest, forest, {ONE: Look(COLOURS[0], "o")}),
    )


def _panel(score: str, raters: Sequence[RaterClassification]) -> Panel:
    lines = [Line(rater.rater, ONE, value) for rater in raters if isinstance(value := _score(rater, score), Estimate)]
    return Panel(score, tuple(lines))


def _score(rater: RaterClassification, score: str) -> Estimate | Skipped:
    scores = rater.scores
    if isinstance(scores, Skipped):
        return scores
    return {"kappa": scores.kappa, "accuracy": scores.accuracy, "macro-F1": scores.macro_f1}[score]
