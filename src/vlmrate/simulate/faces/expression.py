"""What a drawn face expresses: six expressions at graded intensity, and the muscle movements they are made of.

The movements are named by the action units of the Facial Action Coding System (Ekman & Friesen, 1978);
which units make up which expression follows the usual prototypes (e.g. AU6+12 for a smile of joy).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

EMOTIONS: tuple[str, ...] = ("happy", "sad", "angry", "fear", "disgust", "neutral")


@dataclass(frozen=True, slots=True)
class Expression:
    """An emotion shown at an intensity from 0 (not visible) to 1 (as strong as it gets).

    For `neutral` the intensity is alertness: 0 is calm with heavy lids, 1 is wide awake.
    Raises ValueError on an unknown emotion or an intensity outside 0..1.
    """

    emotion: str
    intensity: float

    def __post_init__(self) -> None:
        if self.emotion not in EMOTIONS:
            raise ValueError(f"unknown emotion {self.emotion!r}; one of {', '.join(EMOTIONS)}")
        if not 0.0 <= self.intensity <= 1.0:
            raise ValueError(f"intensity {self.intensity} is not between 0 and 1")


@dataclass(frozen=True, slots=True)
class ActionUnits:
    """Strength of each movement, 0 (at rest) to about 1 (full)."""

    inner_brow_raiser: float = 0.0  # AU1
    outer_brow_raiser: float = 0.0  # AU2
    brow_lowerer: float = 0.0  # AU4
    upper_lid_raiser: float = 0.0  # AU5
    cheek_raiser: float = 0.0  # AU6
    lid_tightener: float = 0.0  # AU7
    nose_wrinkler: float = 0.0  # AU9
    upper_lip_raiser: float = 0.0  # AU10
    lip_corner_puller: float = 0.0  # AU12
    lip_corner_depressor: float = 0.0  # AU15
    chin_raiser: float = 0.0  # AU17
    lip_stretcher: float = 0.0  # AU20
    lip_tightener: float = 0.0  # AU23
    lips_part: float = 0.0  # AU25
    jaw_drop: float = 0.0  # AU26
    eyes_closing: float = 0.0  # AU43

    def as_array(self) -> np.ndarray:
        """The strengths in the order of the fields, shape (16,)."""
        return np.array([getattr(self, field.name) for field in fields(self)])


FULL_EXPRESSION: dict[str, ActionUnits] = {
    "happy": ActionUnits(cheek_raiser=1.0, lip_corner_puller=1.0, lips_part=0.7),
    "sad": ActionUnits(
        inner_brow_raiser=1.0, brow_lowerer=0.25, lip_corner_depressor=1.0, chin_raiser=0.35, eyes_closing=0.4
    ),
    "angry": ActionUnits(
        brow_lowerer=1.0, upper_lid_raiser=0.35, lid_tightener=0.7, lip_tightener=1.0, chin_raiser=0.3
    ),
    "fear": ActionUnits(
        inner_brow_raiser=0.9,
        outer_brow_raiser=0.7,
        brow_lowerer=0.2,
        upper_lid_raiser=1.0,
        lip_stretcher=0.8,
        lips_part=0.5,
        jaw_drop=0.75,
    ),
    "disgust": ActionUnits(
        brow_lowerer=0.45,
        lid_tightener=0.6,
        cheek_raiser=0.3,
        nose_wrinkler=1.0,
        upper_lip_raiser=1.0,
        chin_raiser=0.5,
        lip_corner_depressor=0.3,
    ),
    "neutral": ActionUnits(upper_lid_raiser=0.5, outer_brow_raiser=0.25, inner_brow_raiser=0.2),
}
CALM_LIDS = 0.55  # how far the lids of a wholly calm neutral face hang


def action_units(expression: Expression, rng: np.random.Generator, variation: float = 0.06) -> ActionUnits:
    """The movements that show `expression`, each off by a little (normal, sd `variation` of its strength).

    No two photographs of one smile are alike; `rng` draws that difference.
    """
    full = FULL_EXPRESSION[expression.emotion].as_array()
    strengths = full * expression.intensity
    if expression.emotion == "neutral":
        calm = ActionUnits(eyes_closing=CALM_LIDS).as_array()
        strengths = np.maximum(full * (2 * expression.intensity - 1), 0) + calm * max(0, 1 - 2 * expression.intensity)
    noisy = strengths * (1 + variation * rng.normal(size=strengths.size)) + 0.02 * rng.normal(size=strengths.size)
    return ActionUnits(*(float(value) for value in np.maximum(noisy, 0)))
