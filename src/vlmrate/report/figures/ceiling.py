"""The ceiling: each rater's r with people between what one person reaches and the best that can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from vlmrate.report.figures import answers
from vlmrate.report.figures.canvas import Grid, across, label_below, legend, legend_height, margin, new_drawing, sign
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.forest import whiskers
from vlmrate.report.figures.style import COLOURS, DOUBLE, INK, PEOPLE, SINGLE, SMALL, Look
from vlmrate.report.figures.words import bounded, lined, sentences, title
from vlmrate.report.table import Part
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.dimensions import RaterDimension

RATER = Look(COLOURS[0], "o")
LABEL_ONLY = Look(COLOURS[4], "D")
CEILING, ONE_PERSON, CATEGORY = "people's ceiling", "one person", "category mean"
MOST = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """One rater's r, and that of its labels alone."""

    rater: str
    r: Estimate
    label_only: Estimate | None


@dataclass(frozen=True, slots=True)
class Panel:
    """One item: what raters reach, and what stands beside them."""

    item: str
    marks: tuple[Mark, ...]
    ceiling: Estimate | None
    one_person: Estimate | None
    category_mean: Estimate | None


def ceiling_figures(analysis: Analysis) -> Iterator[Figure]:
    """One figure of all items with a scale that people rated."""
    panels = tuple(
        panel for item, raters in answers.scale_items(analysis) if (panel := _panel(analysis, item.item, raters)).marks
    )
    if not panels:
        return
    level = panels[0].marks[0].r.level
    yield Figure(
        id="fig-ceiling",
        title="Agreement with people against the ceiling that people set",
        part=Part.AGREEMENT,
        caption=sentences(
            f"Filled signs are each rater's r with people's means and its {100 * level:g} % interval.",
            "Hollow signs are what is left of it when every rating is replaced by the mean under the label the rater "
            "gave: a filled sign no further right than the hollow one owes its r to the label."
            if any(mark.label_only for panel in panels for mark in panel.marks)
            else "",
            _lines(panels),
            *(_told_best(panel) for panel in panels),
        ),
        alt=sentences("Dot plot of r with people's means.", *(_told(panel) for panel in panels)),
        draw=partial(_draw, panels),
    )


def _panel(analysis: Analysis, item: str, raters: Sequence[RaterDimension]) -> Panel:
    reliable = None
    if not isinstance(analysis.reliability, Skipped):
        reliable = next((entry for entry in analysis.reliability if entry.item == item), None)
    base = None
    if not isinstance(analysis.baselines, Skipped):
        base = next((entry for entry in analysis.baselines if entry.item == item), None)
    label_only = {entry.rater: _r(entry.agreement) for entry in base.raters} if base else {}
    marks = [
        Mark(rater.rater, rater.r, label_only.get(rater.rater)) for rater in raters if isinstance(rater.r, Estimate)
    ]
    return Panel(
        item,
        tuple(marks[:MOST]),
        ceiling=_estimate(reliable.ceiling) if reliable else None,
        one_person=_estimate(reliable.one_person.r) if reliable else None,
        category_mean=_r(base.category_mean) if base else None,
    )


def _r(entry: RaterDimension | Skipped) -> Estimate | None:
    return None if isinstance(entry, Skipped) else _estimate(entry.r)


def _estimate(found: Estimate | Skipped) -> Estimate | None:
    return found if isinstance(found, Estimate) else None


def _lines(panels: Sequence[Panel]) -> str:
    """What the lines are, of those that are drawn."""
    words = {
        CEILING: "the solid line is the highest r that a rater without error can reach",
        ONE_PERSON: "the broken line what one person reaches against the others",
        CATEGORY: "the dotted line an answer with people's mean of each emotion",
    }
    there = [words[name] for name in words if any(_reference(panel, name) for panel in panels)]
    told = "; ".join(there)
    return f"{told[:1].upper()}{told[1:]}; bands are their intervals." if told else ""


