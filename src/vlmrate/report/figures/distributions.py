"""Distributions of ratings within each emotion, people's above the raters': a collapse is seen at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.analysis.asked import ALL
from vlmrate.apa import decimal
from vlmrate.report.figures import answers
from vlmrate.report.figures.canvas import Grid, across, label_below, margin, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import DOUBLE, FAINT, INK, PEOPLE, SINGLE, SMALL, TALLEST, rater_looks
from vlmrate.report.figures.words import counted, drawn_of, lined, listed, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.analysis import Analysis
    from vlmrate.report.figures.answers import Numbers

SINGLES = "People, single ratings"
MEANS = "People, image means"
ROW = 0.24
"""Inches from one distribution to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """How often each point of the scale was given: `counts` an entry a point, `colour` its fill."""

    who: str
    colour: str
    counts: Numbers

    @property
    def shares(self) -> Numbers:
        """Counts as shares of all; 0 where there is none."""
        total = float(self.counts.sum())
        return self.counts / total if total else self.counts

    @property
    def used(self) -> int:
        """Points of the scale that were given at all."""
        return int((self.counts > 0).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """All distributions of one emotion, people's first."""

    emotion: str
    rows: tuple[Distribution, ...]


def distribution_figures(analysis: Analysis) -> Iterator[Figure]:
    """A figure an item with a scale that a rater gave numbers for, whether people rated it or not."""
    if isinstance(analysis.spread, Skipped):
        return
    scales = {item.name: item.scale for item in analysis.design.items}
    for item in analysis.spread:
        scale = scales[item.item]
        if isinstance(scale, Likert) and not isinstance(item.raters, Skipped):
            names = tuple(entry.rater for entry in item.raters)
            shown = names[: answers.MOST_RATERS + 2]
            if panels := tuple(_panels(analysis, item.item, shown, scale)):
                yield _figure(item.item, panels, names, scale)


def _figure(item: str, panels: tuple[Panel, ...], raters: Sequence[str], scale: Likert) -> Figure:
    shown = raters[: answers.MOST_RATERS + 2]
    drawn = panels[: answers.MOST_EMOTIONS + 1]
    return Figure(
        id=slug("fig-distributions", item),
        title=f"{heading(item)}: distributions of ratings, people and raters",
        part=Part.SPREAD,
        caption=sentences(
            "Each row has how often every point of the scale was given: people above, raters below, all drawn to the "
            "same height for the same share. A rater that gives one emotion always the same number shows as one tall "
            "bar where people's ratings are a hill.",
            "Numbers between points of the scale are counted to the nearest.",
            _points_used(panels, scale),
            _collapsed(panels, shown),
            drawn_of(len(shown), len(raters), "the first raters by name"),
            f"Drawn are the first {len(drawn)} of {len(panels)} emotions." if len(drawn) < len(panels) else "",
        ),
        alt=sentences(f"Histograms of {item} by emotion.", *(_told(panel) for panel in drawn)),
        draw=partial(_draw, drawn, scale),
    )


def _panels(analysis: Analysis, item: str, raters: Sequence[str], scale: Likert) -> Iterator[Panel]:
    given = answers.emotion_of_images(analysis)
    of_image = None if given is None else np.array(given, dtype=object)
    looks = rater_looks(analysis)
    for emotion in answers.emotions(analysis) or (ALL,):
        inside = np.full(len(analysis.images.image_id), True) if of_image is None else of_image == emotion
        values = [(name, answers.rater_values(analysis, name, item)[inside]) for name in raters]
        if any(np.isfinite(of_rater).any() for _, of_rater in values):
            mine = [Distribution(name, looks[name].colour, histogram(of_rater, scale)) for name, of_rater in values]
            yield Panel(emotion, (*_people(analysis, item, inside, scale), *mine))


def _people(
    analysis: Analysis, item: str, inside: np.ndarray[tuple[int], np.dtype[np.bool_]], scale: Likert
) -> Iterator[Distribution]:
    column = next((column for column in analysis.images.people if column.item == item), None)
    if column is None:
        return
    counts = [of_image for of_image, there in zip(column.counts, inside, strict=True) if there and of_image is not None]
    if counts:
        yield Distribution(SINGLES, PEOPLE, np.sum(counts, axis=0, dtype=np.float64))
    yield Distribution(MEANS, "#a6a6a6", histogram(answers.people_means(analysis, item)[inside], scale))


def histogram(values: Numbers, scale: Likert) -> Numbers:
    """How many values are nearest to each point of the scale; halves go up, what is missing is left out."""
    nearest = np.floor(values[np.isfinite(values)] + 0.5).astype(int) - scale.low
    return np.bincount(np.clip(nearest, 0, scale.high - scale.low), minlength=len(scale.points)).astype(np.float64)


def _points_used(panels: Sequence[Panel], scale: Likert) -> str:
    """How many points of the scale each uses within an emotion, on average."""
    used: dict[str, list[int]] = {}
    for row in (row for panel in panels for row in panel.rows if row.used):
        used.setdefault(row.who, []).append(row.used)
    told = listed([f"{who} {decimal(sum(of_who) / len(of_who), 1)}" for who, of_who in used.items()])
    return f"Of the {len(scale.points)} points of the scale are used within a panel, on average: {told}."


def _collapsed(panels: Sequence[Panel], raters: Sequence[str]) -> str:
    """Which raters give some emotion a single number."""
    told = []
    for name in raters:
        single = [
            panel.emotion
            for panel in panels
            for row in panel.rows
            if row.who == name and row.used == 1 < row.counts.sum()
        ]
        if single:
            told.append(f"{name} gives one number to all images of {', '.join(single)}.")
    return " ".join(told) or "No rater gives all images of an emotion the same number."


def _told(panel: Panel) -> str:
    rows = [f"{row.who} {counted(row.used, 'point')} used, most often {_mode(row)} %" for row in panel.rows if row.used]
    return f"{panel.emotion}: {'; '.join(rows)}."


def _mode(row: Distribution) -> str:
    return decimal(100 * float(row.shares.max()), 0)


def _draw(panels: Sequence[Panel], scale: Likert) -> Drawing:
    names = [row.who for row in panels[0].rows]
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    left = margin(names, SMALL)
    height = min(ROW * len(names) + 0.06, (TALLEST - 0.6) / rows - 0.26)
    total = SINGLE if columns == 1 else DOUBLE
    grid = Grid(rows, columns, across(columns, total, left=left, gap=0.12), height, left=left, across=0.12, down=0.26)
    drawing = new_drawing(grid)
    tallest = max(float(row.shares.max()) for panel in panels for row in panel.rows)
    for i, (panel, axes) in enumerate(zip(panels, grid.panels(drawing, len(panels)), strict=True)):
        _panel(axes, panel, scale, tallest)
        axes.set_yticks([-k + 0.12 for k in range(len(names))], [lined(name) for name in names])
        axes.tick_params(axis="y", length=0, labelleft=i % columns == 0)
        axes.tick_params(axis="x", labelbottom=grid.under(i, len(panels)))
    label_below(drawing, grid, "Point of the scale", up=0.02)
    return drawing


def _panel(axes: Axes, panel: Panel, scale: Likert, tallest: float) -> None:
    from matplotlib.collections import PolyCollection

    bars = [
        _bar(point, -k, 0.86 * float(share) / tallest)
        for k, row in enumerate(panel.rows)
        for point, share in zip(scale.points, row.shares, strict=True)
        if share > 0
    ]
    colours = [row.colour for row in panel.rows for share in row.shares if share > 0]
    axes.hlines(
        [-k for k in range(len(panel.rows))], scale.low - 0.5, scale.high + 0.5, color=FAINT, linewidth=0.4, zorder=1
    )
    axes.add_collection(PolyCollection(bars, facecolors=colours, edgecolors=INK, linewidths=0.2, zorder=2))
    axes.set_xlim(scale.low - 0.6, scale.high + 0.6)
    axes.set_ylim(-len(panel.rows) + 0.94, 0.94)
    axes.set_xticks(scale.points if len(scale.points) <= 11 else [scale.low, scale.high])
    axes.spines["left"].set_visible(False)
    axes.set_title(title(panel.emotion))


def _bar(point: float, foot: float, height: float) -> list[tuple[float, float]]:
    return [(point - 0.42, foot), (point - 0.42, foot + height), (point + 0.42, foot + height), (point + 0.42, foot)]
