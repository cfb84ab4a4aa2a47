"""Whether the rows determine the variances: a fit converges on data that leave them open too, as lmer's does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats.mixed.criterion import Optimum
    from vlmrate.stats.mixed.design import Design
    from vlmrate.stats.mixed.rows import Groups

MOST_ROWS = 1000
"""Larger designs with as many columns as rows are not looked at: the rank would take longer than the fit."""
LEVEL = 1e-6
"""Least eigenvalue of the curvature, scaled to a diagonal of ones, below which the criterion has a ridge."""
NO_RATIO = 1e-8
"""Variance ratios below are at the border, where the criterion need not be curved."""


def fits_every_row(design: Design, groups: Sequence[Groups]) -> bool:
    """Whether fixed part and random intercepts have as many independent columns as there are rows."""
    n, p = design.basis.vectors.shape
    if n > MOST_ROWS or p + sum(group.size for group in groups) < n:
        return False
    indicators = [np.eye(group.size)[group.codes] for group in groups]
    return bool(np.linalg.matrix_rank(np.hstack([design.basis.vectors, *indicators])) >= n)


def has_a_ridge(optimum: Optimum) -> bool:
    """Whether other variances have the same likelihood: the criterion, its s profiled out, is level in a direction."""
    point = optimum.point
    inside = np.flatnonzero(point.ratios > NO_RATIO)
    if len(inside) < 2:
        return False
    profiled = optimum.curvature - np.outer(point.first, point.first) / (point.residual_variance**2 * point.degrees)
    curved = profiled[np.ix_(inside, inside)]
    diagonal = np.diag(curved)
    if (diagonal <= 0).any():
        return True
    scaled = curved / np.sqrt(np.outer(diagonal, diagonal))
    return bool(np.linalg.eigvalsh(scaled).min() < LEVEL)
