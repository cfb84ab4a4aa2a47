"""An analysis as figures, in the order in which they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.figures.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis

__all__ = ["Figure", "figures"]


def figures(analysis: Analysis) -> tuple[Figure, ...]:
    """Every figure of an analysis. Questions that were skipped have none."""
    return tuple(_all(analysis))


def _all(analysis: Analysis) -> Iterator[Figure]:
    yield from ()
