"""Satterthwaite's degrees of freedom, as lmerTest has them but from exact derivatives.

Kuznetsova, Brockhoff & Christensen 2017, lmerTest, J. Stat. Softw. 82(13), section 2. With f the variance parameters
(theta_1 ... theta_K, sigma), theta_k = sqrt(g_k), V(f) the covariance of the coefficients, and A = 2 H^-1, H the second
derivatives of minus two log likelihoods in f: for a combination l of coefficients

    df = 2 (l'V l)^2 / (d'A d),    d_j = l' (dV / df_j) l

An F test of several combinations takes the eigenvectors of L V L' as independent t tests with df_m, and
df = 2 E / (E - q), E = sum_m df_m / (df_m - 2) (Fai & Cornelius 1996, J. Stat. Comput. Simul. 54, 363-378).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats._arrays import FloatArray
from vlmrate.stats.mixed.inference import FTest, TTests

if TYPE_CHECKING:
    from vlmrate.stats.mixed.criterion import Optimum

FLAT = 1e-8
"""Eigenvalues of H below that carry no information; they are left out of its inverse, as in lmerTest."""
SAME_DF = 1e-8
"""Degrees of freedom this close count as equal."""


@dataclass(frozen=True, slots=True)
class Satterthwaite:
    """Tests from the coefficients' covariance and its derivatives; implements `Inference`."""

    coefficients: FloatArray
    """Shape (p,)."""
    covariance: FloatArray
    """V, shape (p, p)."""
    slopes: FloatArray
    """dV / df_j, shape (K + 1, p, p)."""
    parameters: FloatArray
    """A, shape (K + 1, K + 1)."""

    def t_tests(self, weights: FloatArray) -> TTests:
        """One test a row of weights."""
        variance = _quadratic(weights, self.covariance)
        return TTests(weights @ self.coefficients, np.sqrt(variance), self._df(weights, variance))

    def f_test(self, weights: FloatArray) -> FTest:
        """All rows together; rows that repeat others do not count twice."""
        values, vectors = np.linalg.eigh(weights @ self.covariance @ weights.T)
        used = values > np.sqrt(np.finfo(np.float64).eps) * values.max()
        values, turned = values[used], vectors[:, used].T @ weights
        q = len(values)
        statistic = float(((turned @ self.coefficients) ** 2 / values).sum() / q)
        return FTest(statistic, q, _joint_df(self._df(turned, values)))

    def _df(self, weights: FloatArray, variance: FloatArray) -> FloatArray:
        slopes = np.stack([_quadratic(weights, slope) for slope in self.slopes], axis=1)
        df: FloatArray = 2 * variance**2 / _quadratic(slopes, self.parameters)
        return df


def satterthwaite(optimum: Optimum, coefficients: FloatArray, unit: float) -> Satterthwaite:
    """Set up the tests; the optimum is that of the response divided by `unit`, the coefficients are in its own unit."""
    point, s = optimum.point, optimum.point.residual_variance
    theta, sigma = np.sqrt(point.ratios), np.sqrt(s)
    count = len(theta)
    second = np.zeros((count + 1, count + 1))
    second[:count, :count] = 4 * np.outer(theta, theta) * optimum.curvature + 2 * np.diag(point.gradient)
    second[:count, count] = second[count, :count] = 4 * theta * sigma * point.first / s**2
    second[count, count] = 4 * point.degrees / s
    in_theta = [2 * t * s * point.unscaled @ x @ point.unscaled for t, x in zip(theta, point.spread, strict=True)]
    slopes = np.stack([*in_theta, 2 * sigma * point.unscaled])
    return Satterthwaite(coefficients, unit**2 * s * point.unscaled, unit**2 * slopes, _doubled_inverse(second))


def _doubled_inverse(second: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(second)
    used = values > FLAT
    inverse: FloatArray = 2 * (vectors[:, used] / values[used]) @ vectors[:, used].T
    return inverse


def _quadratic(weights: FloatArray, matrix: FloatArray) -> FloatArray:
    """w' M w for each row w."""
    forms: FloatArray = np.einsum("ij,ij->i", weights @ matrix, weights)
    return forms


def _joint_df(df: FloatArray) -> float:
    if len(df) == 1 or (np.abs(np.diff(df)) < SAME_DF).all():
        return float(df.mean())
    if (df <= 2).any():
        return 2.0
    expected = (df / (df - 2)).sum()
    return float(2 * expected / (expected - len(df)))
