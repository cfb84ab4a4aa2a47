"""People's means read from inside a model, block by block, beside what the model says: a panel an item and rater."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from vlmrate.report.figures.canvas import (
    Grid,
    across,
    label_below,
    label_left,
    layer_axis,
    legend,
    legend_height,
    new_drawing,
)
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import DOUBLE, INK, PEOPLE, SINGLE, looks
from vlmrate.report.figures.words import bounded, listed, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.axis import axes_by_item, read_names
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes as Panel
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.axes import Axes
    from vlmrate.probe.axis import Axis, AxisLayer, Beside
    from vlmrate.report.figures.style import Look
    from vlmrate.stats import Outcome

R, R_WITHIN = "r", "r within emotion"
HELD = 0.05
"""Filled signs stand for layers whose p is at most this."""
LINES: dict[str, tuple[str, Literal[":", "-.", "--"]]] = {
    "digit said": (INK, ":"),
    "expected rating": (INK, "-."),
    "ceiling": (PEOPLE, "--"),
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """One panel: the axes by the names of their arrays, all beside the same rater."""

    heading: str
    axes: Mapping[str, Axis]

    @property
    def lines(self) -> dict[str, float]:
        """What goes across the panel: the rater's two readings and the ceiling, where they are known."""
        first = next(iter(self.axes.values()))
        of_emotions = not isinstance(first.r_within, Skipped)
        ceiling = first.ceiling.within if of_emotions else first.ceiling.overall
        known = dict(zip(LINES, (_said(first.digit), _said(first.expected), ceiling), strict=True))
        return {name: told.value for name, told in known.items() if isinstance(told, Estimate)}


def axis_figures(found: Sequence[Axes]) -> Iterator[Figure]:
    """One figure of all items; none where every axis was skipped."""
    panels = _panels(found)
    if not panels:
        return
    told = [_told(panel) for panel in panels]
    within = _within(panels)
    yield Figure(
        id="fig-axis",
        title="People's means read from inside the model, layer by layer",
        part=Part.INSIDE,
        caption=sentences(
            f"{R_WITHIN if within else R} of people's mean and of what a linear axis tells of it, on identities that "
            "had no part in learning it. Lines across: the same r of the digit that the model says, of its "
            "probability-weighted rating, and the highest that the reliability of people's means allows. Filled signs "
            "are layers that do better than the best layer of 95 % of permutations (p ≤ .05).",
            *told,
        ),
        alt=sentences(f"Line plots of r against layer for {listed([panel.heading for panel in panels])}.", *told),
        draw=partial(_draw, panels),
    )


def _panels(found: Sequence[Axes]) -> list[_Shown]:
    arrays = [array for axes in found for array in axes.arrays]
    names = read_names([array.read for array in arrays])
    raters = {array.read: array.rater for array in arrays}
    several = len({str(rater) for rater in raters.values()}) > 1
    panels: dict[str, dict[str, Axis]] = {}
    for item, told in axes_by_item(arrays).items():
        for read, axis in told:
            rater = raters[read]
            if isinstance(axis, Skipped):
                continue
            beside = f" ({rater.rater}, {rater.protocol})" if several and not isinstance(rater, Skipped) else ""
            panels.setdefault(f"{title(item)}{beside}", {})[names[read]] = axis
    return [_Shown(heading, axes) for heading, axes in panels.items()]


def _said(beside: Beside | Skipped) -> Outcome:
    if isinstance(beside, Skipped):
        return beside
    pair = beside.overall if isinstance(beside.within, Skipped) else beside.within
    return pair if isinstance(pair, Skipped) else pair.second


def _told(panel: _Shown) -> str:
    """The r of the layers chosen inside the training folds."""
    rs = {name: axis.r_within if _within([panel]) else axis.r for name, axis in panel.axes.items()}
    told = [f"{name} {bounded(r)}" for name, r in rs.items() if isinstance(r, Estimate)]
    return f"{panel.heading}, the layer chosen inside each training part: {'; '.join(told)}." if told else ""


def _draw(panels: Sequence[_Shown]) -> Drawing:
    columns = min(len(panels), 2)
    total = SINGLE if columns == 1 else DOUBLE
    names = list(dict.fromkeys(name for panel in panels for name in panel.axes))
    lines = [name for name in LINES if any(name in panel.lines for panel in panels)]
    foot = legend_height([*names, *lines], total)
    wide = across(columns, total, left=0.5, right=0.1, gap=0.35)
    grid = Grid(-(-len(panels) // columns), columns, wide, 1.5, left=0.5, right=0.1, bottom=foot + 0.4, across=0.35)
    grid, titles = grid.titled([panel.heading for panel in panels])
    drawing = new_drawing(grid)
    look = looks(names)
    within = _within(panels)
    rs = [_r(layer, within) for panel in panels for axis in panel.axes.values() for layer in axis.by_layer]
    low = min(0.0, *rs, *(value for panel in panels for value in panel.lines.values()))
    for axes, heading, panel in zip(grid.panels(drawing, len(panels)), titles, panels, strict=True):
        _panel(axes, panel, look, low, within=within)
        axes.set_title(heading)
    label_left(drawing, grid, R_WITHIN if within else R)
    label_below(drawing, grid, "layer", up=foot + 0.04)
    legend(drawing, [*(_line(look[name]) for name in names), *(_across(name) for name in lines)], [*names, *lines])
    return drawing


def _panel(axes: Panel, panel: _Shown, look: Mapping[str, Look], low: float, *, within: bool) -> None:
    for name, axis in panel.axes.items():
        colour, marker = look[name].colour, look[name].marker
        rs = [_r(layer, within) for layer in axis.by_layer]
        axes.plot([layer.layer for layer in axis.by_layer], rs, color=colour)
        for layer in axis.by_layer:
            inner = colour if layer.p is not None and layer.p <= HELD else "white"
            axes.plot(layer.layer, _r(layer, within), marker=marker, color=colour, markerfacecolor=inner, zorder=3)
    for name, value in panel.lines.items():
        colour, style = LINES[name]
        axes.axhline(value, color=colour, linestyle=style, linewidth=0.8, zorder=1)
    axes.set_ylim(low - (0.05 if low < 0 else 0), 1.03)
    layer_axis(axes, (layer.layer for axis in panel.axes.values() for layer in axis.by_layer))


def _within(panels: Sequence[_Shown]) -> bool:
    """Whether r is told within emotions; it is not where the study names none."""
    return any(
        layer.r_within is not None for panel in panels for axis in panel.axes.values() for layer in axis.by_layer
    )


def _r(layer: AxisLayer, within: bool) -> float:
    """The r that is drawn; 0 where the axis tells every picture the same."""
    return (layer.r_within if within else layer.r) or 0.0


def _line(look: Look) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=look.colour, marker=look.marker)


def _across(name: str) -> Artist:
    from matplotlib.lines import Line2D

    colour, style = LINES[name]
    return Line2D([], [], color=colour, linestyle=style, linewidth=0.8)
