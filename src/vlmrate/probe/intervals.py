"""Intervals of many numbers of one drawing of identities (or texts), computed together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats import Bootstrap, Outcome, ResampledSums, Skipped, resample_sums

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def intervals(
    numbers: Callable[[np.ndarray], np.ndarray],
    drawn_from: int,
    names: Sequence[str],
    units: int,
    bootstrap: Bootstrap,
) -> tuple[Outcome, ...]:
    """An estimate of each number that a function of drawings tells.

    `numbers` takes how often each of `drawn_from` identities is there (drawings, identities) and returns a column for
    every name (drawings, names), NaN where one is not defined. `units` is how many pictures or texts they rest on.
    """
    drawn = resample_sums(np.eye(drawn_from), bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return (drawn,) * len(names)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = numbers(drawn.observed[None])
        # Only BCa looks at what is left where an identity is missing; else their number alone counts.
        corrected = bootstrap.interval == "bca"
        left_out = numbers(drawn.left_out) if corrected else np.repeat(observed, drawn_from, axis=0)
        found = ResampledSums(observed[0], numbers(drawn.resampled), left_out, units, bootstrap)
    return tuple(found.estimate(_column(number), name=name) for number, name in enumerate(names))


def p_of(by_chance: np.ndarray, found: np.ndarray | float) -> np.ndarray:
    """The permutation p: the share of dealings, the real one among them, that are as large; over the first axis.

    What is not defined (NaN), in a dealing or found, counts as large: p is 1 where nothing was found.
    """
    # What differs by rounding only is equal.
    slack = 1e-9 * np.maximum(np.abs(found), 1e-12)
    return np.asarray((1 + (~(by_chance < found - slack)).sum(axis=0)) / (1 + len(by_chance)))


def p_among(by_chance: np.ndarray, found: np.ndarray | float) -> np.ndarray:
    """The permutation p of numbers (any shape) that are all held against one number of each dealing (dealings,).

    For shares, correlations and z, whose size is known. What is not defined (NaN) in a dealing counts as large; p is 1
    where nothing was found.
    """
    # What differs by rounding only is equal.
    least = np.where(np.isnan(found), -np.inf, found - 1e-9)
    as_large = len(by_chance) - np.searchsorted(np.sort(by_chance), least)
    return np.asarray((1 + as_large) / (1 + len(by_chance)))


def random_cosine(width: int) -> float:
    """The size that the cosine with a random direction of this width exceeds 5 % of the time.

    Its square has a beta distribution with 1/2 and (width - 1)/2 (Muirhead 1982, Aspects of Multivariate Statistical
    Theory, section 1.5); its root mean square is 1/sqrt(width).
    """
    from scipy.stats import beta

    return float(np.sqrt(beta.ppf(0.95, 0.5, max(width - 1, 1) / 2)))


def _column(number: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda totals: totals[:, number]
