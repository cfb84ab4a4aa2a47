"""Cluster-robust inference for contrasts of cell means: one standard error, from which interval and test both come.

A contrast is sum_c w_c mean(values in cell c), every image weighing the same within its cell: a mean (one cell), a
difference between groups (two), the mean of such differences over strata, a difference of differences (four). It is
a contrast of the coefficients of least squares on indicators of the cells. Its standard error is CR2, the "bias-reduced
linearization" that takes images of one cluster for related in any way, and its t has Satterthwaite's degrees of
freedom: Bell & McCaffrey 2002, Survey Methodology 28, 169-181; Pustejovsky & Tipton 2018, Journal of Business &
Economic Statistics 36, 672-683. The working model of both is independence with one variance, as in R's clubSandwich.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit

from vlmrate.stats.estimate import NO_ERROR, Estimate, Outcome, Skipped, TestOutcome, TestResult, without_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats._arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class ClusteredContrast:
    """A contrast's value, its standard error in the same unit, and what they rest on."""

    value: float
    standard_error: float
    df: float
    n: int
    how: str
    """How interval and test are made, in words."""

    def estimate(self, name: str, level: float) -> Outcome:
        """The value with its interval, ± t(df) standard errors: it excludes 0 where the test has p < 1 - level."""
        if self.standard_error == 0:
            return without_width(name, self.value)
        half = float(stdtrit(self.df, (1 + level) / 2)) * self.standard_error
        return Estimate(self.value, self.value - half, self.value + half, level, self.n, f"{name}; {self.how}")

    def test(self) -> TestOutcome:
        """Test a contrast of 0, two-sided; Skipped where the standard error is 0."""
        if self.standard_error == 0:
            return Skipped("the clusters leave a standard error of 0: without variance there is no test")
        t = self.value / self.standard_error
        return TestResult(t, float(2 * stdtr(self.df, -abs(t))), self.df, f"{self.how}, two-sided", self.n)


@dataclass(frozen=True, slots=True)
class ContrastDesign:
    """Which cell and cluster each image lies in: all that a contrast needs besides the values."""

    cell: IntArray
    """Number of each image's cell, shape (n,)."""
    cluster: IntArray
    """Number of each image's cluster, shape (n,)."""
    weights: FloatArray
    """Weight of each cell's mean, shape (cells,)."""
    influence: FloatArray
    """By how much a residual of cluster g in cell c moves the contrast, after CR2's adjustment, shape (clusters,
    cells): w_c / n_c / sqrt(1 - m_gc / n_c) where m_gc of the cell's n_c images are of the cluster."""
    df: float

    @classmethod
    def of(
        cls, cell: IntArray, weights: FloatArray, clusters: IntArray, names: Sequence[str]
    ) -> ContrastDesign | Skipped:
        """Lay out a contrast of cells that all hold an image; Skipped where one cluster holds a whole cell.

        `names` are the cells', for the reason.
        """
        distinct, cluster = np.unique(clusters, return_inverse=True)
        k, g = len(weights), len(distinct)
        counts = np.bincount(cluster * k + cell, minlength=g * k).reshape(g, k).astype(np.float64)
        of_cell = counts.sum(axis=0)
        alone = (counts == of_cell).any(axis=0)
        if alone.any():
            return Skipped(
                f"a standard error needs two clusters in each group, but all images of {names[int(alone.argmax())]} "
                "are of one"
            )
        influence = weights / of_cell / np.sqrt(1 - counts / of_cell)
        return cls(cell, cluster.astype(np.int64), weights, influence, _satterthwaite(counts, influence))

    def contrast(self, values: FloatArray) -> ClusteredContrast:
        """The contrast of the values, shape (n,)."""
        g, k = self.influence.shape
        size = float(np.abs(values).max(initial=0.0))
        means = np.bincount(self.cell, weights=values, minlength=k) / np.bincount(self.cell, minlength=k)
        residuals = np.bincount(self.cluster * k + self.cell, weights=values - means[self.cell], minlength=g * k)
        moved = (self.influence * residuals.reshape(g, k)).sum(axis=1)
        how = f"t with a CR2 standard error over {g:,} clusters and Satterthwaite's df"
        error = float(np.hypot.reduce(moved))
        error = 0.0 if error < NO_ERROR * size else error
        return ClusteredContrast(float(means @ self.weights), error, self.df, len(values), how)


def _satterthwaite(counts: FloatArray, influence: FloatArray) -> float:
    """Degrees of freedom of CR2's variance under the working model: trace(P)² / |P|², never below 1.

    P = D - B diag(1 / n_c) B' over clusters, with D_g = sum_c m_gc a_gc² on the diagonal, B_gc = m_gc a_gc and a the
    influence: the covariances of what each cluster contributes.
    """
    of_cell = counts.sum(axis=0)
    totals = counts * influence
    own = (totals * influence).sum(axis=1)
    taken = (totals**2 / of_cell).sum(axis=1)
    shared = totals.T @ totals / np.sqrt(np.outer(of_cell, of_cell))
    return float((own - taken).sum() ** 2 / ((own**2).sum() - 2 * (own * taken).sum() + (shared**2).sum()))


def outcomes(
    design: ContrastDesign | Skipped, values: FloatArray, name: str, level: float
) -> tuple[Outcome, TestOutcome]:
    """A contrast's interval and test, or for both why there is none."""
    if isinstance(design, Skipped):
        return design, design
    contrast = design.contrast(values)
    return contrast.estimate(name, level), contrast.test()
