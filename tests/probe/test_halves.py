"""Halves of identities or texts that halve every level of every factor, and p where something is not defined."""

from __future__ import annotations

import numpy as np
import pytest

from vlmrate.probe.halves import first_half
from vlmrate.probe.intervals import p_among, p_of


@pytest.mark.parametrize("seed", range(5))
def test_levels_of_all_factors_are_halved(seed: int) -> None:
    """Where every combination has one identity, and where it has three."""
    for each in (1, 3):
        skin, hair = (np.repeat(axis.ravel(), each).astype(str) for axis in np.mgrid[:4, :4])
        units = np.array([f"p{number:02}" for number in range(16 * each)])
        first = first_half(units, np.column_stack([skin, hair]), seed)
        for factor in (skin, hair):
            assert {int(first[factor == level].sum()) for level in "0123"} == {2 * each}


def test_halves_are_drawn_and_keep_units_whole() -> None:
    """Without any factor: half of the units, all rows of each, others under another seed."""
    units, none = np.repeat([f"p{number}" for number in range(9)], 3), np.empty((27, 0))
    halves = [first_half(units, none, seed) for seed in range(4)]
    assert {int(half.sum()) for half in halves} == {15}
    assert all(len(set(half.reshape(9, 3)[unit])) == 1 for half in halves for unit in range(9))
    assert len({half.tobytes() for half in halves}) > 1


def test_what_is_not_defined_is_never_significant() -> None:
    """p is 1 for a number that is not defined, and a dealing in which it is not counts as large."""
    chance = np.array([[0.1, 0.1, 0.1], [0.2, 0.2, np.nan], [0.3, 0.3, 0.3]])
    assert p_of(chance, np.array([0.25, np.nan, 0.4])) == pytest.approx([0.5, 1.0, 0.5])
    assert p_among(np.array([0.1, 0.3, np.nan]), np.array([0.2, np.nan, 0.4])) == pytest.approx([0.75, 1.0, 0.5])
    assert p_among(np.array([0.1, 0.3]), np.nan) == 1.0
