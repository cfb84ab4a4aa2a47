"""Bland-Altman plots: how far a rater lies from people's means along the scale, with the limits of agreement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.apa import decimal
from vlmrate.report.figures import answers
from vlmrate.report.figures.bubbles import MANY, Bubbles, bubbles_of, draw_bubbles
from vlmrate.report.figures.canvas import Grid, across, label_below, label_left, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.scatter import scale_ticks
from vlmrate.report.figures.style import DOUBLE, FAINT, INK, SINGLE, SMALL, rater_looks
from vlmrate.report.figures.words import drawn_of, points, sentences
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import BlandAltman, Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.dimensions import ItemDimension
    from vlmrate.analysis.limits import ItemLimits
    from vlmrate.report.figures.answers import Numbers
    from vlmrate.report.figures.style import Look


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """One rater's panel: mean of both and rater minus people of each image, and what was computed of them."""

    rater: str
    look: Look
    mean: Numbers
    difference: Numbers
    limits: BlandAltman


def bland_altman_figures(analysis: Analysis) -> Iterator[Figure]:
    """A figure an item with a scale that people rated, a panel a rater."""
    if isinstance(analysis.limits, Skipped):
        return
    of_item = {item.item: item for item in analysis.limits}
    for item, raters in answers.scale_items(analysis):
        place = {rater.rater: i for i, rater in enumerate(raters)}
        plots = sorted(_plots(analysis, of_item.get(item.item)), key=lambda plot: place.get(plot.rater, len(place)))
        if plots:
            yield _figure(item, plots[: answers.MOST_RATERS], len(plots))


def _plots(analysis: Analysis, item: ItemLimits | None) -> Iterator[Plot]:
    if item is None or isinstance(item.raters, Skipped):
        return
    looks, people = rater_looks(analysis), answers.people_means(analysis, item.item)
    for entry in item.raters:
        if not isinstance(entry.means, Skipped):
            values = answers.rater_values(analysis, entry.rater, item.item)
            both = ~(np.isnan(people) | np.isnan(values))
            x, y = (people[both] + values[both]) / 2, values[both] - people[both]
            yield Plot(entry.rater, looks[entry.rater], x, y, entry.means)


def _figure(item: ItemDimension, plots: Sequence[Plot], there: int) -> Figure:
    share = 100 * plots[0].limits.coverage
    merges = any(len(plot.mean) > MANY for plot in plots)
    return Figure(
        id=slug("fig-bland-altman", item.item),
        title=f"{heading(item.item)}: limits of agreement",
        part=Part.AGREEMENT,
        caption=sentences(
            "Each point is an image: the mean of rater and people across, rater − people upwards. The solid line is "
            f"the bias, the broken ones the limits between which {share:g} % of the differences lie, with bands for "
            "their confidence intervals; the dotted line is the slope of the difference along the scale.",
            "Images near one another are one point, larger the more there are." if merges else "",
            *(_sloped(plot) for plot in plots),
            drawn_of(len(plots), there, answers.BEST),
        ),
        alt=sentences(f"Bland-Altman plots of {item.item}.", *(_told(plot) for plot in plots)),
        draw=partial(_draw, tuple(plots), item.low, item.high),
    )


def _sloped(plot: Plot) -> str:
    slope = plot.limits.slope
    if not isinstance(slope, Estimate):
        return ""
    if slope.ci_low <= 0 <= slope.ci_high:
        return f"{plot.rater}'s difference neither grows nor shrinks clearly along the scale, {points(slope)}."
    way = "grows" if slope.value > 0 else "falls"
    return f"{plot.rater}'s difference {way} along the scale, {points(slope)} for a point."


def _told(plot: Plot) -> str:
    told = plot.limits
    named = (("bias", told.bias), ("lower limit", told.lower), ("upper limit", told.upper), ("slope", told.slope))
    return f"{plot.rater}: {', '.join(f'{name} {points(x)}' for name, x in named if isinstance(x, Estimate))}."


def _draw(plots: Sequence[Plot], low: int, high: int) -> Drawing:
    columns = min(len(plots), 4)
    total = SINGLE if columns == 1 else DOUBLE
    left, right, gap = 0.48, 0.1, 0.14
    wide = min(across(columns, total, left=left, right=right, gap=gap), 3.2)
    rows = -(-len(plots) // columns)
    grid = Grid(rows, columns, wide, min(wide, 2.1), left=left, right=right, across=gap, down=0.22)
    grid, headings = grid.titled(plot.rater for plot in plots)
    drawing = new_drawing(grid)
    reach = _reach(plots)
    cut = [bubbles_of(plot.mean, plot.difference, (low, high)) for plot in plots]
    most = max(int(bubbles.n.max()) for bubbles in cut)
    for i, (plot, bubbles, axes) in enumerate(zip(plots, cut, grid.panels(drawing, len(plots)), strict=True)):
        _panel(axes, plot, bubbles, (low, high), most)
        axes.set_ylim(-reach, reach)
        axes.set_title(headings[i])
        axes.tick_params(labelleft=i % columns == 0, labelbottom=grid.under(i, len(plots)))
    label_below(drawing, grid, "Mean of rater and people", up=0.02)
    label_left(drawing, grid, "Rater − people")
    return drawing


def _reach(plots: Sequence[Plot]) -> float:
    """How far panels go up and down, so that every point and every limit with its interval is seen."""
    ends = [abs(end) for plot in plots for limit in (plot.limits.lower, plot.limits.upper) for end in _ends(limit)]
    return 1.05 * max([*ends, *(float(np.abs(plot.difference).max()) for plot in plots)])


def _ends(limit: Estimate | Skipped) -> tuple[float, ...]:
    return (limit.ci_low, limit.ci_high) if isinstance(limit, Estimate) else ()


def _panel(axes: Axes, plot: Plot, bubbles: Bubbles, ends: tuple[int, int], most: int) -> None:
    low, high = ends
    edge = 0.04 * (high - low)
    draw_bubbles(axes, bubbles, plot.look.colour, most)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=1)
    told = plot.limits
    for estimate, dashes in ((told.bias, "-"), (told.lower, (0, (4, 2))), (told.upper, (0, (4, 2)))):
        if isinstance(estimate, Estimate):
            axes.axhspan(estimate.ci_low, estimate.ci_high, color=INK, alpha=0.13, linewidth=0, zorder=1.5)
            axes.axhline(estimate.value, color=INK, linewidth=0.8, linestyle=dashes, zorder=3)
            axes.annotate(
                decimal(estimate.value, 2), (1, estimate.value), (0, 1), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", va="bottom", fontsize=SMALL, zorder=4,
            )  # fmt: skip
    if isinstance(told.slope, Estimate) and isinstance(told.bias, Estimate):
        middle, x = float(plot.mean.mean()), np.array([plot.mean.min(), plot.mean.max()])
        y = told.bias.value + told.slope.value * (x - middle)
        axes.plot(x, y, color=INK, linewidth=1.3, linestyle=(0, (1, 1)), zorder=3, label="slope")
    axes.set_xlim(low - edge, high + edge)
    axes.set_xticks(scale_ticks(low, high))
    axes.locator_params(axis="y", nbins=6)
