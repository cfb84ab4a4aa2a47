"""What a mixed model minimises, and the record of it at one place.

y = X b + sum_k Z_k u_k + e with u_k ~ N(0, s g_k I) and e ~ N(0, s I), so Var(y) = s H, H = I + sum_k g_k Z_k Z_k'.
With P = H^-1 - H^-1 X (X' H^-1 X)^-1 X' H^-1 and s profiled out, s = y'Py / v:

    REML: D(g) = log|H| + log|X' H^-1 X| + v (1 + log(2 pi s)),   v = n - p
    ML:   D(g) = log|H| + v (1 + log(2 pi s)),                    v = n

(Bates, Maechler, Bolker & Walker 2015, J. Stat. Softw. 67(1), eqs. 34 and 40; g_k is the square of lme4's theta.) With
K_k = Z_k Z_k' and T = P for REML, T = H^-1 for ML, and s held at its profiled value:

    dD/dg_k       = tr(T K_k) - y'P K_k P y / s
    d2D/dg_k dg_l = -tr(T K_k T K_l) + 2 y'P K_k P K_l P y / s
    d2D/dg_k ds   = y'P K_k P y / s^2,     d2D/ds^2 = v / s^2

The mean of observed and expected second derivative has no trace (Gilmour, Thompson & Cullis 1995, Biometrics 51,
1440-1450): y'P K_k P K_l P y / s, the average information that the search for several factors steps by.
"""

from __future__ import annotations

from dataclasses import dataclass

from vlmrate.stats._arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Point:
    """The criterion and its derivatives at one vector of K variance ratios, in an orthonormal basis of X."""

    ratios: FloatArray
    """g, shape (K,): variance of each random intercept over the residual variance."""
    deviance: float
    """D(g): minus two log (restricted) likelihoods."""
    degrees: int
    """v."""
    residual_variance: float
    """s."""
    coefficients: FloatArray
    """b, shape (p,)."""
    unscaled: FloatArray
    """(X' H^-1 X)^-1, shape (p, p)."""
    gradient: FloatArray
    """dD/dg, shape (K,)."""
    first: FloatArray
    """y'P K_k P y, shape (K,)."""
    second: FloatArray
    """y'P K_k P K_l P y, shape (K, K)."""
    spread: FloatArray
    """X' H^-1 K_k H^-1 X, shape (K, p, p): minus the derivative of X' H^-1 X."""
    pulled: tuple[FloatArray, ...]
    """Z_k' P y for each random intercept, shape (levels,): the predicted effects are g_k times that."""

    @property
    def average_information(self) -> FloatArray:
        """Average information of g with s profiled out, shape (K, K)."""
        s = self.residual_variance
        information: FloatArray = self.second / s - self.first[:, None] * self.first / (s**2 * self.degrees)
        return information


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the search ended, with the exact second derivatives there."""

    point: Point
    curvature: FloatArray
    """d2D/dg_k dg_l at fixed s, shape (K, K)."""
    steps: int
    converged: bool
