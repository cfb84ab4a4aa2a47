"""Emotions' directions: the layers, how alike the directions are, and their first two components; a row an array."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.apa import bounded, decimal
from vlmrate.report.figures.canvas import Grid, layer_axis, margin, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.heat import cosines
from vlmrate.report.figures.style import COLOURS, DOUBLE, FAINT, INK, PEOPLE, SMALL, looks
from vlmrate.report.figures.words import drawn_of, fitted, plain, sentences
from vlmrate.report.table import Part
from vlmrate.report.tables.directions import found_in
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.directed import DirectionsOutcome, EmotionDirections

MOST = 4
"""Arrays that one figure holds."""
LONGEST = 12
CLOSE = (0.4, 0.08)
"""Shares of what is drawn, across and up, within which two names would be written over one another."""
PANEL = 1.55
"""Inches of a panel's height, and of the side of the matrix of cosines."""


def directions_figures(outcomes: Sequence[DirectionsOutcome]) -> Iterator[Figure]:
    """One figure of the first arrays; none where every one was skipped."""
    found = found_in(outcomes)
    if not found:
        return
    shown = dict(list(found.items())[:MOST])
    yield Figure(
        id="fig-directions",
        title="Directions of emotions inside the model",
        part=Part.INSIDE,
        caption=sentences(
            "Left: how far emotions lie apart in each layer, the sum of squared gaps over its mean where labels are "
            "permuted; the filled sign is the layer that was taken. Middle: cosines of the emotions' directions there. "
            "Right: emotions along the first two components of their directions, with the share of variance that "
            "each holds.",
            *(_told(name, one) for name, one in shown.items()),
            drawn_of(len(shown), len(found), "the first arrays"),
        ),
        alt=sentences(
            "For each array a line plot of how far emotions lie apart by layer, a matrix of cosines between emotions "
            "and a scatter of emotions in two components.",
            *(_heard(name, one) for name, one in shown.items()),
        ),
        draw=partial(_draw, shown),
    )


def _told(name: str, found: EmotionDirections) -> str:
    """The correlation with people that is least likely by chance."""
    if isinstance(found.along, Skipped):
        return ""
    tried = [one for one in found.along if one.p is not None and isinstance(one.r, Estimate)]
    if not tried:
        return ""
    best = min(tried, key=lambda one: one.p or 0.0)
    value = bounded(best.r.value) if isinstance(best.r, Estimate) else ""
    return (
        f"{name}: of all components and items the closest are component {best.component} and {best.item}, |r| = "
        f"{value} over emotions, p = {bounded(best.p or 0.0)} with the search paid for."
    )


def _heard(name: str, found: EmotionDirections) -> str:
    pairs = [pair for pair in found.cosines if isinstance(pair.cosine, Estimate)]
    if not pairs:
        return ""
    most, least = (
        pick(pairs, key=lambda pair: pair.cosine.value if isinstance(pair.cosine, Estimate) else 0.0)
        for pick in (max, min)
    )
    ends = " and ".join(
        f"{pair.first} with {pair.second} {bounded(pair.cosine.value)}"
        for pair in (most, least)
        if isinstance(pair.cosine, Estimate)
    )
    return f"{name}, layer {found.layer}: cosines lie between {ends}."


def _draw(shown: Mapping[str, EmotionDirections]) -> Drawing:
    names = tuple(dict.fromkeys(plain(e.name, LONGEST) for one in shown.values() for e in one.emotions))
    side = margin(names, SMALL)
    grid = Grid(len(shown), 3, PANEL, PANEL, left=0.5, right=0.5, top=0.36, bottom=0.62, down=0.85)
    gap = (DOUBLE - grid.left - grid.right - 3 * PANEL - side) / 2
    drawing = new_drawing(Grid(len(shown), 3, PANEL, PANEL, 0.5, 0.5, 0.36, 0.62, (gap * 2 + side) / 2, 0.85))
    height = grid.height
    lefts = (0.5, 0.5 + PANEL + gap + side - 0.1, 0.5 + 2 * PANEL + 2 * gap + side)
    for row, (name, found) in enumerate(shown.items()):
        y = height - grid.top - PANEL - row * (PANEL + grid.down)
        layers, matrix, plane = (
            drawing.add_axes((x / DOUBLE, y / height, PANEL / DOUBLE, PANEL / height)) for x in lefts
        )
        layers.set_title(fitted(name, 3.2, 7.0), loc="left", fontweight="bold")
        _layers(layers, found)
        emotions = [plain(one.name, LONGEST) for one in found.emotions]
        cosines(matrix, _matrix(found), emotions, emotions)
        _plane(plane, found)
    return drawing


def _layers(axes: Axes, found: EmotionDirections) -> None:
    x, y = [one.layer for one in found.layers], [one.strength for one in found.layers]
    axes.plot(x, y, color=COLOURS[0], zorder=2)
    for one in found.layers:
        inner = COLOURS[0] if one.layer == found.layer else "white"
        axes.plot(one.layer, one.strength, marker="o", color=COLOURS[0], markerfacecolor=inner, zorder=3)
    axes.axhline(1.0, color=PEOPLE, linestyle="--", linewidth=0.8, zorder=1)
    axes.set_ylim(0, max(2.0, *(1.1 * value for value in y)))
    layer_axis(axes, x)
    axes.set_xlabel("layer")
    axes.set_ylabel("gaps, times chance")


def _matrix(found: EmotionDirections) -> np.ndarray:
    """Cosines of all pairs, NaN where there is none and on the diagonal."""
    place = {one.name: number for number, one in enumerate(found.emotions)}
    values = np.full((len(place), len(place)), np.nan)
    for pair in found.cosines:
        if isinstance(pair.cosine, Estimate):
            i, j = place[pair.first], place[pair.second]
            values[i, j] = values[j, i] = pair.cosine.value
    return values


def _plane(axes: Axes, found: EmotionDirections) -> None:
    first = found.components[0]
    second = found.components[1] if len(found.components) > 1 else None
    across = dict(first.scores)
    up = dict(second.scores) if second is not None else dict.fromkeys(across, 0.0)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=1)
    axes.axvline(0, color=FAINT, linewidth=0.6, zorder=1)
    look = looks([one.name for one in found.emotions])
    widest = max(map(abs, across.values()))
    for (name, x), lift in zip(across.items(), _lifts(across, up), strict=True):
        axes.plot(x, up[name], linestyle="none", marker=look[name].marker, color=look[name].colour, zorder=3)
        left = x > 0.3 * widest
        axes.annotate(
            plain(name, LONGEST),
            (x, up[name]),
            xytext=(-4 if left else 4, lift),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=SMALL,
            color=INK,
        )
    axes.margins(0.15)
    axes.set_xlabel(f"component 1{_share(first.share)}")
    axes.set_ylabel(f"component 2{_share(second.share)}" if second is not None else "")


def _lifts(across: Mapping[str, float], up: Mapping[str, float]) -> list[float]:
    """Points by which a name is raised or lowered where another would be written over it."""
    wide, high = (max(axis.values()) - min(axis.values()) or 1.0 for axis in (across, up))
    lifts = []
    for name, x in across.items():
        near = [
            up[name] - up[other]
            for other, at in across.items()
            if other != name and abs(at - x) < CLOSE[0] * wide and abs(up[other] - up[name]) < CLOSE[1] * high
        ]
        lifts.append(0.0 if not near else 4.0 if sum(near) > 0 else -4.0)
    return lifts


def _share(share: object) -> str:
    return f" ({decimal(100 * share.value, 0)} %)" if isinstance(share, Estimate) else ""
