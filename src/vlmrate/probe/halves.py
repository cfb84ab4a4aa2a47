"""Two halves of the identities (or texts), so that what is chosen on one is told of the other."""

from __future__ import annotations

from collections import Counter

import numpy as np

LEAST_IDENTITIES = 4
"""Identities that there must be, or that every class must be shown by: two in each half."""


def first_half(units: np.ndarray, kinds: np.ndarray | None, seed: int) -> np.ndarray:
    """A mask of the rows of one half of the units, drawn anew for every seed; of each level of each factor a half.

    `kinds` (rows, factors) are their levels, None where there are none; a unit's are those of its first row. Units go
    one by one to the half that leaves all levels most even, so that factors stay halved whose combinations have one
    unit each. Without levels that is every second unit of those drawn.
    """
    names, firsts = np.unique(units.astype(str), return_index=True)
    drawn = np.random.default_rng(seed).permutation(len(names))
    kind_of = [() if kinds is None else tuple(enumerate(map(str, kinds[row]))) for row in firsts]
    ahead: Counter[tuple[int, str]] = Counter()
    all_units = -1, ""
    first = []
    for number in sorted(drawn, key=lambda number: kind_of[number]):
        levels = (all_units, *kind_of[number])
        # The sum of squares of what the first half is ahead by grows by len(levels) + 2 turn sum(ahead).
        turn = 1 if sum(ahead[level] for level in levels) <= 0 else -1
        ahead.update(dict.fromkeys(levels, turn))
        if turn == 1:
            first.append(number)
    return np.asarray(np.isin(units.astype(str), names[first]))


def too_little(classes: np.ndarray, codes: np.ndarray, identities: np.ndarray) -> str | None:
    """Why classes cannot be told apart on halves of identities; None where they can."""
    if len(classes) < 2:
        return f"there must be two classes to be told apart, and there is {len(classes)}"
    for number, name in enumerate(classes):
        shown_by = len(np.unique(identities[codes == number]))
        if shown_by < LEAST_IDENTITIES:
            return f"{name} is shown by {shown_by} identities, and each half needs two"
    return None
