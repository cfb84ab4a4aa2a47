"""Split-half cosines: how far directions found from one half of the units agree with those from the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.cells import unit_of
from vlmrate.stats import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from vlmrate.probe.labelled import Drawings, Labelled
    from vlmrate.probe.separability import Way

CLOSEST = 1 - 1e-12
"""The largest cosine that still has a Fisher z."""
SPLITS = 10
"""Splits of the units into halves that a split-half cosine is the mean of."""


def split_halves(labelled: Labelled, drawings: Drawings, way: Way) -> tuple[Outcome, ...]:
    """Every label's mean cosine of the directions of two halves of the units, over ten splits.

    Halves stay as they are where a unit is left out, so that none is in both.
    """
    units = len(drawings.cells.identities)
    masks = [
        drawings.mask(np.unique(labelled.units[labelled.halves(way.seed + 1 + split)].astype(str)))
        for split in range(SPLITS)
    ]

    def cosines(drawn: np.ndarray) -> np.ndarray:
        found = []
        for mask in masks:
            one, other = (unit_of(drawings.effects(drawn * half)) for half in (mask, 1.0 - mask))
            found.append(np.einsum("bkw,bkw->bk", one, other))
        # A half of few texts may lack a label in some drawings; the other splits then tell.
        there = np.isfinite(found)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(there, found, 0.0).sum(axis=0) / there.sum(axis=0))

    told = cosines(np.ones((1, units)))[0], cosines(1.0 - np.eye(units)).T
    return tuple(
        _cosine(value, left_out, name=f"split-half cosine of {label}", n=len(labelled.rows), level=way.bootstrap.level)
        for label, value, left_out in zip(labelled.classes, *told, strict=True)
    )


def _cosine(value: float, left_out: np.ndarray, *, name: str, n: int, level: float) -> Outcome:
    """A cosine with the jackknife's interval of its Fisher z: units drawn twice would make halves too little alike.

    se² = (k - 1) / k sum_c (z_(c) - mean)², t of k - 1 df (Efron & Tibshirani 1993, ch. 11); k units.
    """
    from scipy.special import stdtrit

    k = len(left_out)
    z = np.arctanh(np.clip([value, *left_out], -CLOSEST, CLOSEST))
    if k < 2 or not np.isfinite(z).all():
        return Skipped(f"{name} is not defined for these data, or not with a unit left out")
    se = float(np.sqrt((k - 1) / k * ((z[1:] - z[1:].mean()) ** 2).sum()))
    reach = float(stdtrit(k - 1, (1 + level) / 2)) * se
    low, high = np.tanh(z[0] - reach), np.tanh(z[0] + reach)
    return Estimate(float(value), float(low), float(high), level, n, f"{name}, Fisher z, jackknife over {k:,} units")
