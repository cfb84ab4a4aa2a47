"""The study in which intervals are examined, and what its parameters say must come out.

Emotions and groups are balanced, so that a mean over them is a plain one. Valence is rated on a scale so wide that
nothing is cut off, which keeps biases in closed form; arousal on 1 to 9, with a model collapsed onto a few values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import ndtri

from vlmrate.simulate.models import Confusion, ModelItem, ModelParameters
from vlmrate.simulate.people import GroupEffect, ItemParameters, PeopleParameters
from vlmrate.simulate.studies import DesignParameters, StudyParameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

Answers: TypeAlias = "dict[str, dict[str, float]]"

LABELS = ("happy", "sad", "angry", "neutral")
MODEL = "model"
ANSWERS_A = {
    "happy": {"happy": 0.90, "neutral": 0.07, "sad": 0.03},
    "sad": {"sad": 0.60, "neutral": 0.30, "angry": 0.08},
    "angry": {"angry": 0.72, "sad": 0.20, "neutral": 0.08},
    "neutral": {"neutral": 0.85, "sad": 0.10, "angry": 0.03},
}
ANSWERS_B = ANSWERS_A | {
    "sad": {"sad": 0.45, "neutral": 0.45, "angry": 0.08},
    "angry": {"angry": 0.50, "sad": 0.32, "neutral": 0.18},
}
SHIFT, SAD, HAPPY, GROUP_B, WRONG = 0.4, -0.8, 0.6, -0.5, 0.7
PEOPLE_B = 0.3

STUDY = StudyParameters(
    seed=0,
    design=DesignParameters(
        identities_a_cell=24,
        truth={
            "valence": {"happy": 4.0, "sad": -3.0, "angry": -4.0, "neutral": 0.0},
            "arousal": {"happy": 6.5, "sad": 4.0, "angry": 7.0, "neutral": 3.0},
        },
        truth_sd=0.8,
        groups={"race": ("A", "B"), "gender": ("man", "woman")},
    ),
    people=PeopleParameters(
        seed=0,
        raters=192,
        images_a_rater=48,
        items=(
            ItemParameters("valence", -50, 50, 1.0, 0.2, 0.3, 1.1, (GroupEffect("race", "B", PEOPLE_B),)),
            ItemParameters("arousal", 1, 9, 0.8, 0.15, 0.3, 1.5),
        ),
    ),
    models=(
        ModelParameters(
            MODEL,
            items=(
                ModelItem(
                    "valence",
                    shift=SHIFT,
                    effects=(
                        GroupEffect("emotion", "sad", SAD),
                        GroupEffect("emotion", "happy", HAPPY),
                        GroupEffect("race", "B", GROUP_B),
                    ),
                    wrong_label=WRONG,
                    identity_sd=0.4,
                    noise_sd=0.7,
                ),
                ModelItem("arousal", gain=1.3, shift=0.5, noise_sd=0.6, prototypes=(2.0, 5.0, 7.0, 8.0)),
            ),
            confusions=(Confusion(ANSWERS_B, "race", "B"), Confusion(ANSWERS_A)),
            identity_share=0.3,
        ),
    ),
)
"""96 identities in four emotions, 24 ratings an image."""


@dataclass(frozen=True, slots=True)
class PlantedLabels:
    """What a table of shares by true label (rows) and answer (columns, invalid last) says of agreement."""

    shares: NDArray[np.float64]
    """Of all images: they sum to 1."""

    @classmethod
    def of(cls, *answers: Answers) -> PlantedLabels:
        """Mix confusion matrices evenly, each true label being equally frequent."""
        tables = []
        for rows in answers:
            given = [[rows[truth].get(label, 0.0) for label in LABELS] for truth in LABELS]
            tables.append(np.array([[*row, 1 - sum(row)] for row in given]) / len(LABELS))
        return cls(np.mean(tables, axis=0))

    @property
    def answers(self) -> NDArray[np.float64]:
        """Shares of all images by answer, without the invalid ones."""
        by_answer: NDArray[np.float64] = self.shares[:, :-1].sum(axis=0)
        return by_answer

    @property
    def accuracy(self) -> float:
        """Share answered rightly."""
        return float(np.trace(self.shares))

    @property
    def kappa(self) -> float:
        """Cohen's kappa."""
        chance = float(self.shares.sum(axis=1) @ self.answers)
        return (self.accuracy - chance) / (1 - chance)

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 of every label."""
        scores: NDArray[np.float64] = 2 * np.diag(self.shares) / (self.shares.sum(axis=1) + self.answers)
        return scores

    @property
    def entropy(self) -> float:
        """Entropy of the valid answers, in bits."""
        p = self.answers / self.answers.sum()
        return float(-(p * np.log2(p)).sum())

    def recall(self, label: str) -> float:
        """Share of a label's images answered rightly."""
        i = LABELS.index(label)
        return float(self.shares[i, i] / self.shares[i].sum())

    def precision(self, label: str) -> float:
        """Share of a label's answers that are right."""
        i = LABELS.index(label)
        return float(self.shares[i, i] / self.answers[i])

    def z(self, label: str) -> tuple[float, float]:
        """Return z of the hit rate and of the false-alarm rate."""
        i = LABELS.index(label)
        alarms = (self.answers[i] - self.shares[i, i]) / (1 - self.shares[i].sum())
        return float(ndtri(self.recall(label))), float(ndtri(alarms))

    def d_prime(self, label: str) -> float:
        """Sensitivity for a label."""
        hits, alarms = self.z(label)
        return hits - alarms

    def criterion(self, label: str) -> float:
        """Criterion for a label."""
        return -sum(self.z(label)) / 2


@dataclass(frozen=True, slots=True)
class PlantedBias:
    """Biases of valence in closed form."""

    overall: float
    sad: float
    sad_right: float
    sad_wrong: float
    between_groups: float
    """B minus A."""

    @classmethod
    def of_study(cls) -> PlantedBias:
        """Work them out: a wrong label adds to the bias, and is more frequent in group B."""
        a, b, both = PlantedLabels.of(ANSWERS_A), PlantedLabels.of(ANSWERS_B), PlantedLabels.of(ANSWERS_A, ANSWERS_B)
        right_a, right_b = a.recall("sad"), b.recall("sad")
        return cls(
            overall=SHIFT + (SAD + HAPPY) / len(LABELS) + GROUP_B / 2 + WRONG * (1 - both.accuracy),
            sad=SHIFT + SAD + GROUP_B / 2 + WRONG * (1 - both.recall("sad")),
            sad_right=SHIFT + SAD + GROUP_B * right_b / (right_a + right_b),
            sad_wrong=SHIFT + SAD + WRONG + GROUP_B * (1 - right_b) / (2 - right_a - right_b),
            between_groups=GROUP_B + WRONG * (a.accuracy - b.accuracy),
        )
