"""Folds of a cross-validation that keep each cluster (identity) whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, IntArray, as_codes, require_count


def cluster_folds(clusters: Column, folds: int = 5, *, seed: int = 0) -> IntArray:
    """Deal clusters (identities) out to folds, each row getting its cluster's fold: seeded, sizes as even as can be.

    Clusters are shuffled and each goes to the fold with the fewest rows so far. With fewer clusters than folds every
    cluster is its own. Raises `AnalysisError` below two folds and for a number of folds that is not whole.

    >>> cluster_folds(["p1", "p1", "p2", "p3", "p3", "p4"], 2, seed=1).tolist()
    [0, 0, 1, 1, 1, 0]
    """
    require_count(folds, 2, "The number of folds")
    require_count(seed, 0, "The seed")
    codes, names = as_codes(clusters, "clusters", ascending=True)
    rows_of = np.bincount(codes, minlength=len(names))
    filled = np.zeros(min(folds, max(len(names), 1)), dtype=np.int64)
    fold_of = np.zeros(len(names), dtype=np.int64)
    for cluster in np.random.default_rng(seed).permutation(len(names)):
        fold_of[cluster] = np.argmin(filled)
        filled[fold_of[cluster]] += rows_of[cluster]
    dealt: IntArray = fold_of[codes]
    return dealt


def folds_of(identities: Column, folds: int | Column, seed: int) -> IntArray:
    """Return each row's fold: dealt out where their number is given, else those given; none may share an identity."""
    if isinstance(folds, int | float | np.number):
        require_count(folds, 2, "The number of folds")
        return cluster_folds(identities, int(folds), seed=seed)
    given, names = as_codes(folds, "folds")
    require_count(len(names), 2, "The number of folds")
    leaked = pd.Series(given).groupby(np.asarray(identities)).nunique().loc[lambda number: number > 1]
    if len(leaked):
        raise AnalysisError(
            f"{len(leaked)} clusters lie in more than one fold, the first {leaked.index[0]}: "
            "their own images would calibrate them."
        )
    return given
