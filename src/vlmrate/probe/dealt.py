"""Pictures that change places between identities, so that chance has the same emotions and the same people."""

from __future__ import annotations

import numpy as np


def dealt(identities: np.ndarray, strata: np.ndarray, times: int, seed: int) -> np.ndarray | None:
    """Row numbers (rows, times): in each column identities have changed places, whole, stratum (emotion) by stratum.

    Identities that show the same strata equally often change places among themselves, so that every stratum keeps its
    values and every identity's stay together. None where fewer than four can change places at all.
    """
    rng = np.random.default_rng(seed)
    shapes: dict[tuple[str, ...], list[np.ndarray]] = {}
    for name in np.unique(identities):
        rows = np.flatnonzero(identities == name)
        rows = rows[np.argsort(strata[rows], kind="stable")]
        shapes.setdefault(tuple(map(str, strata[rows])), []).append(rows)
    if max(map(len, shapes.values())) < 4:
        return None
    made = np.empty((len(identities), times), np.int64)
    for alike in shapes.values():
        rows_of = np.stack(alike)
        order = rng.permuted(np.tile(np.arange(len(rows_of)), (times, 1)), axis=1)
        for number, rows in enumerate(rows_of):
            made[rows] = rows_of[order[:, number]].T
    return made
