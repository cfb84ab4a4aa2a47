"""Tables of ratings that several tests of raters and units share."""

from __future__ import annotations

from typing import Any

import numpy as np

JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
"""Six subjects by four judges: Shrout & Fleiss 1979, table 2."""


def long(matrix: Any) -> tuple[Any, Any, Any]:
    """Units, raters and values of a table of units by raters."""
    units, raters = np.indices(matrix.shape)
    return units.ravel(), raters.ravel(), matrix.ravel()


def planted(
    seed: int, units: int = 200, raters: int = 60, each: int = 12, sd: tuple[float, float, float] = (1.0, 0.7, 1.2)
) -> tuple[Any, Any, Any]:
    """Ratings of each unit by a random dozen of raters, with the SDs of unit, rater and residual."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), each)
    rater = np.concatenate([rng.choice(raters, each, replace=False) for _ in range(units)])
    value = 5 + rng.normal(0, sd[0], units)[unit] + rng.normal(0, sd[1], raters)[rater]
    return unit, rater, value + rng.normal(0, sd[2], len(unit))
