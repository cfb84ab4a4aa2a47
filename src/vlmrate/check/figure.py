"""The history as a figure: a panel a metric, values as points, their moving average, and its limits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from vlmrate.inference.files import write_atomically
from vlmrate.report.figures.canvas import Grid
from vlmrate.report.figures.style import BAND, COLOURS, DOUBLE, PEOPLE, styled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.check.history import Tracked

COLUMNS = 3
DPI = 150


def save_history(folder: Path, series: Sequence[Tracked]) -> tuple[Path, ...]:
    """Write history.svg and history.png; the same history gives the same bytes."""
    written = []
    for form in ("svg", "png"):
        stream = io.BytesIO()
        with styled():
            drawn = _drawn(series)
            drawn.savefig(
                stream, format=form, dpi=DPI, metadata={"Date": None} if form == "svg" else {"Software": None}
            )
        path = folder / f"history.{form}"
        write_atomically(path, stream.getvalue())
        written.append(path)
    return tuple(written)


def _drawn(series: Sequence[Tracked]) -> Drawing:
    from matplotlib.figure import Figure

    rows = -(-len(series) // COLUMNS)
    width = (DOUBLE - 0.45 - 0.08 - (COLUMNS - 1) * 0.45) / COLUMNS
    grid = Grid(rows, COLUMNS, width, 1.1, across=0.45, down=0.42, bottom=0.42)
    drawing = Figure(figsize=(grid.width, grid.height))
    for i, (panel, entry) in enumerate(zip(grid.panels(drawing, len(series)), series, strict=True)):
        _panel(panel, entry, last_row=grid.under(i, len(series)))
    return drawing


def _panel(panel: Axes, entry: Tracked, *, last_row: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    chart = entry.chart
    numbers = range(1, len(chart.values) + 1)
    if chart.low:
        panel.fill_between(numbers, chart.low, chart.high, color=BAND, step="mid", linewidth=0)
    panel.axhline(chart.target, color=PEOPLE, linewidth=0.6, linestyle=":")
    panel.plot(numbers, chart.values, "o", color=COLOURS[0], markersize=2.5)
    panel.plot(numbers, chart.averages, color=COLOURS[0])
    out = chart.outside
    panel.plot([i + 1 for i in out], [chart.averages[i] for i in out], "X", color=COLOURS[1], markersize=4.5)
    panel.set_title(entry.name)
    panel.set_xlim(0.5, len(chart.values) + 0.5)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    if last_row:
        panel.set_xlabel("check")
