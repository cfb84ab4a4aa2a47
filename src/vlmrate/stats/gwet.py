"""Gwet's AC1 and AC2: agreement between any number of raters that does not collapse where one label is common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtrit

from vlmrate.stats._arrays import Column, FloatArray, declared, label_codes, require_aligned, require_level
from vlmrate.stats._long import code_cells
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums
from vlmrate.stats.estimate import NO_ERROR, Estimate, Outcome, Skipped, without_width
from vlmrate.stats.weighted_kappa import AgreementWeights, agreement_weights

if TYPE_CHECKING:
    from collections.abc import Sequence


def gwet_ac(
    units: Column,
    raters: Column,
    values: Column,
    labels: Sequence[Any],
    *,
    weights: AgreementWeights = "identity",
    level: float = 0.95,
) -> Outcome:
    """Return AC1 (identity weights) or AC2 (linear, quadratic) from long rows (unit, rater, value), at most 1.

    AC = (pa - pe) / (1 - pe). With n_ik raters giving unit i the label k, r_i in all and w the agreement
    weights, pa is the mean over units with r_i >= 2 of sum_k n_ik (sum_l w_kl n_il - 1) / (r_i (r_i - 1)),
    and pe = sum(w) / (q (q - 1)) sum_k pi_k (1 - pi_k) with pi_k the mean over all units of n_ik / r_i and q
    the number of declared labels. Interval: Student's t with n - 1 df on the linearised variance over units,
    raters taken as they are; Gwet 2008, British Journal of Mathematical and Statistical Psychology 61, 29-48,
    and, for AC2, Gwet 2014, Handbook of Inter-Rater Reliability. Rows with a missing value are left out; a
    value that is not declared is refused (declare "invalid" to count it). Skipped without a unit with two
    ratings, where a rater rated a unit twice, and where the standard error is 0 (perfect agreement): the bootstrap's
    form tells the value then, too.

    >>> units, raters = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], ["A", "B"] * 5
    >>> values = ["sad", "sad", "sad", "sad", "joy", "sad", "sad", "sad", "joy", "joy"]
    >>> ac1 = gwet_ac(units, raters, values, ["joy", "sad"])
    >>> round(ac1.value, 4), round(ac1.ci_low, 4), ac1.ci_high
    (0.6552, -0.3997, 1.0)
    """
    require_level(level)
    parts = _Parts.of(units, raters, values, labels, weights, None)
    if isinstance(parts, Skipped):
        return parts
    n = len(parts.sums)
    ac = float(parts.coefficient(parts.sums.sum(axis=0)[None, :])[0])
    se = math.sqrt(parts.variance(ac))
    if se < NO_ERROR:
        return without_width(parts.name, ac)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * se
    return Estimate(ac, ac - half, min(1.0, ac + half), level, n, f"{parts.name}; t of {n - 1} df (Gwet), at most 1")


def gwet_ac_bootstrap(
    units: Column,
    raters: Column,
    values: Column,
    labels: Sequence[Any],
    *,
    weights: AgreementWeights = "identity",
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Outcome:
    """Return AC1 or AC2 with a bootstrap interval over units, or over whole `clusters` of them (one entry a row)."""
    parts = _Parts.of(units, raters, values, labels, weights, clusters)
    if isinstance(parts, Skipped):
        return parts
    return bootstrap_sums(parts.sums, parts.coefficient, name=parts.name, clusters=parts.clusters, bootstrap=bootstrap)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Each unit's share of the coefficient: 1, whether it has two ratings, its agreement, its shares of labels."""

    sums: FloatArray
    chance: float
    """sum(w) / (q (q - 1))."""
    clusters: Column | None
    name: str

    @classmethod
    def of(
        cls,
        units: Column,
        raters: Column,
        values: Column,
        labels: Sequence[Any],
        weights: AgreementWeights,
        clusters: Column | None,
    ) -> _Parts | Skipped:
        require_aligned(units=units, raters=raters, values=values, clusters=clusters)
        ratings = code_cells(units, raters, _label_codes(values, labels), clusters)
        if isinstance(ratings, Skipped):
            return ratings
        q = len(labels)
        cells = ratings.unit * q + ratings.value.astype(np.int64)
        counts = np.bincount(cells, minlength=ratings.n_units * q).reshape(-1, q).astype(np.float64)
        r = counts.sum(axis=1)
        paired = r >= 2
        if not paired.any() or ratings.n_units < 2:
            return Skipped("agreement needs two units, and one of them with two ratings")
        matrix = agreement_weights(q, weights)
        agreeing = (counts * (counts @ matrix - 1)).sum(axis=1) / np.where(paired, r * (r - 1), 1.0)
        columns = [np.ones(len(r)), paired, np.where(paired, agreeing, 0.0), counts / r[:, None]]
        name = f"Gwet's {'AC1' if weights == 'identity' else f'AC2, {weights} weights'}, {ratings.n:,} values"
        return cls(np.column_stack(columns), float(matrix.sum()) / (q * (q - 1)), ratings.clusters, name)

    def coefficient(self, totals: FloatArray) -> FloatArray:
        pa = totals[:, 2] / totals[:, 1]
        pi = totals[:, 3:] / totals[:, :1]
        pe = self.chance * (pi * (1 - pi)).sum(axis=1)
        return np.asarray((pa - pe) / (1 - pe), dtype=np.float64)

    def variance(self, ac: float) -> float:
        n, (paired, agreeing), shares = len(self.sums), self.sums[:, 1:3].T, self.sums[:, 3:]
        pi = shares.mean(axis=0)
        pe = self.chance * float((pi * (1 - pi)).sum())
        own = n / paired.sum() * (agreeing - pe * paired) / (1 - pe)
        pulled = own - 2 * (1 - ac) * (self.chance * (shares @ (1 - pi)) - pe) / (1 - pe)
        return float(((pulled - ac) ** 2).sum()) / (n * (n - 1))


def _label_codes(values: Column, labels: Sequence[Any]) -> FloatArray:
    """Return each value's number among the labels, NaN where it is missing."""
    codes = label_codes(values, declared(labels), "values").astype(np.float64)
    codes[codes < 0] = np.nan
    return codes
