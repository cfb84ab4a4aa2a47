"""What a linear probe tells from inside a model, block by block: a panel a factor, a line an array."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

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
from vlmrate.report.figures.style import DOUBLE, PEOPLE, SINGLE, looks
from vlmrate.report.figures.words import bounded, listed, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.separability import found_by_factor
from vlmrate.stats import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.separability import ArrayOutcome, Separability
    from vlmrate.report.figures.style import Look

Panels = dict[str, dict[str, "Separability"]]
GUESSING = "guessing"
HELD = 0.05
"""Filled signs stand for layers whose p is at most this."""


def separability_figures(outcomes: Sequence[ArrayOutcome]) -> Iterator[Figure]:
    """One figure of all factors; none where every factor was skipped."""
    panels = found_by_factor(outcomes)
    if not panels:
        return
    yield Figure(
        id="fig-separability",
        title="What a linear probe tells from inside the model, layer by layer",
        part=Part.INSIDE,
        caption=sentences(
            "Balanced accuracy of a cross-validated linear probe, folds keeping identities whole. The broken line is "
            "guessing; filled signs are layers that do better than the best layer of 95 % of permutations "
            "(p ≤ .05).",
            *(_told(factor, found) for factor, found in panels.items()),
        ),
        alt=sentences(
            f"Line plots of balanced accuracy against layer for {listed([*panels])}.",
            *(_told(factor, found) for factor, found in panels.items()),
        ),
        draw=partial(_draw, panels),
    )


def _told(factor: str, found: Mapping[str, Separability]) -> str:
    """The layer chosen on one half of the identities, judged on the other."""
    told = [
        f"{name} {bounded(one.chosen.accuracy)} in layer {one.chosen.layer}"
        for name, one in found.items()
        if isinstance(one.chosen.accuracy, Estimate)
    ]
    return f"{title(factor)}, on identities that had no part in choosing the layer: {'; '.join(told)}." if told else ""


def _draw(panels: Panels) -> Drawing:
    columns = min(len(panels), 3)
    total = SINGLE if columns == 1 else DOUBLE
    names = list(dict.fromkeys(name for found in panels.values() for name in found))
    foot = legend_height([*names, GUESSING], total)
    wide = across(columns, total, left=0.5, right=0.1, gap=0.3)
    grid = Grid(-(-len(panels) // columns), columns, wide, 1.3, left=0.5, right=0.1, bottom=foot + 0.4, across=0.3)
    grid, titles = grid.titled([title(factor) for factor in panels])
    drawing = new_drawing(grid)
    look = looks(names)
    for axes, heading, found in zip(grid.panels(drawing, len(panels)), titles, panels.values(), strict=True):
        _panel(axes, found, look)
        axes.set_title(heading)
    label_left(drawing, grid, "balanced accuracy")
    label_below(drawing, grid, "layer", up=foot + 0.04)
    legend(drawing, [*(_line(look[name]) for name in names), _guessing()], [*names, GUESSING])
    return drawing


def _panel(axes: Axes, found: Mapping[str, Separability], look: Mapping[str, Look]) -> None:
    for name, one in found.items():
        colour, marker = look[name].colour, look[name].marker
        x, y = [layer.layer for layer in one.layers], [layer.accuracy for layer in one.layers]
        axes.plot(x, y, color=colour, zorder=2)
        for layer in one.layers:
            inner = colour if layer.p <= HELD else "white"
            axes.plot(layer.layer, layer.accuracy, marker=marker, color=colour, markerfacecolor=inner, zorder=3)
        axes.axhline(one.chance, color=PEOPLE, linestyle="--", linewidth=0.8, zorder=1)
    axes.set_ylim(0, 1.03)
    layer_axis(axes, (layer.layer for one in found.values() for layer in one.layers))


def _line(look: Look) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=look.colour, marker=look.marker)


def _guessing() -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=PEOPLE, linestyle="--", linewidth=0.8)
