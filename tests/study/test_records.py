"""What a rating scale knows of numbers."""

from __future__ import annotations

import pytest

from vlmrate.study.records import Likert


@pytest.mark.parametrize(
    ("number", "ends", "brought", "held"),
    [(0.5, (-1, 1), 7.0, 7.0), (-1, (-1, 1), 1.0, 1.0), (1.125, (-1, 1), 9.5, 9.0), (-50, (0, 100), -3.0, 1.0)],
)
def test_a_number_of_another_scale_is_brought_to_this_one_and_held_there(
    number: float, ends: tuple[float, float], brought: float, held: float
) -> None:
    """Linear, not rounded; beyond the ends it is known what it would have been."""
    scale = Likert(1, 9)
    assert scale.brought_here(number, ends) == brought
    assert scale.held(brought) == held
