"""Strength inversion: each rater's r with people on one scale against its r on another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vlmrate.analysis.strength import inverted_pairs
from vlmrate.report.figures.canvas import Grid, legend, legend_height, new_drawing, sign
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import PEOPLE, SINGLE, rater_looks
from vlmrate.report.figures.words import bounded, counted, sentences, title
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import slug
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.strength import ItemPairStrength, RaterStrength
    from vlmrate.report.figures.style import Look

Strength = tuple[str, Estimate, Estimate]
MOST_NAMED = 3


def strength_figures(analysis: Analysis) -> Iterator[Figure]:
    """A figure for each two items with a scale that people rated, where two raters or more have r on both."""
    if isinstance(analysis.strength, Skipped):
        return
    for items in analysis.strength:
        if not isinstance(items.raters, Skipped):
            found = tuple(told for rater in items.raters if (told := _both(rater)) is not None)
            if len(found) > 1:
                yield _figure(items, found, rater_looks(analysis))


def _both(rater: RaterStrength) -> Strength | None:
    if isinstance(rater.overall, Skipped):
        return None
    first, second = rater.overall.first, rater.overall.second
    if isinstance(first, Estimate) and isinstance(second, Estimate):
        return rater.rater, first, second
    return None


def _figure(items: ItemPairStrength, found: Sequence[Strength], looks: dict[str, Look]) -> Figure:
    return Figure(
        id=slug("fig-strength", items.first, items.second),
        title=f"Strength of raters on {items.first} and {items.second}",
        part=Part.AGREEMENT,
        caption=sentences(
            f"Each rater's correlation with people's means on {items.first} (across) and {items.second} (upwards), "
            f"with {100 * found[0][1].level:g} % intervals as crosses. Of two raters the one further right follows "
            f"people better on {items.first}, the upper one better on {items.second}: strength is inverted where a "
            "rater stands right of another and below it.",
            _inverted(items),
        ),
        alt=sentences(
            f"Plot of r on {items.first} against r on {items.second}.",
            *(f"{rater}: {items.first} {bounded(x)}, {items.second} {bounded(y)}." for rater, x, y in found),
        ),
        draw=partial(_draw, tuple(found), looks, items.first, items.second),
    )


def _inverted(items: ItemPairStrength) -> str:
    if isinstance(items.inversions, Skipped):
        return ""
    pairs = inverted_pairs(items.inversions)
    if not pairs:
        return "No two raters change places by intervals that leave out 0."
    named = "; ".join(f"{pair.ahead} leads {pair.behind} on {items.first} only" for pair in pairs[:MOST_NAMED])
    return f"{counted(len(pairs), 'pair')} of raters change{'s' if len(pairs) == 1 else ''} places: {named}."


def _draw(found: Sequence[Strength], looks: dict[str, Look], first: str, second: str) -> Drawing:
    names = [rater for rater, _, _ in found]
    foot = legend_height(names, SINGLE)
    left, right = 0.5, 0.12
    size = SINGLE - left - right
    grid = Grid(1, 1, size, size, left=left, right=right, top=0.08, bottom=foot + 0.32)
    drawing = new_drawing(grid)
    axes = grid.panel(drawing, 0, 0)
    for rater, x, y in found:
        _cross(axes, x, y, looks[rater])
    _frame(axes, [x for _, x, _ in found], [y for _, _, y in found])
    axes.set_xlabel(f"r, {title(first)}")
    axes.set_ylabel(f"r, {title(second)}")
    axes.locator_params(nbins=5)
    legend(drawing, [sign(looks[name]) for name in names], names)
    return drawing


def _frame(axes: Axes, across: Sequence[Estimate], upwards: Sequence[Estimate]) -> None:
    """Each axis as long as its intervals need; the line of equal r where it is in sight."""
    for estimates, limit in ((across, axes.set_xlim), (upwards, axes.set_ylim)):
        low = min(estimate.ci_low for estimate in estimates)
        high = max(estimate.ci_high for estimate in estimates)
        edge = max(0.005, 0.08 * (high - low))
        limit(low - edge, high + edge)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    if max(left, bottom) < min(right, top):
        axes.axline((0, 0), slope=1, color=PEOPLE, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)


def _cross(axes: Axes, x: Estimate, y: Estimate, look: Look) -> None:
    axes.hlines([y.value], [x.ci_low], [x.ci_high], color=look.colour, linewidth=0.8, zorder=2)
    axes.vlines([x.value], [y.ci_low], [y.ci_high], color=look.colour, linewidth=0.8, zorder=2)
    axes.plot([x.value], [y.value], linestyle="none", marker=look.marker, color=look.colour, markersize=4.5, zorder=3)
