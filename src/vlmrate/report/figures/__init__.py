"""An analysis as figures, in the order in which they are seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from vlmrate.report.figures.affect import affect_figures
from vlmrate.report.figures.bias import bias_figures
from vlmrate.report.figures.bland_altman import bland_altman_figures
from vlmrate.report.figures.calibration import calibration_figures
from vlmrate.report.figures.ceiling import ceiling_figures
from vlmrate.report.figures.confusion import confusion_figures
from vlmrate.report.figures.decoding import decoding_figures
from vlmrate.report.figures.distributions import distribution_figures
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.groups import group_figures
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.ranking import ranking_figures
from vlmrate.report.figures.scatter import scatter_figures
from vlmrate.report.figures.strength import strength_figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis

__all__ = ["Figure", "figures"]


def figures(analysis: Analysis) -> tuple[Figure, ...]:
    """Every figure of an analysis. Questions that were skipped have none."""
    return tuple(_apart(_all(analysis)))


def _apart(made: Iterator[Figure]) -> Iterator[Figure]:
    """Figures whose ids differ: items named with different signs may have one plain name."""
    seen: Counter[str] = Counter()
    for figure in made:
        seen[figure.id] += 1
        yield figure if seen[figure.id] == 1 else replace(figure, id=f"{figure.id}-{seen[figure.id]}")


def _all(analysis: Analysis) -> Iterator[Figure]:
    yield from confusion_figures(analysis)
    yield from ranking_figures(analysis)
    yield from ceiling_figures(analysis)
    yield from scatter_figures(analysis)
    yield from bland_altman_figures(analysis)
    yield from strength_figures(analysis)
    yield from calibration_figures(analysis)
    yield from bias_figures(analysis)
    yield from affect_figures(analysis)
    yield from group_figures(analysis)
    yield from distribution_figures(analysis)
    yield from decoding_figures(analysis)
    if analysis.inside is not None:
        yield from inside_figures(analysis.inside)
