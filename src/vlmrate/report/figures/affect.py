"""The affect space: where people place each emotion on two scales at once, and where each rater moves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vlmrate.apa import decimal
from vlmrate.report.figures import answers
from vlmrate.report.figures.canvas import (
    Grid,
    across,
    label_below,
    label_left,
    legend,
    legend_height,
    new_drawing,
    sign,
)
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import DOUBLE, INK, SINGLE, Look, looks
from vlmrate.report.figures.words import drawn_of, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.bias import ItemBias
    from vlmrate.analysis.dimensions import ItemDimension

AFFECT = ("valence", "arousal")
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shift:
    """Centroids of one emotion, (first item, second item): where people place it and where the rater does."""

    emotion: str
    people: Point
    rater: Point

    @property
    def length(self) -> float:
        """Scale points between both."""
        return math.dist(self.rater, self.people)


def affect_figures(analysis: Analysis) -> Iterator[Figure]:
    """One figure of two scales, valence and arousal where the study has them, where there is an emotion factor."""
    items = [item for item, _ in answers.scale_items(analysis)]
    if len(items) < 2 or isinstance(analysis.bias, Skipped) or answers.emotion_of_images(analysis) is None:
        return
    first, second = _two(items)
    of_item = {item.item: item for item in analysis.bias}
    found = [
        (run.name, shifts)
        for run in analysis.runs
        if (shifts := _shifts(run.name, of_item[first.item], of_item[second.item]))
    ]
    if found:
        yield _figure(first, second, found)


def _two(items: Sequence[ItemDimension]) -> tuple[ItemDimension, ItemDimension]:
    named = {item.item: item for item in items}
    if all(name in named for name in AFFECT):
        return named[AFFECT[0]], named[AFFECT[1]]
    return items[0], items[1]


def _shifts(rater: str, first: ItemBias, second: ItemBias) -> tuple[Shift, ...]:
    x, y = (_means(rater, item) for item in (first, second))
    return tuple(
        Shift(emotion, (x[emotion][0], y[emotion][0]), (x[emotion][1], y[emotion][1])) for emotion in x if emotion in y
    )


def _means(rater: str, item: ItemBias) -> dict[str, Point]:
    """People's mean and the rater's of each emotion, over the same images."""
    if isinstance(item.raters, Skipped):
        return {}
    biases = [entry.emotions for entry in item.raters if entry.rater == rater]
    return {
        entry.emotion: (entry.bias.human_mean, entry.bias.model_mean)
        for emotions in biases
        if not isinstance(emotions, Skipped)
        for entry in emotions
        if entry.bias.human_mean is not None and entry.bias.model_mean is not None
    }


def _figure(first: ItemDimension, second: ItemDimension, found: Sequence[tuple[str, tuple[Shift, ...]]]) -> Figure:
    shown = found[: answers.MOST_RATERS]
    return Figure(
        id=slug("fig-affect-space", first.item, second.item),
        title=f"Where raters place each emotion: {first.item} and {second.item}",
        part=Part.BIAS,
        caption=sentences(
            f"Hollow signs are people's mean of an emotion on {first.item} (across) and {second.item} (upwards), "
            "filled ones the rater's; the arrow is the rater's bias. Thin lines are the middles of the scales. Arrows "
            "away from the middle exaggerate, arrows that bring emotions together blur them.",
            *(_longest(name, shifts) for name, shifts in shown),
            drawn_of(len(shown), len(found), "the first raters by name"),
        ),
        alt=sentences(
            f"Plane of {first.item} and {second.item}, arrows from people's mean of each emotion to the rater's.",
            *(_told(name, shifts) for name, shifts in shown),
        ),
        draw=partial(_draw, tuple(shown), first, second),
    )


def _longest(name: str, shifts: Sequence[Shift]) -> str:
    longest = max(shifts, key=lambda shift: shift.length)
    return f"{name} moves {longest.emotion} farthest, by {decimal(longest.length, 2)} points."


def _told(name: str, shifts: Sequence[Shift]) -> str:
    return f"{name}: {'; '.join(f'{s.emotion} {_point(s.people)} to {_point(s.rater)}' for s in shifts)}."


def _point(point: Point) -> str:
    return f"({decimal(point[0], 2)}, {decimal(point[1], 2)})"


def _draw(found: Sequence[tuple[str, tuple[Shift, ...]]], first: ItemDimension, second: ItemDimension) -> Drawing:
    emotions = list(dict.fromkeys(shift.emotion for _, shifts in found for shift in shifts))
    look = looks(emotions)
    columns = min(len(found), 4)
    total = SINGLE if columns == 1 else DOUBLE
    foot = legend_height(emotions, total)
    left, gap = 0.42, 0.12
    size = min(across(columns, total, left=left, gap=gap), 2.7)
    grid = Grid(-(-len(found) // columns), columns, size, size, left=left, bottom=foot + 0.36, across=gap, down=0.22)
    grid, headings = grid.titled(name for name, _ in found)
    drawing, frame = new_drawing(grid), _frame(found)
    for i, axes in enumerate(grid.panels(drawing, len(found))):
        _panel(axes, found[i][1], look)
        _scale(axes, frame, first, second)
        axes.set_title(headings[i])
        axes.tick_params(labelleft=i % columns == 0, labelbottom=grid.under(i, len(found)))
    label_below(drawing, grid, f"{title(first.item)}, mean", up=foot + 0.02)
    label_left(drawing, grid, f"{title(second.item)}, mean")
    legend(drawing, [sign(look[emotion]) for emotion in emotions], emotions)
    return drawing


def _panel(axes: Axes, shifts: Sequence[Shift], look: dict[str, Look]) -> None:
    for shift in shifts:
        mine = look[shift.emotion]
        axes.annotate(
            "",
            xy=shift.rater,
            xytext=shift.people,
            arrowprops={"arrowstyle": "-|>,head_width=0.12,head_length=0.25", "color": mine.colour, "linewidth": 0.8,
                        "shrinkA": 2.0, "shrinkB": 1.5},
        )  # fmt: skip
        for point, face in ((shift.people, "white"), (shift.rater, mine.colour)):
            axes.plot(
                *([value] for value in point),
                linestyle="none",
                marker=mine.marker,
                markersize=4.2,
                markeredgewidth=0.8,
                markeredgecolor=mine.colour,
                markerfacecolor=face,
            )


def _frame(found: Sequence[tuple[str, tuple[Shift, ...]]]) -> tuple[Point, Point]:
    """Ends of both axes, as long as one another: all that is drawn, and some space around it."""
    points = [point for _, shifts in found for shift in shifts for point in (shift.people, shift.rater)]
    across_, upwards = ([point[i] for point in points] for i in (0, 1))
    half = 0.58 * max(max(across_) - min(across_), max(upwards) - min(upwards), 0.5)
    middles = [(max(values) + min(values)) / 2 for values in (across_, upwards)]
    return (middles[0] - half, middles[0] + half), (middles[1] - half, middles[1] + half)


def _scale(axes: Axes, frame: tuple[Point, Point], first: ItemDimension, second: ItemDimension) -> None:
    """The part of both scales that is needed, with lines at their middles where these are in sight."""
    axes.set_xlim(*frame[0])
    axes.set_ylim(*frame[1])
    for item, (low, high), line in ((first, frame[0], axes.axvline), (second, frame[1], axes.axhline)):
        if low < (middle := (item.low + item.high) / 2) < high:
            line(middle, color=INK, linewidth=0.3, zorder=0)
    axes.locator_params(nbins=5, integer=frame[0][1] - frame[0][0] > 2)
