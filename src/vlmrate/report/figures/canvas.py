"""Where panels stand: placed in inches, so that type and lines keep their size whatever is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from vlmrate.report.figures.style import FONT, INK
from vlmrate.report.figures.words import fitted, lined, plain, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.report.figures.style import Look

LEGEND_LINE = 0.14
"""Inches a line of the legend takes."""
SECOND_LINE = 0.12
"""Inches that the second line of a title takes."""
LONGEST_ENTRY = 40
"""Characters of a legend's entry."""
MOST_TICKS = 8
"""Ticks of an axis of layers."""
LEGEND_SIGN = 0.36
"""Inches of a legend's sign and the space around an entry."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Panels in rows and columns with margins and gaps between, all in inches."""

    rows: int
    columns: int
    panel_width: float
    panel_height: float
    left: float = 0.45
    right: float = 0.08
    top: float = 0.2
    bottom: float = 0.36
    across: float = 0.15
    down: float = 0.3

    @property
    def width(self) -> float:
        """Inches of the whole drawing."""
        return self.left + self.columns * self.panel_width + (self.columns - 1) * self.across + self.right

    @property
    def height(self) -> float:
        """Inches of the whole drawing."""
        return self.top + self.rows * self.panel_height + (self.rows - 1) * self.down + self.bottom

    def panel(self, drawing: Drawing, row: int, column: int) -> Axes:
        """A new panel; row 0 is the uppermost."""
        x = self.left + column * (self.panel_width + self.across)
        y = self.height - self.top - self.panel_height - row * (self.panel_height + self.down)
        return drawing.add_axes(
            (x / self.width, y / self.height, self.panel_width / self.width, self.panel_height / self.height)
        )

    def panels(self, drawing: Drawing, n: int) -> tuple[Axes, ...]:
        """The first n panels, row by row."""
        return tuple(self.panel(drawing, i // self.columns, i % self.columns) for i in range(n))

    def titled(self, names: Iterable[str]) -> tuple[Grid, tuple[str, ...]]:
        """The grid with space for the second lines of panels' titles, where any needs one, and the titles."""
        shown = tuple(fitted(name, self.panel_width, FONT) for name in names)
        more = SECOND_LINE if any("\n" in title for title in shown) else 0.0
        return replace(self, top=self.top + more, down=self.down + more), shown

    def under(self, i: int, n: int) -> bool:
        """Whether no panel stands below the i-th of n."""
        return i + self.columns >= n


def across(columns: int, total: float, *, left: float, right: float = 0.08, gap: float = 0.15) -> float:
    """Width of a panel where so many stand side by side in a drawing of a total width."""
    return (total - left - right - (columns - 1) * gap) / columns


def new_drawing(grid: Grid) -> Drawing:
    """An empty drawing of the grid's size, on white: it is read on dark pages too."""
    from matplotlib.figure import Figure

    return Figure(figsize=(grid.width, grid.height), facecolor="white")


def margin(names: Iterable[str], size: float = FONT, *, least: float = 0.3, pad: float = 0.12) -> float:
    """Inches that tick labels need beside a panel."""
    lines = (line for name in names for line in lined(name).split("\n"))
    return max([least, *(width(line, size) + pad for line in lines)])


def legend_lines(names: Sequence[str], total: float) -> int:
    """Lines that a legend of these names takes in a drawing of a total width."""
    return -(-len(names) // _legend_columns(names, total))


def legend_height(names: Sequence[str], total: float) -> float:
    """Inches to leave at the foot for a legend."""
    return legend_lines(names, total) * LEGEND_LINE + 0.06


def legend(drawing: Drawing, handles: Sequence[Artist], names: Sequence[str]) -> None:
    """A legend at the foot of the drawing."""
    made = drawing.legend(
        list(handles),
        [str(i) for i in range(len(names))],
        loc="lower center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=_legend_columns(names, float(drawing.get_figwidth())),
        frameon=False,
        handletextpad=0.4,
        columnspacing=1.2,
        handlelength=1.6,
        borderpad=0.1,
        labelspacing=0.3,
    )
    # A legend leaves out labels that begin with an underscore, as names of raters may.
    for text, name in zip(made.get_texts(), names, strict=True):
        text.set_text(plain(name, LONGEST_ENTRY))


def sign(look: Look, *, hollow: bool = False) -> Artist:
    """A marker as the legend shows it."""
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="none",
        marker=look.marker,
        markersize=4.2,
        color=look.colour,
        markerfacecolor="white" if hollow else look.colour,
        markeredgewidth=0.8,
    )


def label_below(drawing: Drawing, grid: Grid, words: str, *, up: float) -> None:
    """A label for the x axis of all panels, so many inches above the foot."""
    half = width(words, FONT) / 2 + 0.02
    middle = (grid.left + grid.width - grid.right) / 2
    middle = max(half, min(middle, grid.width - half)) / grid.width
    drawing.text(middle, up / grid.height, words, ha="center", va="bottom", fontsize=FONT, color=INK)


def label_left(drawing: Drawing, grid: Grid, words: str) -> None:
    """A label for the y axis of all panels."""
    middle = (grid.bottom + (grid.height - grid.top - grid.bottom) / 2) / grid.height
    drawing.text(0.02 / grid.width, middle, words, ha="left", va="center", rotation=90, fontsize=FONT, color=INK)


def layer_axis(axes: Axes, layers: Iterable[int]) -> None:
    """An x axis of layers: ticks at those there are, or at whole numbers where these would stand too close."""
    from matplotlib.ticker import MaxNLocator

    there = sorted(set(layers))
    axes.set_xlim(there[0] - 0.5, there[-1] + 0.5)
    closest = min((b - a for a, b in pairwise(there)), default=1)
    if (there[-1] - there[0]) / closest < MOST_TICKS:
        axes.set_xticks(there)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=MOST_TICKS))


def _legend_columns(names: Sequence[str], total: float) -> int:
    widest = max((width(plain(name, LONGEST_ENTRY), FONT - 0.5) for name in names), default=1.0) + LEGEND_SIGN
    return max(1, min(len(names), int((total - 0.1) / widest)))
