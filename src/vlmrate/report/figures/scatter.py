"""A rater's ratings against people's means: a row of panels a rater, one panel an emotion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vlmrate.apa import decimal
from vlmrate.report.figures import answers
from vlmrate.report.figures.bubbles import MANY, Bubbles, bubbles_of, draw_bubbles
from vlmrate.report.figures.canvas import Grid, across, label_below, label_left, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import DOUBLE, FONT, PEOPLE, SINGLE, TALLEST, rater_looks
from vlmrate.report.figures.words import bounded, drawn_of, fitted, sentences
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.dimensions import ItemDimension, RaterDimension
    from vlmrate.report.figures.answers import Pairs
    from vlmrate.report.figures.style import Look


Row: TypeAlias = "tuple[str, Look, tuple[Pairs, ...]]"
"""A rater, how it looks, and its pairs by emotion."""


def scatter_figures(analysis: Analysis) -> Iterator[Figure]:
    """A figure an item with a scale that people rated."""
    looks = rater_looks(analysis)
    for item, raters in answers.scale_items(analysis):
        shown = raters[: answers.MOST_RATERS]
        rows = tuple(
            (rater.rater, looks[rater.rater], answers.pairs_by_emotion(analysis, rater.rater, item.item))
            for rater in shown
        )
        yield _figure(item, shown, rows, len(raters))


def _figure(
    item: ItemDimension,
    raters: Sequence[RaterDimension],
    rows: Sequence[Row],
    there: int,
) -> Figure:
    emotions = tuple(dict.fromkeys(pairs.emotion for _, _, cut in rows for pairs in cut))
    drawn = emotions[: answers.MOST_EMOTIONS]
    by_emotion = len(emotions) > 1
    merges = any(len(pairs.people) > MANY for _, _, cut in rows for pairs in cut)
    return Figure(
        id=slug("fig-scatter", item.item),
        title=f"{heading(item.item)}: raters against people",
        part=Part.AGREEMENT,
        caption=sentences(
            f"Each point is an image: people's mean across, the rater's rating upwards, both from {item.low} to "
            f"{item.high}. On the line rater and people agree; above it the rater rates higher.",
            "Images near one another are one point, larger the more there are."
            if merges
            else "Larger points are several images with the same values.",
            "A panel whose points lie flat, at one height, is an emotion within which the rater does not tell images "
            "apart."
            if by_emotion
            else "",
            *(_agreement(rater) for rater in raters),
            drawn_of(len(raters), there, answers.BEST),
            f"Drawn are the first {len(drawn)} of {len(emotions)} emotions." if len(drawn) < len(emotions) else "",
        ),
        alt=sentences(
            f"Scatter plots of {item.item}, rater against mean of people"
            + (f", a panel for each of {', '.join(drawn)}." if by_emotion else "."),
            *(_means(name, cut) for name, _, cut in rows),
        ),
        draw=partial(_draw, tuple(rows), drawn, item.low, item.high),
    )


def _agreement(rater: RaterDimension) -> str:
    if not isinstance(rater.r, Estimate):
        return f"{rater.rater} has no r: {rater.r.reason}."
    within = rater.r_within
    inside = f", within emotions {bounded(within)}" if isinstance(within, Estimate) else ""
    return f"{rater.rater}: r = {bounded(rater.r)}{inside}."


def _means(name: str, cut: Sequence[Pairs]) -> str:
    told = [
        f"{pairs.emotion} {decimal(float(pairs.rater.mean()), 2)} against people's "
        f"{decimal(float(pairs.people.mean()), 2)}"
        for pairs in cut[: answers.MOST_EMOTIONS]
    ]
    return f"{name}, means: {'; '.join(told)}."


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One panel: where it stands, whose points it holds (None: no image), and what is written above and beside it."""

    row: int
    column: int
    bubbles: Bubbles | None
    look: Look
    above: str
    beside: str


def _draw(rows: Sequence[Row], emotions: Sequence[str], low: int, high: int) -> Drawing:
    one = len(emotions) == 1
    grid, headings = _grid(len(rows), len(emotions)).titled([name for name, _, _ in rows] if one else emotions)
    cells = tuple(_cells(rows, emotions, headings, grid, (low, high)))
    most = max(int(cell.bubbles.n.max()) for cell in cells if cell.bubbles is not None)
    drawing = new_drawing(grid)
    for i, cell in enumerate(cells):
        axes = grid.panel(drawing, cell.row, cell.column)
        _panel(axes, cell.bubbles, cell.look, (low, high), most)
        # Ticks stand at the outer panels alone: a hundred small panels of them would take seconds to draw.
        axes.set_xticks(scale_ticks(low, high) if grid.under(i, len(cells)) else [])
        axes.set_yticks(scale_ticks(low, high) if cell.column == 0 else [])
        axes.set_title(cell.above)
        _name(axes, cell.beside)
    label_below(drawing, grid, "Mean of people", up=0.02)
    label_left(drawing, grid, "Rating of the rater")
    return drawing


def _cells(
    rows: Sequence[Row], emotions: Sequence[str], headings: Sequence[str], grid: Grid, ends: tuple[int, int]
) -> Iterator[Cell]:
    """A row a rater and a column an emotion; with one emotion raters stand side by side."""
    one, last = len(emotions) == 1, len(emotions) - 1
    for i, (name, look, cut) in enumerate(rows):
        there = {pairs.emotion: bubbles_of(pairs.people, pairs.rater, ends) for pairs in cut}
        beside = fitted(name, grid.panel_height, FONT)
        for j, emotion in enumerate(emotions):
            if one:
                yield Cell(i // grid.columns, i % grid.columns, there.get(emotion), look, headings[i], "")
            else:
                above = heading(headings[j]) if i == 0 else ""
                yield Cell(i, j, there.get(emotion), look, above, beside if j == last else "")


def _name(axes: Axes, name: str) -> None:
    """A rater's name right of its row."""
    if not name:
        return
    axes.annotate(
        name,
        (1, 0.5),
        (3, 0),
        xycoords="axes fraction",
        textcoords="offset points",
        rotation=270,
        ha="left",
        va="center",
    )


def _grid(raters: int, emotions: int) -> Grid:
    """A row a rater and a column an emotion; where there is one emotion raters stand side by side."""
    left, right, gap = 0.42, 0.1 if emotions == 1 else 0.3, 0.08
    columns = min(raters, 4) if emotions == 1 else emotions
    rows = -(-raters // columns) if emotions == 1 else raters
    total = SINGLE if columns == 1 else DOUBLE if columns > 2 else 4.6
    size = min(across(columns, total, left=left, right=right, gap=gap), (TALLEST - 0.6) / rows - 0.1, 2.4)
    return Grid(
        rows, columns, size, size, left=left, right=right, bottom=0.36, across=gap, down=0.2 if emotions == 1 else 0.08
    )


def _panel(axes: Axes, bubbles: Bubbles | None, look: Look, ends: tuple[int, int], most: int) -> None:
    low, high = ends
    edge = 0.06 * (high - low)
    axes.plot([low, high], [low, high], color=PEOPLE, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
    if bubbles is not None:
        draw_bubbles(axes, bubbles, look.colour, most)
    axes.set_xlim(low - edge, high + edge)
    axes.set_ylim(low - edge, high + edge)


def scale_ticks(low: int, high: int) -> list[int]:
    """Three to five whole numbers of a scale, its ends among them where they can be evenly spaced."""
    for parts in (4, 3, 2):
        if (high - low) % parts == 0:
            return [int(tick) for tick in np.linspace(low, high, parts + 1)]
    return [low, round((low + high) / 2), high]
