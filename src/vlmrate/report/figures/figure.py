"""A figure: what it shows in words, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure as Drawing

    from vlmrate.report.table import Part


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the report.

    `id` is a plain file name, unique in a report; the title bears no number, which comes from the order of all figures.
    `caption` says what to see, `alt` what is drawn, for whoever cannot see it. `draw` makes the drawing anew each time.
    """

    id: str
    title: str
    part: Part
    caption: str
    alt: str
    draw: Callable[[], Drawing]
