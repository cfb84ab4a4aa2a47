"""How figures look: one typeface, the width of a journal's column, colours and signs that can be told apart without
colour.

The colours are those of Okabe & Ito (2008), which the colour-blind tell apart, with a dark blue in the place of yellow,
which is too pale for lines, and of black, which stands for people. Every rater has a marker beside its colour, so that
the figure can be read in greyscale.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.typing import RcKeyType

    from vlmrate.analysis import Analysis

SINGLE = 3.35
"""Inches of one journal column."""
DOUBLE = 7.0
"""Inches of two columns."""
TALLEST = 8.8
"""Inches of a page less its caption."""
FONT = 7.0
"""Points at print size."""
SMALL = 6.0
"""Points of what stands in cells; nothing is smaller."""

PEOPLE = "#4d4d4d"
FAINT = "#d9d9d9"
BAND = "#f1f1f1"
INK = "#1a1a1a"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")

SETTINGS: dict[RcKeyType, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": FONT,
    "axes.titlesize": FONT,
    "axes.labelsize": FONT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": FONT - 0.5,
    "axes.linewidth": 0.5,
    "axes.edgecolor": PEOPLE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.titlepad": 3.0,
    "axes.labelpad": 2.0,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.0,
    "ytick.major.size": 2.0,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "lines.linewidth": 0.9,
    "lines.markersize": 4.0,
    "patch.linewidth": 0.5,
    "hatch.linewidth": 0.4,
    "text.parse_math": False,  # names from data may hold dollar signs
    "text.usetex": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "vlmrate",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True, slots=True)
class Look:
    """What tells one rater (or emotion) from the others: a colour and a marker."""

    colour: str
    marker: str


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the project's style, whatever the machine's own settings of matplotlib are."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        yield


def looks(names: Sequence[str]) -> dict[str, Look]:
    """A look for each name, by their order; colours and markers repeat with different periods."""
    return {
        name: Look(COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(dict.fromkeys(names))
    }


def rater_looks(analysis: Analysis) -> dict[str, Look]:
    """A look for each rater, the same in all figures of an analysis."""
    return looks([run.name for run in analysis.runs])
