"""What a stored answer tells."""

from __future__ import annotations

import pytest

from vlmrate.inference.records import Answer


@pytest.mark.parametrize(("listed", "mass", "expected"), [
    (9, 0.3, 5.0),  # all known, as of a model on this machine: how much else might have been said does not matter
    (8, 0.49, None), (8, 0.51, 4.5), (5, 0.6, 3.0), (4, 0.89, None), (4, 0.91, 2.5), (1, 0.95, 1.0),
])  # fmt: skip
def test_an_expected_rating_needs_most_of_the_probability(listed: int, mass: float, expected: float | None) -> None:
    """Of nine answers some are listed, equally likely: of too little mass, or too few of them, there is no mean."""
    options = [str(number) for number in range(1, 10)]
    told = {option: 1 / listed if number < listed else 0.0 for number, option in enumerate(options)}
    answer = Answer(
        item="valence", value=1, route="exact", probabilities=told, valid_mass=mass, unlisted=tuple(options[listed:])
    )
    assert answer.expected == (None if expected is None else pytest.approx(expected))
