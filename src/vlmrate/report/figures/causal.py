"""What labels lose when directions are projected out: block by block, and label by label."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.apa import decimal
from vlmrate.probe.causal import effects_of
from vlmrate.report.figures.canvas import (
    Grid,
    across,
    label_below,
    label_left,
    layer_axis,
    legend,
    legend_height,
    margin,
    new_drawing,
)
from vlmrate.report.figures.carriers import carrier_figures
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import COLOURS, DOUBLE, FAINT, FONT, INK, PEOPLE, SINGLE, SMALL
from vlmrate.report.figures.words import counted, listed, plain, points, sentences, title, width
from vlmrate.report.table import Part
from vlmrate.report.tables.causal import found_of, heading, own_change
from vlmrate.report.tables.naming import slug
from vlmrate.stats import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.causal import Causal, CausalOutcome, DirectionEffect

HELD = 0.05
"""Filled signs stand for layers whose corrected p is at most this."""
MOST = 12
"""Panels of one figure."""
CELL = 0.34
"""Inches of a cell that holds a number."""
LONGEST = 12
PROJECTED = "Projected out"
OWN, RANDOM = "change of its label", "range of random directions"


def causal_figures(outcomes: Sequence[CausalOutcome]) -> Iterator[Figure]:
    """Every layer, then every label at the chosen layer, then what carries labels; none where all was skipped."""
    panels = {
        heading(model, outcomes, name): effect
        for model, found in found_of(outcomes)
        for name, effect in effects_of(found)
    }
    if not panels:
        return
    yield _layers(dict(list(panels.items())[:MOST]), len(panels))
    for model, found in found_of(outcomes):
        yield _labels(model, found)
    yield from carrier_figures(outcomes)


def _layers(panels: Mapping[str, DirectionEffect], there: int) -> Figure:
    told = [_told(name, effect) for name, effect in panels.items()]
    return Figure(
        id="fig-causal",
        title="What a label loses when a direction is projected out, layer by layer",
        part=Part.INSIDE,
        caption=sentences(
            "Mean change of the log-probability of the direction's own label over images that truly show it, with "
            "95 % intervals from drawing identities; the band is the range of random directions of the same length. "
            f"Filled signs are layers where it falls further than with random directions (p ≤ {decimal(HELD, 2)[1:]}, "
            "corrected for all directions and layers).",
            *told,
            f"Drawn are {len(panels)} of {there} directions; the tables have all." if len(panels) < there else "",
        ),
        alt=sentences(f"Line plots of the change against layer for {listed([*panels])}.", *told),
        draw=partial(_draw_layers, panels),
    )


def _told(name: str, effect: DirectionEffect) -> str:
    """The layer that was chosen on one half, told of the other."""
    change = own_change(effect, effect.chosen)
    return f"{title(name)}: {points(change)} after layer {effect.layer}." if isinstance(change, Estimate) else ""


def _draw_layers(panels: Mapping[str, DirectionEffect]) -> Drawing:
    columns = min(len(panels), 3)
    total = SINGLE if columns == 1 else DOUBLE
    foot = legend_height([OWN, RANDOM], total)
    wide = across(columns, total, left=0.55, right=0.1, gap=0.3)
    grid = Grid(-(-len(panels) // columns), columns, wide, 1.1, left=0.55, right=0.1, bottom=foot + 0.4, across=0.3)
    grid, titles = grid.titled([title(name) for name in panels])
    drawing = new_drawing(grid)
    made = grid.panels(drawing, len(panels))
    low, high = _limits(panels.values())
    for axes, words, effect in zip(made, titles, panels.values(), strict=True):
        _panel(axes, effect)
        axes.set_title(words)
        axes.set_ylim(low, high)
    label_left(drawing, grid, "change of log-probability")
    label_below(drawing, grid, "layer", up=foot + 0.04)
    legend(drawing, _signs(), [OWN, RANDOM])
    return drawing


def _limits(effects: Iterable[DirectionEffect]) -> tuple[float, float]:
    """One scale for all panels, a little wider than what is drawn."""
    ends = [0.0]
    for effect in effects:
        for layer in effect.layers:
            change = own_change(effect, layer)
            ends += [layer.random.lowest, layer.random.highest]
            ends += [change.ci_low, change.ci_high] if isinstance(change, Estimate) else []
    room = 0.06 * (max(ends) - min(ends)) or 0.1
    return min(ends) - room, max(ends) + room


def _panel(axes: Axes, effect: DirectionEffect) -> None:
    at = [layer.layer for layer in effect.layers]
    lowest, highest = ([getattr(layer.random, end) for layer in effect.layers] for end in ("lowest", "highest"))
    axes.fill_between(at, lowest, highest, color=FAINT, linewidth=0, zorder=1)
    if len(at) == 1:
        axes.plot([at[0], at[0]], [lowest[0], highest[0]], color=FAINT, linewidth=6, solid_capstyle="butt", zorder=1)
    axes.axhline(0, color=PEOPLE, linewidth=0.5, zorder=1.5)
    drawn = [(layer, own_change(effect, layer)) for layer in effect.layers]
    known = [(layer, change) for layer, change in drawn if isinstance(change, Estimate)]
    axes.plot([layer.layer for layer, _ in known], [change.value for _, change in known], color=COLOURS[0], zorder=2)
    for layer, change in known:
        inner = COLOURS[0] if layer.random.p_holm <= HELD else "white"
        axes.plot([layer.layer] * 2, [change.ci_low, change.ci_high], color=COLOURS[0], zorder=2)
        axes.plot(layer.layer, change.value, marker="o", color=COLOURS[0], markerfacecolor=inner, zorder=3)
    layer_axis(axes, at)


def _signs() -> list[Artist]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [Line2D([], [], color=COLOURS[0], marker="o"), Patch(facecolor=FAINT, linewidth=0)]


def _labels(model: str, found: Causal) -> Figure:
    rows = dict(effects_of(found))
    return Figure(
        id=slug("fig-causal-labels", model),
        title=f"{title(model)}: what every label gains or loses",
        part=Part.INSIDE,
        caption=sentences(
            "Rows are the directions projected out after their chosen layer, columns the labels; each cell is the mean "
            "change of the label's log-probability over images that truly show the direction's label, darker the "
            "larger it is: blue a rise, red a fall.",
            *(_most(name, effect) for name, effect in rows.items()),
        ),
        alt=sentences(
            f"A grid of {counted(len(rows), 'direction')} by label with the change in each cell.",
            *(_most(name, effect) for name, effect in rows.items()),
        ),
        draw=partial(_draw_labels, rows),
    )


def _most(name: str, effect: DirectionEffect) -> str:
    known = [(change.label, change.true) for change in effect.chosen.labels if isinstance(change.true, Estimate)]
    if not known:
        return ""
    label, change = max(known, key=lambda told: told[1].value)
    return f"Without {name} it is {label} that rises most, {points(change)}."


def _draw_labels(rows: Mapping[str, DirectionEffect]) -> Drawing:
    labels = [change.label for change in next(iter(rows.values())).chosen.labels]
    names = [plain(name, LONGEST) for name in rows]
    below = max(width(plain(label, LONGEST), SMALL) for label in labels) * 0.75 + 0.12
    left = margin(names, SMALL) + 0.16
    high = 0.24 * len(rows)
    # The name of the axis is higher than a few rows are.
    top = max(0.08, (width(PROJECTED, FONT) - high) / 2 + 0.04)
    grid = Grid(1, 1, CELL * len(labels), high, left=left, right=0.1, top=top, bottom=max(top, below + 0.18))
    drawing = new_drawing(grid)
    (axes,) = grid.panels(drawing, 1)
    changes = np.array([[_value(change.true) for change in effect.chosen.labels] for effect in rows.values()])
    known = changes[np.isfinite(changes)]
    largest = max(float(np.abs(known).max()) if len(known) else 0.0, 1e-6)
    places = (np.arange(len(labels) + 1) - 0.5, np.arange(len(rows) + 1) - 0.5)
    axes.pcolormesh(*places, changes, cmap="RdBu", vmin=-largest, vmax=largest, edgecolors=FAINT, linewidth=0.3)
    for (row, column), change in np.ndenumerate(changes):
        ink = "white" if abs(change) > 0.6 * largest else INK
        axes.text(column, row, decimal(change, 2), ha="center", va="center", fontsize=SMALL, color=ink)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(labels)), [plain(label, LONGEST) for label in labels], rotation=50, ha="right")
    axes.set_yticks(range(len(rows)), names)
    axes.tick_params(length=0, pad=1.5)
    for tick in axes.get_xticklabels():
        tick.set_rotation_mode("anchor")
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_ylabel(PROJECTED)
    axes.set_xlabel("Label")
    return drawing


def _value(outcome: object) -> float:
    return outcome.value if isinstance(outcome, Estimate) else np.nan
