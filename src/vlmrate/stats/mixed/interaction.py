"""Contrasts of contrasts: by how much a difference between levels of one factor differs between those of another."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.stats.mixed.marginal import marginal_cells, tested
from vlmrate.stats.mixed.satterthwaite import satterthwaite
from vlmrate.stats.mixed.threads import on_one_thread

if TYPE_CHECKING:
    from vlmrate.stats.mixed.model import MixedModelFit


@on_one_thread
def interaction_contrasts(fit: MixedModelFit, first: str, second: str, *, level: float = 0.95) -> pd.DataFrame:
    """Differences of differences of marginal means, for every pair of levels of both factors.

    With m the marginal means (other factors' levels weigh alike), (m_bd - m_ad) - (m_bc - m_ac) for levels a before b
    of `first` and c before d of `second`: later minus earlier in both, as `MixedModelFit.contrasts`, and as emmeans
    with `interaction = "revpairwise"`. Columns: first ("b - a"), second ("d - c"), the levels second_later and
    second_earlier, estimate, std_error, df (Satterthwaite), ci_low, ci_high, statistic, p_value, note. A contrast that
    the data do not determine has no numbers, and a note that says why. The p-values are not adjusted for their number.
    """
    cells = marginal_cells(fit.design.coding, [first, second], None)
    weights = dict(zip(cells.levels, cells.weights, strict=True))
    levels = [tuple(fit.design.coding.factors[name].levels) for name in (first, second)]
    rows, of_rows = [], []
    for a, b in combinations(levels[0], 2):
        for c, d in combinations(levels[1], 2):
            rows.append((f"{b} - {a}", f"{d} - {c}", d, c))
            of_rows.append(weights[b, d] - weights[a, d] - weights[b, c] + weights[a, c])
    frame = pd.DataFrame(rows, columns=["first", "second", "second_later", "second_earlier"])
    inference = satterthwaite(fit.optimum, fit.in_basis, fit.unit)
    return tested(frame, np.array(of_rows), fit.design.basis, inference, level=level, against_zero=True)
