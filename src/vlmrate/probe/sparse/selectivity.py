"""How much more active features are in the pictures of their class than in all others."""

from __future__ import annotations

import numpy as np

from vlmrate.stats import Bootstrap, Outcome, bootstrap_sums, bootstrap_weights


def selectivity(values: np.ndarray, inside: np.ndarray, identities: np.ndarray, bootstrap: Bootstrap) -> Outcome:
    """(a - b) / (a + b), a a feature's mean activation (rows,) in its class, b that elsewhere; in [-1, 1].

    1: active in the class alone; 0: no more than elsewhere. The interval comes from drawing identities.
    """
    sums = np.column_stack([values * inside, inside, values * ~inside, ~inside]).astype(np.float64)
    return bootstrap_sums(
        sums,
        lambda t: _between(t[:, 0] / t[:, 1], t[:, 2] / t[:, 3]),
        name="selectivity",
        clusters=identities,
        bootstrap=bootstrap,
    )


def mean_selectivity(values: np.ndarray, inside: np.ndarray, identities: np.ndarray, bootstrap: Bootstrap) -> Outcome:
    """The mean over features of their selectivity: activations and membership (rows, features).

    A feature that a resample does not activate at all has no part in that resample's mean.
    """
    wide, members = values.astype(np.float64), inside.astype(np.float64)

    def statistic(weights: np.ndarray) -> np.ndarray:
        in_class = (weights @ (wide * members)) / (weights @ members)
        elsewhere = (weights @ (wide * (1 - members))) / (weights @ (1 - members))
        each = _between(in_class, elsewhere)
        defined = np.isfinite(each)
        return np.asarray(np.where(defined, each, 0).sum(axis=1) / defined.sum(axis=1))

    return bootstrap_weights(statistic, len(wide), name="mean selectivity", clusters=identities, bootstrap=bootstrap)


def _between(inside: np.ndarray, elsewhere: np.ndarray) -> np.ndarray:
    return np.asarray((inside - elsewhere) / (inside + elsewhere))
