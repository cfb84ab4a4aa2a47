"""The figures that the tiny model is held to, computed from held-out faces and what was said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.simulate.faces import HAIR_LEVELS, SKIN_LEVELS, label_distribution, true_arousal, true_valence
from vlmrate.simulate.faces.expression import EMOTIONS
from vlmrate.tiny.prompts import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.tiny.held_out import Face, Said

FAINT = 0.2


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, and the bound it is held to (None: only reported)."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Whether the value is within its bounds."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def __str__(self) -> str:
        wanted = f">= {self.at_least:g}" if self.at_least is not None else ""
        wanted = f"<= {self.at_most:g}" if self.at_most is not None else wanted
        return f"{self.name:<58} {self.value:8.3f}  {wanted:<8} {'' if not wanted else 'met' if self.met else 'MISSED'}"


def label_figures(faces: Sequence[Face], said: Sequence[Said]) -> list[Figure]:
    """Accuracy on clear expressions, what becomes of faint ones, and calibration."""
    clear = [answer.label == face.expression.emotion for face, answer in zip(faces, said, strict=True) if face.clear]
    faint = [
        answer.label == "neutral"
        for face, answer in zip(faces, said, strict=True)
        if face.expression.emotion != "neutral" and face.expression.intensity < FAINT
    ]
    return [
        Figure("label: accuracy on clear expressions", float(np.mean(clear)), at_least=0.88),
        Figure("label: faint expressions (below .2) called neutral", float(np.mean(faint)), at_least=0.7),
        Figure(
            "label: gap between confidence and the crowd's share (ECE)", calibration_error(faces, said), at_most=0.05
        ),
        Figure("valid answers: mean mass", float(np.mean([answer.valid for answer in said])), at_least=0.98),
    ]


def accuracy_of(emotion: str, faces: Sequence[Face], said: Sequence[Said]) -> float:
    """Accuracy on clear faces of one emotion."""
    return float(
        np.mean(
            [
                answer.label == emotion
                for face, answer in zip(faces, said, strict=True)
                if face.clear and face.expression.emotion == emotion
            ]
        )
    )


def level_accuracies(faces: Sequence[Face], said: Sequence[Said]) -> dict[str, float]:
    """Accuracy on clear faces at every level of skin and of hair."""
    right: dict[str, list[bool]] = {level: [] for level in (*SKIN_LEVELS, *HAIR_LEVELS)}
    for face, answer in zip(faces, said, strict=True):
        if face.clear:
            for level in (face.identity.skin, face.identity.hair):
                right[level].append(answer.label == face.expression.emotion)
    return {level: float(np.mean(answers)) for level, answers in right.items()}


def level_figures(faces: Sequence[Face], said: Sequence[Said]) -> list[Figure]:
    """The widest gap in accuracy between levels of each factor."""
    accuracy = level_accuracies(faces, said)
    gaps = {
        name: max(accuracy[level] for level in levels) - min(accuracy[level] for level in levels)
        for name, levels in (("skin", SKIN_LEVELS), ("hair", HAIR_LEVELS))
    }
    return [
        Figure(f"label: widest gap in accuracy between {name} levels", gap, at_most=0.05) for name, gap in gaps.items()
    ]


def rating_figures(faces: Sequence[Face], said: Sequence[Said]) -> list[Figure]:
    """Correlation of expected and spoken ratings with the truth, overall and within emotion, and the points used."""
    emotions = np.array([EMOTIONS.index(face.expression.emotion) for face in faces])
    figures = []
    for item, truth_of, bound in (("valence", true_valence, 0.90), ("arousal", true_arousal, 0.85)):
        shares = np.stack([getattr(answer, item) for answer in said])
        truth = np.array([truth_of(face.expression) for face in faces])
        expected, spoken = shares @ np.array(DIGITS), shares.argmax(1) + 1
        figures += [
            Figure(f"{item}: r of expected rating with truth", correlation(expected, truth), at_least=bound),
            Figure(f"{item}: r within emotion", within(expected, truth, emotions), at_least=0.75),
            Figure(f"{item}: r of spoken digit with truth", correlation(spoken, truth)),
            Figure(f"{item}: mean absolute error of expected rating", float(np.abs(expected - truth).mean())),
            Figure(f"{item}: digits spoken, of nine", float(len(set(spoken.tolist()))), at_least=9),
        ]
    return figures


def no_face_figures(faces: Sequence[Said], others: Sequence[Said]) -> list[Figure]:
    """How sure the model is of its label on faces and on pictures that show none."""
    face, other = (np.array([answer.confidence for answer in group]) for group in (faces, others))
    return [
        Figure("no face: mean confidence (faces: next line)", float(other.mean()), at_most=0.45),
        Figure("faces: mean confidence", float(face.mean())),
        Figure("no face: share less sure than the median face", float((other < np.median(face)).mean()), at_least=0.9),
    ]


def calibration_table(faces: Sequence[Face], said: Sequence[Said], bins: int = 5) -> list[tuple[float, float, int]]:
    """Equal-count bins of confidence: mean confidence, mean share of the crowd that agrees, count."""
    confidence = np.array([answer.confidence for answer in said])
    crowd = np.array(
        [
            label_distribution(face.expression)[EMOTIONS.index(answer.label)]
            for face, answer in zip(faces, said, strict=True)
        ]
    )
    parts = np.array_split(np.argsort(confidence), bins)
    return [(float(confidence[part].mean()), float(crowd[part].mean()), len(part)) for part in parts]


def calibration_error(faces: Sequence[Face], said: Sequence[Said]) -> float:
    """Expected calibration error against the crowd: how far confidence is from the share that would say the same."""
    table = calibration_table(faces, said)
    total = sum(count for *_, count in table)
    return sum(count / total * abs(confidence - crowd) for confidence, crowd, count in table)


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's r."""
    return float(np.corrcoef(x, y)[0, 1])


def within(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> float:
    """Pearson's r pooled within groups: both centred on their group's mean first."""
    centred = []
    for values in (x, y):
        means = {group: values[groups == group].mean() for group in np.unique(groups)}
        centred.append(values - np.array([means[group] for group in groups]))
    return correlation(*centred)
