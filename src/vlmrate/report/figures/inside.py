"""Figures of what was found inside models, in the order of the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.figures.angles import bias_figures
from vlmrate.report.figures.axis import axis_figures
from vlmrate.report.figures.causal import causal_figures
from vlmrate.report.figures.compare import compare_figures
from vlmrate.report.figures.debias import debias_figures
from vlmrate.report.figures.directions import directions_figures
from vlmrate.report.figures.features import features_figures, sizes_figures
from vlmrate.report.figures.separability import separability_figures
from vlmrate.report.figures.steer import steer_figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.probe.found import Found
    from vlmrate.report.figures.figure import Figure


def inside_figures(found: Found) -> tuple[Figure, ...]:
    """Every figure of what was found; a command that has not run, or skipped everything, has none."""
    return tuple(_all(found))


def _all(found: Found) -> Iterator[Figure]:
    yield from separability_figures(found.separability)
    yield from directions_figures(found.directions)
    yield from axis_figures(found.axis)
    yield from bias_figures(found.bias)
    yield from causal_figures(found.causal)
    yield from steer_figures(found.steer)
    yield from debias_figures(found.debias)
    yield from compare_figures(found.compare)
    yield from features_figures(found.features)
    yield from sizes_figures(found.features_sizes)
