"""Kenward & Roger's adjusted covariance and degrees of freedom, for one random intercept.

Kenward & Roger 1997, Biometrics 53, 983-997, as Halekoh & Hojsgaard 2014 (J. Stat. Softw. 59(9)) carry it out. With
V = sigma^2 I + sigma_u^2 Z Z' =: sum_i f_i G_i, Phi = (X'V^-1 X)^-1 and W twice the inverse of the expected information,

    P_i = -X'V^-1 G_i V^-1 X,    Q_ij = X'V^-1 G_i V^-1 G_j V^-1 X
    Phi_A = Phi + 2 Phi {sum_ij W_ij (Q_ij - P_i Phi P_j)} Phi

V is linear in f, so the term of second derivatives is zero. Within a group of u rows, with h = 1 / (1 + g u), H^-k is
I - (1 - h^k) 11'/u: all matrices are the part within groups plus the parts between, weighted by powers of h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats._arrays import FloatArray
from vlmrate.stats.mixed.inference import FTest, TTests

if TYPE_CHECKING:
    from vlmrate.stats.mixed.criterion import Point
    from vlmrate.stats.mixed.one_factor import OneFactor

NO_INFORMATION = 1e-10
"""Ratio of eigenvalues of the expected information below which it is inverted as singular."""


@dataclass(frozen=True, slots=True)
class KenwardRoger:
    """Tests from the adjusted covariance; implements `Inference`."""

    coefficients: FloatArray
    covariance: FloatArray
    """Phi, shape (p, p)."""
    adjusted: FloatArray
    """Phi_A, shape (p, p)."""
    slopes: FloatArray
    """Phi P_i Phi, shape (2, p, p)."""
    parameters: FloatArray
    """W, shape (2, 2)."""

    def t_tests(self, weights: FloatArray) -> TTests:
        """One test a row of weights."""
        variance = np.einsum("ij,ij->i", weights @ self.adjusted, weights)
        df = np.array([self._df(row[None])[0] for row in weights])
        return TTests(weights @ self.coefficients, np.sqrt(variance), df)

    def f_test(self, weights: FloatArray) -> FTest:
        """All rows together, the statistic scaled so that F fits it best."""
        rows = _independent(weights, self.covariance)
        estimate = rows @ self.coefficients
        wald = float(estimate @ np.linalg.solve(rows @ self.adjusted @ rows.T, estimate))
        df, scale = self._df(rows)
        return FTest(scale * wald / len(rows), len(rows), df)

    def _df(self, weights: FloatArray) -> tuple[float, float]:
        """Denominator degrees of freedom and the scale of the statistic (Kenward & Roger 1997, section 2.2)."""
        q = len(weights)
        inner = np.linalg.inv(weights @ self.covariance @ weights.T)
        turned = [inner @ (weights @ slope @ weights.T) for slope in self.slopes]
        traces = np.array([np.trace(part) for part in turned])
        a1 = float(traces @ self.parameters @ traces)
        a2 = float(sum(self.parameters[i, j] * np.trace(turned[i] @ turned[j]) for i in (0, 1) for j in (0, 1)))
        b = (a1 + 6 * a2) / (2 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        bottom = 3 * q + 2 * (1 - g)
        c1, c2, c3 = g / bottom, (q - g) / bottom, (q + 2 - g) / bottom
        ratio = (1 - a2 / q) ** 2 / (1 - c2 * b) ** 2 * (1 + c1 * b) / (1 - c3 * b) / q
        df = 4 + (q + 2) / (q * ratio - 1)
        scale = 1.0 if abs(df - 2) < 1e-2 else df * (1 - a2 / q) / (df - 2)
        return df, scale


def kenward_roger(system: OneFactor, point: Point, coefficients: FloatArray, unit: float) -> KenwardRoger:
    """Set up the tests; the system is that of the response divided by `unit`, the coefficients are in its own unit."""
    s, u, m, p = point.residual_variance, system.sizes, system.counts, system.p
    h = 1 / (1 + point.ratios[0] * u)
    phi = s * point.unscaled

    def cross(inside: float, weights: FloatArray) -> FloatArray:
        """X'MX where M is `inside` within groups and has the given eigenvalues along each group's mean."""
        total = inside * system.within + np.tensordot(weights, system.between, axes=1)
        return np.asarray(total)[:p, :p]

    slopes = [-cross(1, h**2) / s**2, -cross(0, u * h**2) / s**2]
    bends = [[cross(1, h**3), cross(0, u * h**3)], [cross(0, u * h**3), cross(0, u**2 * h**3)]]
    groups = float(m.sum())
    own = np.array([[system.n - groups + m @ h**2, m @ (u * h**2)], [m @ (u * h**2), m @ (u * h) ** 2]]) / s**2
    shrunk = [phi @ slope for slope in slopes]
    information = np.empty((2, 2))
    for i in (0, 1):
        for j in (0, 1):
            information[i, j] = own[i, j] - 2 * np.sum(phi * bends[i][j]) / s**3 + np.sum(shrunk[i] * shrunk[j].T)
    parameters = _twice_inverse(information)
    change = sum(
        parameters[i, j] * (bends[i][j] / s**3 - slopes[i] @ phi @ slopes[j]) for i in (0, 1) for j in (0, 1)
    )
    adjusted = phi + 2 * phi @ change @ phi
    turned = np.stack([phi @ slope @ phi for slope in slopes])
    return KenwardRoger(coefficients, unit**2 * phi, unit**2 * adjusted, unit**2 * turned, parameters)


def _twice_inverse(information: FloatArray) -> FloatArray:
    values = np.linalg.eigvalsh(information)
    regular = values.min() > NO_INFORMATION * np.abs(values).max()
    return 2 * (np.linalg.inv(information) if regular else np.linalg.pinv(information))


def _independent(weights: FloatArray, covariance: FloatArray) -> FloatArray:
    """Rows spanning the same combinations, without those that repeat others."""
    values, vectors = np.linalg.eigh(weights @ covariance @ weights.T)
    used = values > np.sqrt(np.finfo(np.float64).eps) * values.max()
    rows: FloatArray = vectors[:, used].T @ weights
    return rows