def _reference(panel: Panel, name: str) -> Estimate | None:
    return {CEILING: panel.ceiling, ONE_PERSON: panel.one_person, CATEGORY: panel.category_mean}[name]


def _told_best(panel: Panel) -> str:
    best = panel.marks[0]
    told = f"{panel.item}: the highest r is {best.rater}'s, {bounded(best.r)}"
    against = [f"{name} {bounded(x)}" for name in (CEILING, ONE_PERSON, CATEGORY) if (x := _reference(panel, name))]
    return f"{told}; {'; '.join(against)}." if against else f"{told}."


def _told(panel: Panel) -> str:
    marks = [f"{mark.rater} {bounded(mark.r)}" for mark in panel.marks]
    lines = [f"{name} {bounded(x)}" for name in (CEILING, ONE_PERSON, CATEGORY) if (x := _reference(panel, name))]
    return f"{panel.item}: {'; '.join([*marks, *lines])}."


def _draw(panels: Sequence[Panel]) -> Drawing:
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    total = SINGLE if columns == 1 else DOUBLE
    left = margin((mark.rater for panel in panels for mark in panel.marks), SMALL)
    handles = _handles(panels)
    foot = legend_height(list(handles), total)
    height = max(0.7, 0.2 * max(len(panel.marks) for panel in panels) + 0.1)
    gap = left + 0.05
    grid = Grid(
        rows,
        columns,
        across(columns, total, left=left, right=0.14, gap=gap),
        height,
        left=left,
        bottom=foot + 0.36,
        across=gap,
        right=0.14,
    )
    drawing = new_drawing(grid)
    for panel, axes in zip(panels, grid.panels(drawing, len(panels)), strict=True):
        _draw_panel(axes, panel)
    label_below(drawing, grid, "r with people's means", up=foot + 0.02)
    legend(drawing, list(handles.values()), list(handles))
    return drawing


def _draw_panel(axes: Axes, panel: Panel) -> None:
    for name, (colour, dashes, alpha) in _STYLES.items():
        if (reference := _reference(panel, name)) is not None:
            axes.axvspan(reference.ci_low, reference.ci_high, color=colour, alpha=alpha, linewidth=0, zorder=0)
            axes.axvline(reference.value, color=colour, linewidth=1.0, linestyle=dashes, zorder=1)
    y = list(range(len(panel.marks)))
    only = [(i, mark.label_only) for i, mark in enumerate(panel.marks) if mark.label_only is not None]
    whiskers(axes, [x for _, x in only], [i + 0.26 for i, _ in only], LABEL_ONLY, label="label only", hollow=True)
    whiskers(axes, [mark.r for mark in panel.marks], y, RATER, label="rater")
    axes.set_ylim(len(y) - 0.4, -0.6)
    axes.set_yticks(y, [lined(mark.rater) for mark in panel.marks])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    right = max([1.0, *(mark.r.ci_high for mark in panel.marks)])
    axes.set_xlim(right=right + 0.005)
    axes.locator_params(axis="x", nbins=5)
    axes.set_title(title(panel.item))


_STYLES: dict[str, tuple[str, Literal["-", "--", ":"], float]] = {
    CEILING: (INK, "-", 0.12),
    ONE_PERSON: (PEOPLE, "--", 0.1),
    CATEGORY: (COLOURS[2], ":", 0.12),
}


def _handles(panels: Sequence[Panel]) -> dict[str, Artist]:
    from matplotlib.lines import Line2D

    found: dict[str, Artist] = {"rater": sign(RATER)}
    if any(mark.label_only for panel in panels for mark in panel.marks):
        found["label only"] = sign(LABEL_ONLY, hollow=True)
    for name, (colour, dashes, _) in _STYLES.items():
        if any(_reference(panel, name) for panel in panels):
            found[name] = Line2D([], [], color=colour, linestyle=dashes, linewidth=1.0)
    return found
