"""What is true of a drawn face: its valence, its arousal, and what a crowd of people would call it."""

from __future__ import annotations

import math

import numpy as np

from vlmrate.simulate.faces.expression import EMOTIONS, Expression

SCALE_LOW, SCALE_HIGH = 1.0, 9.0
REST_VALENCE, REST_AROUSAL = 5.0, 2.6
# Valence and arousal at full intensity. Some lie past the ends of the scale, so that its first and last
# points are the right answer over a stretch of intensities and not at one end point alone.
FULL_VALENCE = {"happy": 9.4, "sad": 2.0, "angry": 1.7, "fear": 2.3, "disgust": 0.5, "neutral": 5.0}
FULL_AROUSAL = {"happy": 7.2, "sad": 4.4, "angry": 8.6, "fear": 9.6, "disgust": 6.4, "neutral": 4.2}
CALM_AROUSAL = 0.5  # of a neutral face with heavy lids, before clipping to the scale

SEEN_AT = 0.24  # the intensity at which half of the people see more than a neutral face
SEEN_SLOPE = 16.0
LAPSE = 0.004  # share of each label that comes from not looking
TAKEN_FOR: dict[str, dict[str, float]] = {
    "happy": {},
    "sad": {"fear": 0.04, "disgust": 0.02},
    "angry": {"disgust": 0.07},
    "fear": {"sad": 0.05, "disgust": 0.02},
    "disgust": {"angry": 0.10, "sad": 0.02},
    "neutral": {"sad": 0.03, "angry": 0.02},
}


def true_valence(expression: Expression) -> float:
    """Valence from 1 (extremely negative) to 9 (extremely positive); linear in intensity, clipped to the scale."""
    full = FULL_VALENCE[expression.emotion]
    return _on_scale(REST_VALENCE + (full - REST_VALENCE) * expression.intensity)


def true_arousal(expression: Expression) -> float:
    """Arousal from 1 (not at all aroused) to 9 (highly aroused); linear in intensity, clipped to the scale."""
    rest = CALM_AROUSAL if expression.emotion == "neutral" else REST_AROUSAL
    return _on_scale(rest + (FULL_AROUSAL[expression.emotion] - rest) * expression.intensity)


def label_distribution(expression: Expression) -> np.ndarray:
    """Share of a crowd that would choose each of `EMOTIONS`, shape (6,), sums to 1.

    Faint expressions are mostly called neutral (a logistic function of intensity), and neighbours are
    taken for each other, the more so the fainter they are.
    """
    shares = np.full(len(EMOTIONS), LAPSE)
    seen = 1.0 if expression.emotion == "neutral" else _logistic(SEEN_SLOPE * (expression.intensity - SEEN_AT))
    shares[EMOTIONS.index("neutral")] += 1.0 - seen
    fainter = 1.0 if expression.emotion == "neutral" else 1.4 - 0.8 * expression.intensity
    for other, share in TAKEN_FOR[expression.emotion].items():
        shares[EMOTIONS.index(other)] += seen * fainter * share
    mistaken = fainter * sum(TAKEN_FOR[expression.emotion].values())
    shares[EMOTIONS.index(expression.emotion)] += seen * (1.0 - mistaken)
    return np.asarray(shares / shares.sum())


def _on_scale(value: float) -> float:
    return min(max(value, SCALE_LOW), SCALE_HIGH)


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))
