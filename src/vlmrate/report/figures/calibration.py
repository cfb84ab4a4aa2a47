"""Calibration: how far from people a rater lies before and after a line has put its numbers on their scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vlmrate.apa import decimal
from vlmrate.report.figures.canvas import Grid, across, legend, legend_height, margin, new_drawing, sign
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.forest import whiskers
from vlmrate.report.figures.style import BAND, COLOURS, DOUBLE, PEOPLE, SMALL, TALLEST, Look
from vlmrate.report.figures.words import lined, listed, points, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.calibration import reversed_by_one_line
from vlmrate.stats import Agreement, Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.calibration import ItemCalibration, RaterCalibration

BEFORE, ONE_LINE = "as rated", "one line"
WAYS: dict[str, Look] = {
    BEFORE: Look(PEOPLE, "o"),
    ONE_LINE: Look(COLOURS[0], "s"),
    "a line for each label given": Look(COLOURS[1], "^"),
    "a line for each emotion posed": Look(COLOURS[2], "D"),
}
MOST = 16
RIGHT = 0.2
"""Inches beside the last panel, for half of a number under its edge."""


@dataclass(frozen=True, slots=True)
class Score:
    """One rater's MAE or r in one of the ways."""

    rater: str
    way: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Panel:
    """One item by one metric, "MAE" or "r"."""

    item: str
    metric: str
    scores: tuple[Score, ...]


def calibration_figures(analysis: Analysis) -> Iterator[Figure]:
    """One figure of all items with a scale that people rated: MAE and r, as rated and calibrated."""
    if isinstance(analysis.calibration, Skipped):
        return
    panels = tuple(panel for item in analysis.calibration for panel in _panels(item))
    if not panels:
        return
    yield Figure(
        id="fig-calibration",
        title="Agreement with people before and after calibration",
        part=Part.AGREEMENT,
        caption=sentences(
            "A line puts a rater's numbers on people's scale; it is judged on images of identities that it was not "
            f"fitted on. Signs are the mean absolute error (MAE, lower is better) and r (higher is better), lines "
            f"their {100 * panels[0].scores[0].estimate.level:g} % intervals. One line moves and stretches the numbers "
            "and keeps their order, unless its slope is negative; a line for each emotion posed knows what a new image "
            "does not tell.",
            *_reversed(analysis.calibration),
            *(told for panel in panels if panel.metric == "MAE" for told in _gains(panel)),
        ),
        alt=sentences("Dot plots of agreement before and after calibration.", *(_told(panel) for panel in panels)),
        draw=partial(_draw, panels),
    )


def _reversed(items: Sequence[ItemCalibration]) -> Iterator[str]:
    """Whose order one line turns around."""
    for item in items:
        raters = () if isinstance(item.raters, Skipped) else reversed_by_one_line(item.raters[:MOST])
        if raters:
            yield f"{item.item}: the slope of {listed(raters)} is negative, which turns the order around."


def _panels(item: ItemCalibration) -> Iterator[Panel]:
    if isinstance(item.raters, Skipped):
        return
    for metric in ("MAE", "r"):
        scores = tuple(score for rater in item.raters[:MOST] for score in _scores(rater, metric))
        if scores:
            yield Panel(item.item, metric, scores)


def _scores(rater: RaterCalibration, metric: str) -> Iterator[Score]:
    ways = zip(list(WAYS)[1:], (rater.overall, rater.by_answer, rater.by_emotion), strict=True)
    there = [(way, found) for way, found in ways if not isinstance(found, Skipped)]
    entries = [(BEFORE, there[0][1].before)] if there else []
    for way, agreement in [*entries, *((way, found.after) for way, found in there)]:
        estimate = _metric(agreement, metric)
        if isinstance(estimate, Estimate):
            yield Score(rater.rater, way, estimate)


def _metric(agreement: Agreement, metric: str) -> Estimate | Skipped:
    return agreement.mae if metric == "MAE" else agreement.r


def _gains(panel: Panel) -> Iterator[str]:
    """How the MAE of each rater changes by one line."""
    for rater in dict.fromkeys(score.rater for score in panel.scores):
        mine = {score.way: score.estimate for score in panel.scores if score.rater == rater}
        if BEFORE in mine and ONE_LINE in mine:
            yield (
                f"{panel.item}, {rater}: MAE {points(mine[BEFORE])} as rated, {points(mine[ONE_LINE])} after one line."
            )


def _told(panel: Panel) -> str:
    raters = dict.fromkeys(score.rater for score in panel.scores)
    return f"{panel.item}, {panel.metric}: {'; '.join(_ways(panel, rater) for rater in raters)}."


def _ways(panel: Panel, rater: str) -> str:
    mine = [score for score in panel.scores if score.rater == rater]
    return f"{rater} {', '.join(f'{decimal(score.estimate.value, 3)} {score.way}' for score in mine)}"


def _draw(panels: Sequence[Panel]) -> Drawing:
    raters = list(dict.fromkeys(score.rater for panel in panels for score in panel.scores))
    ways = [way for way in WAYS if any(score.way == way for panel in panels for score in panel.scores)]
    rows = -(-len(panels) // 2)
    foot = legend_height(ways, DOUBLE)
    left = margin(raters, SMALL)
    height = min(max(0.6, 0.36 * len(raters)), (TALLEST - foot - 0.4) / rows - 0.44)
    grid = Grid(
        rows,
        2,
        across(2, DOUBLE, left=left, right=RIGHT, gap=0.15),
        height,
        left=left,
        right=RIGHT,
        bottom=foot + 0.22,
        down=0.44,
    )
    drawing = new_drawing(grid)
    for i, (panel, axes) in enumerate(zip(panels, grid.panels(drawing, len(panels)), strict=True)):
        _panel(axes, panel, raters, ways)
        axes.tick_params(labelleft=i % 2 == 0)
    legend(drawing, [sign(WAYS[way], hollow=way == BEFORE) for way in ways], ways)
    return drawing


def _panel(axes: Axes, panel: Panel, raters: Sequence[str], ways: Sequence[str]) -> None:
    for i in range(0, len(raters), 2):
        axes.axhspan(i - 0.5, i + 0.5, color=BAND, linewidth=0, zorder=0)
    step = 0.8 / len(ways)
    for k, way in enumerate(ways):
        mine = [score for score in panel.scores if score.way == way]
        y = [raters.index(score.rater) + (k - (len(ways) - 1) / 2) * step for score in mine]
        whiskers(axes, [score.estimate for score in mine], y, WAYS[way], label=way, hollow=way == BEFORE)
    axes.set_ylim(len(raters) - 0.5, -0.5)
    axes.set_yticks(range(len(raters)), [lined(rater) for rater in raters])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.set_title(f"{title(panel.item)}, {panel.metric}")
