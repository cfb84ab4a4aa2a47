"""A matrix of cosines: a cell's colour and number, blue above 0 and red below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.apa import bounded
from vlmrate.report.figures.style import FAINT, INK, SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

DARK = 0.6
"""Size from which the writing in a cell is white."""


def cosines(
    axes: Axes,
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    held: np.ndarray | None = None,
    most: float = 1.0,
) -> None:
    """Draw a matrix (rows, columns); what is NaN stays empty, cells that are `held` are told in bold.

    Colours end at `most` on both sides.
    """
    axes.pcolormesh(
        np.arange(len(columns) + 1) - 0.5,
        np.arange(len(rows) + 1) - 0.5,
        np.ma.masked_invalid(values),
        cmap="RdBu",
        vmin=-most,
        vmax=most,
        edgecolors=FAINT,
        linewidth=0.3,
    )
    for row, column in np.argwhere(np.isfinite(values)):
        axes.text(
            column,
            row,
            bounded(float(values[row, column]), 2),
            ha="center",
            va="center",
            fontsize=SMALL,
            fontweight="bold" if held is not None and held[row, column] else "normal",
            color="white" if abs(values[row, column]) > DARK * most else INK,
        )
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), list(columns), rotation=50, ha="right")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.tick_params(length=0, pad=1.5)
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")
    axes.spines[["left", "bottom"]].set_visible(False)
