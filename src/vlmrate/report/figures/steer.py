"""Dose and response: a row of panels a direction, a panel an item, a line a layer, random directions in grey."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.report.figures.canvas import Grid, across, label_below, legend, legend_height, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import DOUBLE, PEOPLE, looks
from vlmrate.report.figures.words import listed, points, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import heading, slug
from vlmrate.report.tables.steer_parts import chosen_layer
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.steered import DirectionSteering, LayerSteering, Reading, Response, Steering, SteerOutcome
    from vlmrate.report.figures.style import Look

RANDOM = "random directions"
RANDOM_SHADE = 0.4
MOST_LINES = 8
"""Layers drawn in a panel: the chosen one and others evenly spread; the table has all."""


def steer_figures(outcomes: Sequence[SteerOutcome]) -> Iterator[Figure]:
    """One figure a direction; none where everything was skipped."""
    for outcome in outcomes:
        if isinstance(outcome.found, Skipped):
            continue
        for direction in outcome.found.directions:
            yield _figure(outcome.model, outcome.found, direction)


def _figure(model: str, steering: Steering, direction: DirectionSteering) -> Figure:
    told = f"Chosen on the other identities: layer {direction.chosen}. {_slopes(direction)}"
    return Figure(
        id=f"fig-steer-{slug(model, direction.direction)}",
        title=f"Steering {model} along {direction.direction}: answers by dose",
        part=Part.INSIDE,
        caption=sentences(
            f"Means over {steering.images} pictures of {steering.identities} identities by dose, a line a layer; dose "
            "1 is the direction's own effect. Filled signs: the layer that was chosen on the other identities, with "
            f"95 % intervals. Grey: where {steering.randoms} random directions of the same length lead over the "
            "linear range, lowest to highest over the layers shown.",
            told,
        ),
        alt=sentences(
            f"Line plots of {listed([_panel_name(one) for one in _shown(direction)])} against dose, a line a layer.",
            told,
        ),
        draw=partial(_draw, direction),
    )


def _slopes(direction: DirectionSteering) -> str:
    """The slope of every expected rating there, with its interval."""
    told = [
        f"{response.reading.item} moves by {points(response.slope.slope)} for one unit of dose"
        for response in chosen_layer(direction).responses
        if response.reading.kind == "expected" and isinstance(response.slope.slope, Estimate)
    ]
    return f"{heading(listed(told))}." if told else ""


def _shown(direction: DirectionSteering) -> tuple[Reading, ...]:
    """Expected ratings, spoken where there are none, and the probability of the direction's own label."""
    readings = [one.reading for one in direction.layers[0].responses if _has_numbers(one)]
    expected = [one for one in readings if one.kind == "expected"]
    rated = expected or [one for one in readings if one.kind == "spoken"]
    own = [one for one in readings if one.kind == "probability" and one.label == direction.direction]
    return (*rated, *own)


def _has_numbers(response: Response) -> bool:
    return any(isinstance(point.mean, Estimate) for point in response.doses)


def _panel_name(reading: Reading) -> str:
    return f"probability of {reading.label}" if reading.kind == "probability" else f"{reading.kind} {reading.item}"


def _drawn(direction: DirectionSteering) -> tuple[LayerSteering, ...]:
    """The layers that are drawn, the chosen one among them."""
    layers = direction.layers
    if len(layers) <= MOST_LINES:
        return layers
    evenly = {round(i * (len(layers) - 1) / (MOST_LINES - 2)) for i in range(MOST_LINES - 1)}
    return tuple(layer for i, layer in enumerate(layers) if i in evenly or layer.layer == direction.chosen)


def _draw(direction: DirectionSteering) -> Drawing:
    readings, layers = _shown(direction), _drawn(direction)
    names = [f"layer {layer.layer}" for layer in layers]
    columns = max(1, len(readings))
    foot = legend_height([*names, RANDOM], DOUBLE)
    wide = across(columns, DOUBLE, left=0.35, right=0.1, gap=0.4)
    grid = Grid(1, columns, wide, 1.7, left=0.35, right=0.1, bottom=foot + 0.4, across=0.4)
    grid, titles = grid.titled([title(_panel_name(reading)) for reading in readings])
    drawing = new_drawing(grid)
    look = looks(names)
    for axes, above, reading in zip(grid.panels(drawing, len(readings)), titles, readings, strict=True):
        _panel(axes, direction, layers, reading, look)
        axes.set_title(above)
    label_below(drawing, grid, "dose", up=foot + 0.04)
    handles = [
        _sign(look[name], filled=layer.layer == direction.chosen) for name, layer in zip(names, layers, strict=True)
    ]
    legend(drawing, [*handles, _grey()], [*names, RANDOM])
    return drawing


def _panel(
    axes: Axes,
    direction: DirectionSteering,
    layers: Sequence[LayerSteering],
    reading: Reading,
    look: dict[str, Look],
) -> None:
    responses = {layer.layer: next(one for one in layer.responses if one.reading == reading) for layer in layers}
    _random(axes, list(responses.values()))
    for number, response in responses.items():
        colour, marker = look[f"layer {number}"].colour, look[f"layer {number}"].marker
        told = [(point.dose, point.mean) for point in response.doses if isinstance(point.mean, Estimate)]
        x, y = [dose for dose, _ in told], [mean.value for _, mean in told]
        chosen = number == direction.chosen
        if chosen:
            axes.fill_between(
                x, [mean.ci_low for _, mean in told], [mean.ci_high for _, mean in told], color=colour, alpha=0.2, lw=0
            )
        inner = colour if chosen else "white"
        axes.plot(x, y, color=colour, marker=marker, markersize=3.2, markerfacecolor=inner, zorder=3 if chosen else 2)
    axes.axvline(0, color=PEOPLE, linestyle="--", linewidth=0.6, zorder=1)


def _random(axes: Axes, responses: Sequence[Response]) -> None:
    """A grey field from the lowest to the highest mean, over layers."""
    spans = [span for response in responses for span in response.random]
    doses = sorted({span.dose for span in spans})
    low = [min(span.low for span in spans if span.dose == dose) for dose in doses]
    high = [max(span.high for span in spans if span.dose == dose) for dose in doses]
    axes.fill_between(doses, low, high, color=PEOPLE, alpha=RANDOM_SHADE, lw=0, zorder=4)


def _sign(look: Look, *, filled: bool) -> Artist:
    from matplotlib.lines import Line2D

    inner = look.colour if filled else "white"
    return Line2D([], [], color=look.colour, marker=look.marker, markersize=3.2, markerfacecolor=inner)


def _grey() -> Artist:
    from matplotlib.patches import Patch

    return Patch(facecolor=PEOPLE, alpha=RANDOM_SHADE, edgecolor="none")
