"""Estimates with their intervals side by side: groups down the page, in each a line for every rater."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.report.figures.canvas import (
    Grid,
    across,
    label_below,
    legend,
    legend_height,
    margin,
    new_drawing,
    sign,
)
from vlmrate.report.figures.style import BAND, DOUBLE, PEOPLE, SINGLE, SMALL, TALLEST
from vlmrate.report.figures.words import lined, title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.report.figures.style import Look
    from vlmrate.stats import Estimate

PITCH = 0.1
"""Inches from one rater's line to the next, where the page has room."""


@dataclass(frozen=True, slots=True)
class Line:
    """One estimate: whose it is and in which group it stands."""

    group: str
    rater: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Panel:
    """The estimates of one panel, under its heading."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Forest:
    """Panels side by side that share their groups; `zero` is where the line of no difference stands, if anywhere.

    Panels share their axis unless they are `apart`: in units of their own.
    """

    panels: tuple[Panel, ...]
    groups: tuple[str, ...]
    raters: tuple[str, ...]
    label: str
    zero: float | None = 0.0
    apart: bool = False


def draw_forest(forest: Forest, looks: dict[str, Look]) -> Drawing:
    """Draw panels in one row, or in rows of two where there are more than three."""
    n = len(forest.panels)
    columns = n if n <= 3 else 2
    rows = -(-n // columns)
    total = SINGLE if columns == 1 else DOUBLE
    several = len(forest.raters) > 1
    names = list(forest.raters)
    foot = legend_height(names, total) if several else 0.02
    left = margin(forest.groups, SMALL)
    band = max(0.16, PITCH * len(names) + 0.06)
    gap = 0.3 if forest.apart else 0.12
    room = (TALLEST - foot - 0.5) / rows - 0.3
    height = min(band * len(forest.groups), room)
    grid = Grid(
        rows,
        columns,
        across(columns, total, left=left, gap=gap),
        height,
        left=left,
        bottom=foot + 0.34,
        across=gap,
        down=0.4,
    )
    drawing = new_drawing(grid)
    for i, (panel, axes) in enumerate(zip(forest.panels, grid.panels(drawing, n), strict=True)):
        _panel(axes, panel, forest, looks)
        axes.tick_params(labelleft=i % columns == 0)
    label_below(drawing, grid, forest.label, up=foot + 0.02)
    if several:
        legend(drawing, [sign(looks[name]) for name in names], names)
    return drawing


def _panel(axes: Axes, panel: Panel, forest: Forest, looks: dict[str, Look]) -> None:
    for i in range(0, len(forest.groups), 2):
        axes.axhspan(i - 0.5, i + 0.5, color=BAND, linewidth=0, zorder=0)
    if forest.zero is not None:
        axes.axvline(forest.zero, color=PEOPLE, linewidth=0.7, zorder=1)
    step = 0.84 / len(forest.raters)
    for k, rater in enumerate(forest.raters):
        mine = [line for line in panel.lines if line.rater == rater]
        y = [forest.groups.index(line.group) + (k - (len(forest.raters) - 1) / 2) * step for line in mine]
        whiskers(axes, [line.estimate for line in mine], y, looks[rater], label=rater)
    axes.set_ylim(len(forest.groups) - 0.5, -0.5)
    axes.set_yticks(range(len(forest.groups)), [lined(group) for group in forest.groups])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(*_reach(replace(forest, panels=(panel,)) if forest.apart else forest))
    axes.locator_params(axis="x", nbins=5)
    axes.set_title(title(panel.title))


def _reach(forest: Forest) -> tuple[float, float]:
    """Ends of the axis that all panels share: every interval, and the line of no difference."""
    estimates = [line.estimate for panel in forest.panels for line in panel.lines]
    ends = [end for estimate in estimates for end in (estimate.ci_low, estimate.ci_high)]
    ends += [] if forest.zero is None else [forest.zero]
    edge = 0.04 * (max(ends) - min(ends)) or 0.1
    return min(ends) - edge, max(ends) + edge


def told_lines(panel: Panel, rater: str, write: Callable[[Estimate], str]) -> str:
    """A rater's estimates of one panel in a sentence; empty where it has none."""
    lines = [f"{line.group} {write(line.estimate)}" for line in panel.lines if line.rater == rater]
    return f"{panel.title}, {rater}: {'; '.join(lines)}." if lines else ""


def whiskers(
    axes: Axes, estimates: Sequence[Estimate], y: Sequence[float], look: Look, *, label: str, hollow: bool = False
) -> None:
    """Markers at the values with lines over their intervals."""
    axes.hlines(
        list(y),
        [estimate.ci_low for estimate in estimates],
        [estimate.ci_high for estimate in estimates],
        color=look.colour,
        linewidth=0.9,
        zorder=2,
    )
    axes.plot(
        [estimate.value for estimate in estimates],
        list(y),
        linestyle="none",
        marker=look.marker,
        color=look.colour,
        markerfacecolor="white" if hollow else look.colour,
        markersize=3.6,
        markeredgewidth=0.7,
        label=label,
        zorder=3,
    )
