"""How closely two numbers must agree, and why they may differ at all: the tolerances of all statistical tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tolerances:
    """By why two numbers could differ at all."""

    same_algorithm: float = 1e-12
    """Absolute; the same arithmetic in another order."""
    reference: float = 1e-10
    """Relative (absolute for figures near 1); another package, or plain loops, compute the same thing."""
    matrices: float = 1e-9
    """Relative; whole matrices (inverses, least squares with dummies) give the same thing and cost a digit more."""
    optimum: float = 1e-6
    """Relative; the same quantity in closed form and where our own search for variances stopped."""
    invariant: float = 1e-8
    """Absolute; the same ratings moved, stretched or renamed, which costs some digits by cancellation."""
    quantile: float = 1e-7
    """Relative; R gives the quantiles of the noncentral t to eight digits or so."""
    printed1: float = 0.05
    """Absolute; the reference is printed to one decimal."""
    printed1_twice: float = 0.1
    """Absolute; the reference was computed from figures that had been rounded to one decimal."""
    printed2: float = 0.00501
    """Absolute; the reference is rounded to two decimals, its last half kept by floating point or not."""
    printed3: float = 0.0005
    """Absolute; the reference is printed to three decimals."""
    printed4: float = 0.00005
    """Absolute; the reference is printed to four decimals."""
    printed5: float = 0.000005
    """Absolute; the reference is printed to five decimals."""
    converged: float = 1e-5
    """Relative; the reference is where lme4's search for variances stopped on a flat criterion."""


TOLERANCE = Tolerances()


@dataclass(frozen=True, slots=True)
class MixedTolerances:
    """How closely the numbers of mixed models must agree with R's, relative, and why not more closely."""

    estimate: float = 1e-6
    """Estimates, standard errors and statistics of a converged fit."""
    df: float = 1e-5
    """Degrees of freedom of a converged fit."""
    p_value: float = 1e-4
    """P-values above `smallest_p`: they magnify the differences in t and df."""
    smallest_p: float = 1e-12
    variance: float = 1e-5
    """Variance components: R's search stops on a flat criterion."""
    zero: float = 1e-9
    """A variance of zero, relative to the residual's: R's search stops just above it."""
    log_likelihood: float = 1e-10
    at_theta: float = 1e-8
    """Estimates, standard errors and variances at given variance parameters: no search is involved."""
    df_at_theta: float = 1e-7
    """Degrees of freedom there: lmerTest takes its second derivatives by finite differences."""
    rounded_weights: float = 1e-5
    """F tests of terms within interactions: lmerTest rounds their weights to seven digits."""
    same_weights: float = 1e-9
    """F and degrees of freedom where the weights are the same, or the design gives whole numbers."""
    effect: float = 1e-5
    """Predicted effects, which move with the variances."""
    derivative: float = 1e-6
    """Analytic derivatives against finite differences."""
    invariant: float = 1e-8
    """The same model written otherwise."""
