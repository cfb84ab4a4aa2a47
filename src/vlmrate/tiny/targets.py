"""What the tiny model learns to say: for every question the shares of answers that a crowd of raters would give."""

from __future__ import annotations

import numpy as np

from vlmrate.simulate.faces import EMOTIONS, Expression, label_distribution, true_arousal, true_valence
from vlmrate.simulate.faces.truth import FULL_AROUSAL, FULL_VALENCE, REST_AROUSAL, REST_VALENCE

VALENCE_SPREAD, AROUSAL_SPREAD = 0.70, 0.75  # sd of ratings among people who see the same face
NO_FACE_SPREAD = 3.0
CARRY = 0.2  # how far a label said before pulls a rating towards what is typical of that label
LEAST_TYPICAL = 0.35  # a label is never taken to mean less than this intensity
SPILL = 0.1  # rating points of arousal a point of valence extremity adds that was said but not there
POINTS = np.arange(1, 10)


def emotion_target(expression: Expression | None) -> np.ndarray:
    """Shares over `EMOTIONS`, shape (6,); alike for all where there is no face."""
    return np.full(len(EMOTIONS), 1 / len(EMOTIONS)) if expression is None else label_distribution(expression)


def valence_target(expression: Expression | None, label: str | None) -> np.ndarray:
    """Shares over 1..9, shape (9,), after the face was called `label` (None: was not asked)."""
    if expression is None:
        return spread(5.0, NO_FACE_SPREAD)
    typical = _typical(FULL_VALENCE, REST_VALENCE, expression, label)
    return spread(_pulled(true_valence(expression), typical), VALENCE_SPREAD)


def arousal_target(expression: Expression | None, label: str | None, valence: int | None) -> np.ndarray:
    """Shares over 1..9, shape (9,), after the face was called `label` and its valence rated."""
    if expression is None:
        return spread(5.0, NO_FACE_SPREAD)
    typical = _typical(FULL_AROUSAL, REST_AROUSAL, expression, label)
    centre = _pulled(true_arousal(expression), typical)
    if valence is not None:
        centre += SPILL * (abs(valence - 5) - abs(true_valence(expression) - 5))
    return spread(centre, AROUSAL_SPREAD)


def spread(centre: float, sd: float) -> np.ndarray:
    """A normal density over 1..9, summing to 1; the centre is held within the scale."""
    weights = np.exp(-0.5 * ((POINTS - min(max(centre, 1.0), 9.0)) / sd) ** 2)
    return np.asarray(weights / weights.sum())


def _typical(full: dict[str, float], rest: float, expression: Expression, label: str | None) -> float | None:
    if label is None or label == expression.emotion:
        return None  # the right label tells the rater nothing new
    if label == "neutral":
        return rest
    return rest + (full[label] - rest) * max(expression.intensity, LEAST_TYPICAL)


def _pulled(truth: float, typical: float | None) -> float:
    return truth if typical is None else (1 - CARRY) * truth + CARRY * typical
