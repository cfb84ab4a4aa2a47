"""Bias between groups by the bootstrap: differences of differences over emotions, resampling who is shown.

It stands beside the mixed models' contrast of the same name, and assumes nothing of how ratings scatter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.analysis.data import Material
    from vlmrate.analysis.groups import RatedByBoth
    from vlmrate.stats._arrays import FloatArray


class GapBootstrap:
    """Differences of differences between any two levels of a factor, all from one draw of who is shown."""

    def __init__(self, material: Material, rated: RatedByBoth, levels: pd.Series[str]) -> None:
        self._cells = [(level, stratum) for level in dict.fromkeys(levels) for stratum in rated.strata]
        inside = [((levels == level) & (rated.stratum == stratum)).to_numpy() for level, stratum in self._cells]
        difference = rated.difference.to_numpy()
        columns = [column for where in inside for column in (where, where * difference)]
        self._filled = {cell: bool(where.any()) for cell, where in zip(self._cells, inside, strict=True)}
        self._strata = rated.strata
        self._drawn = stats.resample_sums(
            np.column_stack(columns), clusters=rated.clusters, bootstrap=material.bootstrap
        )

    def of(self, group: str, reference: str) -> Outcome:
        """The mean over the emotions that both groups show."""
        shared = [s for s in self._strata if self._filled[group, s] and self._filled[reference, s]]
        if not shared:
            return Skipped(f"{group} and {reference} show no emotion in common")
        if isinstance(self._drawn, Skipped):
            return self._drawn
        places = [[2 * self._cells.index((level, s)) for s in shared] for level in (group, reference)]

        def gap(totals: FloatArray) -> FloatArray:
            first, second = ((totals[:, [p + 1 for p in at]] / totals[:, at]).mean(axis=1) for at in places)
            apart: FloatArray = first - second
            return apart

        return self._drawn.estimate(gap, name=f"difference-in-differences, {group} minus {reference}")
