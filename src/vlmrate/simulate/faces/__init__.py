"""Drawn faces with known identity, expression, intensity and truth; Pillow and numpy only."""

from vlmrate.simulate.faces.drawing import draw_face
from vlmrate.simulate.faces.expression import EMOTIONS, ActionUnits, Expression, action_units
from vlmrate.simulate.faces.identity import HAIR_LEVELS, SKIN_LEVELS, Identity, Photograph
from vlmrate.simulate.faces.truth import label_distribution, true_arousal, true_valence

__all__ = [
    "EMOTIONS",
    "HAIR_LEVELS",
    "SKIN_LEVELS",
    "ActionUnits",
    "Expression",
    "Identity",
    "Photograph",
    "action_units",
    "draw_face",
    "label_distribution",
    "true_arousal",
    "true_valence",
]
