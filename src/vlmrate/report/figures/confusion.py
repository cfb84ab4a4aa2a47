"""Confusion matrices: which label an image was meant to show, and which the rater gave."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.apa import bounded
from vlmrate.report.figures.canvas import Grid, margin, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.style import DOUBLE, FAINT, INK, SMALL
from vlmrate.report.figures.words import counted, drawn_of, plain, sentences, width
from vlmrate.report.format import share
from vlmrate.report.table import Part
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import INVALID, Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.classification import Confusion, ItemClassification, RaterClassification

MOST = 9
CELL = 0.275
"""Inches of a cell that holds a count over a share."""
LONGEST = 12
GAP = 0.12
DARK = 0.68
"""Row shares from which the writing in a cell is white."""


def confusion_figures(analysis: Analysis) -> Iterator[Figure]:
    """A figure an item with intended labels, a panel a rater, best kappa first."""
    if isinstance(analysis.classification, Skipped):
        return
    for item in analysis.classification:
        if not isinstance(item.raters, Skipped) and item.raters:
            yield _figure(item, item.raters)


def _figure(item: ItemClassification, raters: Sequence[RaterClassification]) -> Figure:
    shown = raters[:MOST]
    return Figure(
        id=slug("fig-confusion", item.item),
        title=f"{heading(item.item)}: intended labels and answers",
        part=Part.CLASSIFICATION,
        caption=sentences(
            "Rows are the intended labels, columns the answers; the last column holds answers that were not valid. "
            "Each cell has the number of images and, below, its share of the row in per cent; darker is more. A rater "
            "without errors has its images on the diagonal alone.",
            *(_worst(rater) for rater in shown),
            drawn_of(len(shown), len(raters), "the raters with the highest kappa"),
        ),
        alt=sentences(
            f"Confusion {'matrix' if len(shown) == 1 else 'matrices'} of {counted(len(shown), 'rater')} for "
            f"{item.item}, {counted(len(item.labels), 'label')} by answer.",
            *(_told(rater) for rater in shown),
        ),
        draw=partial(_draw, tuple((rater.rater, rater.confusion) for rater in shown)),
    )


def _worst(rater: RaterClassification) -> str:
    if not rater.pathways:
        return f"{rater.rater} made no error."
    worst = rater.pathways[0]
    error = "without a valid answer" if worst.answer == INVALID else f"answered {worst.answer}"
    return f"{rater.rater}'s most frequent error is {worst.truth} {error}, {share(worst.of_truth)}."


def _told(rater: RaterClassification) -> str:
    labels = rater.confusion.labels
    right = [
        f"{label} {row[i]} of {sum(row)}"
        for i, (label, row) in enumerate(zip(labels, rater.confusion.counts, strict=True))
    ]
    accuracy = rater.scores if isinstance(rater.scores, Skipped) else rater.scores.accuracy
    whole = f"accuracy {bounded(accuracy.value)}; " if isinstance(accuracy, Estimate) else ""
    return f"{rater.rater}: {whole}right {', '.join(right)}."


def _draw(raters: Sequence[tuple[str, Confusion]]) -> Drawing:
    first = raters[0][1]
    names = [plain(label, LONGEST) for label in first.labels]
    left = margin(names, SMALL) + 0.16
    below = max(width(plain(answer, LONGEST), SMALL) for answer in first.answers) * 0.75 + 0.12
    each = CELL * len(first.answers)
    columns = max(1, min(3, len(raters), int((DOUBLE - left + GAP) / (each + GAP))))
    grid, headings = Grid(
        rows=-(-len(raters) // columns),
        columns=columns,
        panel_width=each,
        panel_height=CELL * len(names),
        left=left,
        top=0.22,
        bottom=below + 0.18,
        across=GAP,
        down=0.24,
        right=0.1,
    ).titled(rater for rater, _ in raters)
    drawing = new_drawing(grid)
    for i, axes in enumerate(grid.panels(drawing, len(raters))):
        _panel(axes, raters[i][1])
        axes.set_title(headings[i])
        axes.tick_params(labelleft=i % columns == 0, labelbottom=grid.under(i, len(raters)))
        if i % columns == 0:
            axes.set_ylabel("Intended")
        if grid.under(i, len(raters)):
            axes.set_xlabel("Answer")
    return drawing


def _panel(axes: Axes, confusion: Confusion) -> None:
    counts = np.array(confusion.counts, dtype=np.float64)
    sums = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, sums, out=np.zeros_like(counts), where=sums > 0)
    rows, columns = counts.shape
    axes.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(rows + 1) - 0.5,
        shares,
        cmap="Blues",
        vmin=0.0,
        vmax=1.0,
        edgecolors=FAINT,
        linewidth=0.3,
    )
    axes.axvline(columns - 1.5, color=INK, linewidth=0.8)
    for row, column in np.ndindex(rows, columns):
        _cell(axes, row, column, int(counts[row, column]), float(shares[row, column]))
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xticks(range(columns), [plain(answer, LONGEST) for answer in confusion.answers], rotation=50, ha="right")
    axes.set_yticks(range(rows), [plain(label, LONGEST) for label in confusion.labels])
    axes.tick_params(length=0, pad=1.5)
    axes.tick_params(axis="x", pad=0.5)
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")
    axes.spines[["left", "bottom"]].set_visible(False)


def _cell(axes: Axes, row: int, column: int, count: int, share_of_row: float) -> None:
    """A count over its share of the row; cells without images stay empty, so that the others are seen."""
    if count:
        axes.text(
            column,
            row,
            f"{count}\n{100 * share_of_row:.0f}%",
            ha="center",
            va="center",
            fontsize=SMALL,
            linespacing=0.95,
            color="white" if share_of_row > DARK else INK,
        )
