"""Features of dictionaries: how many go with each class, and how specific they are by the dictionary's size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vlmrate.report.figures.canvas import Grid, across, label_below, legend, legend_height, margin, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import COLOURS, DOUBLE, PEOPLE, SINGLE
from vlmrate.report.figures.words import bounded, listed, plain, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.features import RANDOM, TRAINED
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.sparse.features import FactorFeatures, FeaturesOutcome
    from vlmrate.probe.sparse.sizes import SizeOutcome, SizesOutcome
    from vlmrate.stats import Outcome

ALONE = "enriched for it alone"
SHARED = "and for others too"
_BAR = 0.17
_PALE = "#9ecae1"


@dataclass(frozen=True, slots=True)
class _Panel:
    """One factor of one dictionary."""

    name: str
    found: FactorFeatures
    judged: int
    random: int


def features_figures(outcomes: Sequence[FeaturesOutcome]) -> Iterator[Figure]:
    """One figure: a panel a factor of each dictionary; none where every factor was skipped."""
    panels = [
        _Panel(f"{told.factor} ({one.dictionary})" if outcomes[1:] else told.factor, told.found, one.judged, one.random)
        for one in outcomes
        for told in one.factors
        if not isinstance(told.found, Skipped)
    ]
    if not panels:
        return
    yield Figure(
        id="fig-features",
        title="Features that go with emotions and groups",
        part=Part.INSIDE,
        caption=sentences(
            "Bars: the share of judged features that are enriched for a class, dark where for no other class of the "
            "factor. Diamonds: the share of as many random directions.",
            *map(_counted, panels),
        ),
        alt=sentences(
            f"Bar charts of the share of features enriched for each class of {listed([p.name for p in panels])}.",
            *map(_counted, panels),
        ),
        draw=partial(_draw, panels),
    )


def _counted(panel: _Panel) -> str:
    found = panel.found
    return (
        f"{title(panel.name)}: {found.enriched} of {panel.judged} features, {found.distinct} of them for one class; "
        f"{found.random_enriched} of {panel.random} random directions, {found.random_distinct} of them for one class."
    )


def _draw(panels: Sequence[_Panel]) -> Drawing:
    entries = [ALONE, SHARED, RANDOM]
    columns = min(len(panels), 3)
    total = SINGLE if columns == 1 else DOUBLE
    left = margin([level.level for panel in panels for level in panel.found.levels])
    foot = legend_height(entries, total)
    wide = across(columns, total, left=left, right=0.12, gap=left + 0.1)
    high = _BAR * max(len(panel.found.levels) for panel in panels) + 0.1
    rows = -(-len(panels) // columns)
    grid = Grid(rows, columns, wide, high, left=left, right=0.12, bottom=foot + 0.4, across=left + 0.1, down=0.4)
    grid, titles = grid.titled([title(panel.name) for panel in panels])
    drawing = new_drawing(grid)
    most = max(_shares(panel)[2] for panel in panels)
    for axes, heading, panel in zip(grid.panels(drawing, len(panels)), titles, panels, strict=True):
        _bars(axes, panel, 1.08 * most or 1.0)
        axes.set_title(heading)
    label_below(drawing, grid, "share of judged features", up=foot + 0.04)
    legend(drawing, [_bar(COLOURS[0]), _bar(_PALE), _diamond()], entries)
    return drawing


def _shares(panel: _Panel) -> tuple[list[float], list[float], float]:
    """Of every level the share enriched and that of random directions, and the largest of all."""
    enriched = [level.enriched / max(panel.judged, 1) for level in panel.found.levels]
    random = [level.random / max(panel.random, 1) for level in panel.found.levels]
    return enriched, random, max([*enriched, *random])


def _bars(axes: Axes, panel: _Panel, most: float) -> None:
    levels = panel.found.levels
    places = list(range(len(levels)))
    enriched, random, _ = _shares(panel)
    alone = [level.distinct / max(panel.judged, 1) for level in levels]
    axes.barh(places, enriched, height=0.62, color=_PALE, zorder=2)
    axes.barh(places, alone, height=0.62, color=COLOURS[0], zorder=3)
    axes.plot(random, places, linestyle="none", marker="D", markersize=3.2, color=PEOPLE, zorder=4, clip_on=False)
    axes.set_yticks(places, [plain(level.level) for level in levels])
    axes.set_ylim(len(levels) - 0.4, -0.6)
    axes.set_xlim(0, most)
    axes.locator_params(axis="x", nbins=4)


def sizes_figures(outcomes: Sequence[SizesOutcome]) -> Iterator[Figure]:
    """One figure for each layer: two panels, the share of features for one emotion alone and their selectivity."""
    for number, one in enumerate(outcomes):
        if isinstance(one.sizes, Skipped):
            continue
        place = f"{plain(one.model)}, {one.array}, layer {one.layer}"
        yield Figure(
            id="fig-features-sizes" + (f"-{number + 1}" if outcomes[1:] else ""),
            title=f"Specificity of features by the dictionary's size: {place}",
            part=Part.INSIDE,
            caption=sentences(
                "Trained on one half of the identities, judged on the other; as many random directions beside them.",
                "Left: the share of features enriched for exactly one emotion (Wilson's interval over features); "
                "right: mean selectivity for the emotion preferred in training (interval from drawing identities).",
                _largest(one.sizes),
            ),
            alt=sentences(
                "Two line plots against the number of features, of trained dictionaries and of random directions.",
                _largest(one.sizes),
            ),
            draw=partial(_draw_sizes, one.sizes),
        )


def _largest(sizes: Sequence[SizeOutcome]) -> str:
    """The smallest and the largest size in words."""
    ends = dict.fromkeys((min(sizes, key=lambda one: one.size), max(sizes, key=lambda one: one.size)))
    return " ".join(
        f"{one.size:,} features: {bounded(one.trained.distinct)} are for one emotion alone, of random directions "
        f"{bounded(one.random.distinct)}."
        for one in ends
        if isinstance(one.trained.distinct, Estimate) and isinstance(one.random.distinct, Estimate)
    )


def _draw_sizes(sizes: Sequence[SizeOutcome]) -> Drawing:
    entries = [TRAINED, RANDOM]
    foot = legend_height(entries, DOUBLE)
    wide = across(2, DOUBLE, left=0.4, right=0.1, gap=0.5)
    grid = Grid(1, 2, wide, 1.4, left=0.4, right=0.1, bottom=foot + 0.4, across=0.5)
    drawing = new_drawing(grid)
    left, right = grid.panels(drawing, 2)
    for axes, heading in ((left, "For one emotion alone (share)"), (right, "Mean selectivity")):
        axes.set_title(heading)
        axes.set_xscale("log", base=2)
        axes.set_xticks([one.size for one in sizes], [str(one.size) for one in sizes])
        axes.minorticks_off()
    for shift, (which, colour, marker) in enumerate(((TRAINED, COLOURS[0], "o"), (RANDOM, PEOPLE, "D"))):
        told = [one.trained if which == TRAINED else one.random for one in sizes]
        at = [one.size * (1 + 0.04 * shift) for one in sizes]
        _line(left, at, [one.distinct for one in told], colour, marker)
        _line(right, at, [one.selectivity for one in told], colour, marker)
    left.set_ylim(bottom=0)
    label_below(drawing, grid, "features in the dictionary", up=foot + 0.04)
    legend(drawing, [_point(COLOURS[0], "o"), _point(PEOPLE, "D")], entries)
    return drawing


def _line(axes: Axes, at: Sequence[float], outcomes: Sequence[Outcome], colour: str, marker: str) -> None:
    there = [(x, one) for x, one in zip(at, outcomes, strict=True) if isinstance(one, Estimate)]
    axes.errorbar(
        [x for x, _ in there],
        [one.value for _, one in there],
        yerr=[[one.value - one.ci_low for _, one in there], [one.ci_high - one.value for _, one in there]],
        color=colour,
        marker=marker,
        markersize=3.6,
        elinewidth=0.8,
    )


def _bar(colour: str) -> Artist:
    from matplotlib.patches import Patch

    return Patch(facecolor=colour)


def _diamond() -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none", marker="D", markersize=3.2, color=PEOPLE)


def _point(colour: str, marker: str) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, marker=marker, markersize=3.6)
