"""How many units or features carry a label: the share that the first one, two, … make up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.probe.carrying import SHARE, Carried
from vlmrate.probe.causal import Causal
from vlmrate.report.figures.canvas import Grid, across, label_below, label_left, legend, legend_height, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import PEOPLE, SINGLE, looks
from vlmrate.report.figures.words import listed, points, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import slug
from vlmrate.stats import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.artist import Artist
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.causal import CausalOutcome

LEVEL = f"{SHARE:.0%}".replace("%", " %")


def carrier_figures(outcomes: Sequence[CausalOutcome]) -> Iterator[Figure]:
    """One figure a model; none where nothing carries any label beyond random directions."""
    for outcome in outcomes:
        if isinstance(outcome.found, Causal):
            carried = [told.found for told in outcome.found.carriers.labels if isinstance(told.found, Carried)]
            drawn = tuple(one for one in carried if one.curve)
            if drawn:
                yield _figure(outcome.model, outcome.found.carriers.kind, outcome.found.carriers.layer, drawn)


def _figure(model: str, kind: str, layer: int, carried: Sequence[Carried]) -> Figure:
    told = listed([f"{one.label} {points(one.effective)}" for one in carried if isinstance(one.effective, Estimate)])
    return Figure(
        id=slug("fig-causal-carriers", model),
        title=f"{title(model)}: how many {kind} carry a label",
        part=Part.INSIDE,
        caption=sentences(
            f"Each of the {kind} after layer {layer} was projected out alone. Drawn is the share of the summed "
            "lowering of a label's log-probability that the first so many make up, in the order of the half of the "
            "identities that chooses, told of the other. Only those that lower it beyond random directions count.",
            f"Effective numbers ({LEVEL}): {told}." if told else "",
        ),
        alt=sentences(
            f"Rising lines of the share against the number of {kind}, one a label.",
            f"Effective numbers: {told}." if told else "",
        ),
        draw=partial(_draw, tuple(carried), kind),
    )


def _draw(carried: Sequence[Carried], kind: str) -> Drawing:
    from matplotlib.ticker import MaxNLocator

    names = [one.label for one in carried]
    entries = [*names, LEVEL]
    foot = legend_height(entries, SINGLE)
    grid = Grid(1, 1, across(1, SINGLE, left=0.5, right=0.1), 1.6, left=0.5, right=0.1, top=0.08, bottom=foot + 0.4)
    drawing = new_drawing(grid)
    (axes,) = grid.panels(drawing, 1)
    look = looks(names)
    for one in carried:
        colour, marker = look[one.label].colour, look[one.label].marker
        axes.plot(range(len(one.curve) + 1), (0, *one.curve), color=colour, marker=marker, markersize=2.5, zorder=2)
    axes.axhline(SHARE, color=PEOPLE, linestyle="--", linewidth=0.8, zorder=1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    # Told of the other half, a share may be more than 1 before the last ones take from it, or less than 0.
    shares = [0.0, 1.0, *(share for one in carried for share in one.curve)]
    room = 0.05 * (max(shares) - min(shares))
    axes.set_ylim(min(shares) - (room if min(shares) < 0 else 0.0), max(shares) + room)
    axes.set_xlim(0, max(len(one.curve) for one in carried) + 1)
    label_left(drawing, grid, "share of the lowering")
    label_below(drawing, grid, f"{kind}, the largest first", up=foot + 0.04)
    legend(drawing, [*(_line(look[name].colour, look[name].marker) for name in names), _level()], entries)
    return drawing


def _line(colour: str, marker: str) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, marker=marker, markersize=2.5)


def _level() -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=PEOPLE, linestyle="--", linewidth=0.8)
