"""Orders of emotions: what a number that pairs emotions with something else would be if they were paired by chance."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.intervals import p_of

if TYPE_CHECKING:
    from vlmrate.probe.separability import Way

MOST_EXACT = 8
"""Emotions up to which all their orders are tried."""


def orders_of(n: int, way: Way) -> np.ndarray:
    """All orders of n emotions, the real one among them (orders, n); above eight emotions some of them, at random."""
    if n <= MOST_EXACT:
        return np.array(list(permutations(range(n))))
    rng = np.random.default_rng(way.seed)
    return rng.permuted(np.tile(np.arange(n), (way.permutations, 1)), axis=1)


def p_over_orders(by_order: np.ndarray, real: float, n: int) -> float:
    """The share of the orders of n emotions in which a number is as large as the real one."""
    if n <= MOST_EXACT:
        return float((by_order >= real - 1e-9).mean())
    return float(p_of(by_order, real))
