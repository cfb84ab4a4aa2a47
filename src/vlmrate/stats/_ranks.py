"""Mid-ranks within bootstrap resamples, without sorting each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray


def midranks(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return each unit's mid-rank in each resample: values (n,) and weights (B, n) to ranks (B, n).

    A unit drawn w times fills w neighbouring places. Units that tie share the mean of their places, (places
    below) + (places of the tie + 1) / 2. A unit of weight 0 gets a rank too, which its weight cancels.
    """
    _, tie, tie_sizes = np.unique(values, return_inverse=True, return_counts=True)
    by_value = np.argsort(values, kind="stable")
    last_of_tie = np.cumsum(tie_sizes) - 1
    upper = np.cumsum(weights[:, by_value], axis=1)[:, last_of_tie]
    lower = np.concatenate([np.zeros((len(weights), 1)), upper[:, :-1]], axis=1)
    return np.take((lower + upper + 1) / 2, tie, axis=1)
