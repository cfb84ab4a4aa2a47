"""Who is drawn for the tiny model: people at random, those of training apart from those held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.simulate.faces import EMOTIONS, HAIR_LEVELS, SKIN_LEVELS, Expression, Identity

if TYPE_CHECKING:
    import numpy as np

HELD_OUT = 1_000_000_000  # identity seeds from here on are never drawn for training


def random_face(rng: np.random.Generator, first_seed: int = 0) -> tuple[Identity, Expression]:
    """A person and an expression, every level and emotion alike often, intensity uniform (neutral: alertness)."""
    identity = Identity.from_seed(
        first_seed + int(rng.integers(HELD_OUT)), SKIN_LEVELS[rng.integers(3)], HAIR_LEVELS[rng.integers(2)]
    )
    emotion = EMOTIONS[rng.integers(len(EMOTIONS))]
    low = 0.0 if emotion == "neutral" else 0.05
    return identity, Expression(emotion, float(rng.uniform(low, 1.0)))
