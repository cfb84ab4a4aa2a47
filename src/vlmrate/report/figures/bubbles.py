"""Points that stand for images: near ones are one, larger the more there are, so that crowds are seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from vlmrate.report.figures.answers import Numbers

MANY = 120
"""Images in a panel from which near ones are drawn as one point."""
CELLS = 32
"""Cells along the scale into which such panels are cut."""
SIZES = 6
"""Sizes of points, their areas even steps apart."""
LARGEST = 5.0
"""Diameter of the largest in points of print."""
ALONE = 2.0
"""Diameter of all points where each is one image."""


@dataclass(frozen=True, slots=True, eq=False)
class Bubbles:
    """Points with how many images each stands for."""

    x: Numbers
    y: Numbers
    n: NDArray[np.int64]


def bubbles_of(x: Numbers, y: Numbers, scale: tuple[int, int]) -> Bubbles:
    """Points of one panel, on a scale from one end to the other: near ones merged where there are many."""
    return merged(x, y, (scale[1] - scale[0]) / CELLS if len(x) > MANY else 0.0)


def merged(x: Numbers, y: Numbers, step: float) -> Bubbles:
    """Points that fall into one cell of a step's width become one, at their mean; a step of 0 merges equal points."""
    cells = np.column_stack([x, y] if step == 0 else [np.round(x / step), np.round(y / step)])
    _, of_cell, n = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    of_cell = of_cell.ravel()
    sums = [np.bincount(of_cell, weights=values, minlength=len(n)) for values in (x, y)]
    return Bubbles(sums[0] / n, sums[1] / n, n)


def draw_bubbles(axes: Axes, bubbles: Bubbles, colour: str, most: int) -> None:
    """Draw points whose areas grow with their numbers; `most` is the number of the largest in the figure."""
    level = np.ceil(SIZES * bubbles.n / most).astype(int)
    for size in np.unique(level):
        here = level == size
        axes.plot(
            bubbles.x[here],
            bubbles.y[here],
            linestyle="none",
            marker="o",
            markersize=ALONE if most == 1 else LARGEST * float(np.sqrt(size / SIZES)),
            color=colour,
            alpha=0.7,
            markeredgewidth=0,
            zorder=2,
        )
