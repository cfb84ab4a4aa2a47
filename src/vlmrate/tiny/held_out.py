"""Faces that training never drew, and what the tiny model says about them, protocol by protocol."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.simulate.faces import EMOTIONS, HAIR_LEVELS, SKIN_LEVELS, Expression, Identity, draw_face
from vlmrate.tiny.asking import Cache, TinyModel, probabilities
from vlmrate.tiny.people import HELD_OUT, random_face
from vlmrate.tiny.prompts import DIGITS, Prompt, json_answer, prompts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PIL import Image

BATCH = 48


@dataclass(frozen=True, slots=True)
class Face:
    """A person, an expression, and the number of the photograph."""

    identity: Identity
    expression: Expression
    photograph: int = 0

    @property
    def clear(self) -> bool:
        """Whether a person would see what is meant: intensity .5 or more, or neutral."""
        return self.expression.emotion == "neutral" or self.expression.intensity >= 0.5

    def image(self) -> Image.Image:
        """The drawing, 224 x 224."""
        return draw_face(self.identity, self.expression, self.photograph)


@dataclass(frozen=True, slots=True)
class Said:
    """One face's ratings: shares of each label (6,) and each point (9,), and the share of mass on valid answers."""

    labels: np.ndarray
    valence: np.ndarray
    arousal: np.ndarray
    valid: float

    @property
    def label(self) -> str:
        """The label said."""
        return EMOTIONS[int(self.labels.argmax())]

    @property
    def confidence(self) -> float:
        """The probability of the label said."""
        return float(self.labels.max())


def held_out_faces(count: int, seed: int = 1) -> list[Face]:
    """`count` faces of people not in the training pictures."""
    rng = np.random.default_rng([seed, 31])
    return [Face(*random_face(rng, HELD_OUT), photograph=int(rng.integers(1000))) for _ in range(count)]


def crossed_faces(people: int, seed: int = 2) -> list[Face]:
    """Every one of `people` x expressions drawn at all six levels of skin and hair: levels compared like with like."""
    faces = []
    for face in held_out_faces(people, seed):
        for skin in SKIN_LEVELS:
            for hair in HAIR_LEVELS:
                identity = Identity.from_seed(face.identity.seed, skin, hair)
                faces.append(dataclasses.replace(face, identity=identity))
    return faces


class Asker:
    """Asks one protocol of many images; every prompt's ids are made once."""

    def __init__(self, model: TinyModel, protocol: str = "context-carry") -> None:
        self._model, self._protocol = model, protocol
        self._json = protocol.endswith("json") or protocol == "single-shot"
        whole = {prompt: model.ids(prompt.text) for prompt in prompts_of(protocol)}
        self.prefix = _common_prefix(whole.values())
        self._suffix = {prompt: ids[len(self.prefix) :] for prompt, ids in whole.items()}
        self._labels = model.word_ids(EMOTIONS)
        self.digit_ids = model.word_ids([str(digit) for digit in DIGITS])

    def rate(self, images: Sequence[Image.Image]) -> list[Said]:
        """Ratings of every image, in batches."""
        batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
        return [said for batch in batches for said in self._rate_batch(batch)]

    def logits(self, images: Sequence[Image.Image], carried: Sequence[tuple[str, int]]) -> np.ndarray:
        """Logits of the three steps with given carried answers, shape (images, 3, vocabulary)."""
        cache = self._model.see(images, self.prefix)
        steps = [
            [self._suffix[self._prompt("emotion", None, None)] for _ in carried],
            [self._suffix[self._prompt("valence", emotion, None)] for emotion, _ in carried],
            [self._suffix[self._prompt("arousal", emotion, valence)] for emotion, valence in carried],
        ]
        return np.stack([self._model.logits(cache, questions) for questions in steps], axis=1)

    def _rate_batch(self, images: Sequence[Image.Image]) -> list[Said]:
        cache = self._model.see(images, self.prefix)
        nothing: list[tuple[str | None, int | None]] = [(None, None)] * len(images)
        labels = self._shares(cache, "emotion", nothing)
        said = [EMOTIONS[row] for row in labels[:, :6].argmax(1)]
        valence = self._shares(cache, "valence", [(emotion, None) for emotion in said])
        points = [int(row) + 1 for row in valence[:, :9].argmax(1)]
        arousal = self._shares(cache, "arousal", list(zip(said, points, strict=True)))
        valid = np.minimum(np.minimum(labels[:, 6], valence[:, 9]), arousal[:, 9])
        rows = zip(labels[:, :6], valence[:, :9], arousal[:, :9], valid, strict=True)
        return [Said(label, low_high, calm_excited, float(mass)) for label, low_high, calm_excited, mass in rows]

    def _shares(self, cache: Cache, item: str, carried: Sequence[tuple[str | None, int | None]]) -> np.ndarray:
        """Shares of the options, and in a last column their mass before they were made to sum to one."""
        options = self._labels if item == "emotion" else self.digit_ids
        questions = [self._question(item, emotion, valence) for emotion, valence in carried]
        mass = probabilities(self._model.logits(cache, questions))[:, options]
        total = mass.sum(1, keepdims=True)
        return np.concatenate([mass / total, total], axis=1)

    def _question(self, item: str, emotion: str | None, valence: int | None) -> list[int]:
        question = self._suffix[self._prompt(item, emotion, valence)]
        return question + self._opening(item, emotion, valence) if self._json else question

    def _prompt(self, item: str, emotion: str | None, valence: int | None) -> Prompt:
        if self._protocol == "single-shot":
            return Prompt("single-shot", "all")
        if self._protocol == "independent":
            return Prompt("independent", item)
        if item == "valence":
            return Prompt(self._protocol, item, emotion)
        return Prompt(self._protocol, item, emotion, valence)

    def _opening(self, item: str, emotion: str | None, valence: int | None) -> list[int]:
        """The JSON up to the value that is asked: what the model has written when it comes to it."""
        earlier = {"emotion": emotion, "valence": valence} if self._protocol == "single-shot" else {}
        known = {name: value for name, value in earlier.items() if value is not None}
        opened = json_answer(**known, **{item: "" if item == "emotion" else 0})
        return list(self._model.processor.tokenizer(opened[:-2], add_special_tokens=False)["input_ids"])


def _common_prefix(sequences: Iterable[list[int]]) -> list[int]:
    """The ids all prompts begin with, short of the last: a question keeps at least one token."""
    rows = list(sequences)
    length = 0
    while all(length < len(ids) - 1 and ids[length] == rows[0][length] for ids in rows):
        length += 1
    return rows[0][:length]
