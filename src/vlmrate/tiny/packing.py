"""Many questions about one image in one sequence: the shared prefix once, then every question that only sees it.

    [prefix with the image | question 1, answer 1 | question 2, answer 2 | ...]

A question sees the prefix and itself, at the positions it would have if it were asked alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.simulate.faces import EMOTIONS
from vlmrate.tiny.prompts import DIGITS, Prompt, all_prompts, json_answer
from vlmrate.tiny.targets import arousal_target, emotion_target, valence_target
from vlmrate.tiny.tokenizer import BOS, END_OF_TURN, IMAGE, chat, encode, token_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from vlmrate.tiny.data import Picture

OTHER_LABEL_SHARE, OTHER_DIGIT_SHARE = 0.2, 0.2  # carried answers that the rater would not have given itself
OTHERS: dict[str, float] = {"human-wording": 0.25, "independent": 0.2, "context-carry-json": 0.3, "single-shot": 0.25}


@dataclass(frozen=True, slots=True)
class Segment:
    """A question with its answer; `soft` maps a place in `ids` to the shares of the token that should follow."""

    ids: list[int]
    question: int
    soft: dict[int, np.ndarray]


class Vocabulary:
    """The ids of every prompt and answer of the shipped protocols."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.size: int = tokenizer.get_vocab_size()
        self.labels = [token_of(tokenizer, emotion) for emotion in EMOTIONS]
        self.digits = [token_of(tokenizer, str(digit)) for digit in DIGITS]
        whole = {prompt: encode(tokenizer, chat(prompt.text)) for prompt in all_prompts()}
        self.prefix = _common_prefix(list(whole.values()))
        self.suffix = {prompt: ids[len(self.prefix) :] for prompt, ids in whole.items()}
        if IMAGE not in self.prefix or any(IMAGE in ids for ids in self.suffix.values()):
            raise ValueError("the image must lie in the prefix that all prompts share")
        self.image_last = cache(lambda prompt: encode(tokenizer, chat(prompt.text, image_first=False)))
        self.answer = cache(lambda text: [*encode(tokenizer, text), END_OF_TURN])

    def label_shares(self, shares: np.ndarray) -> np.ndarray:
        """Shares over the labels as shares over the vocabulary, shape (vocabulary,)."""
        return self._spread(self.labels, shares)

    def digit_shares(self, shares: np.ndarray) -> np.ndarray:
        """Shares over 1..9 as shares over the vocabulary, shape (vocabulary,)."""
        return self._spread(self.digits, shares)

    def _spread(self, ids: list[int], shares: np.ndarray) -> np.ndarray:
        row = np.zeros(self.size, np.float32)
        row[ids] = shares
        return row


def questions_about(picture: Picture, words: Vocabulary, rng: np.random.Generator, other: str) -> list[Segment]:
    """The three steps of context-carry, then those of the protocol `other`, with answers drawn from the crowd's."""
    segments = _carry_chain("context-carry", picture, words, rng)
    if other == "single-shot":
        return [*segments, _single_shot(picture, words, rng)]
    if other == "independent":
        return segments + _independent(picture, words, rng)
    return segments + _carry_chain(other, picture, words, rng)


def _carry_chain(protocol: str, picture: Picture, words: Vocabulary, rng: np.random.Generator) -> list[Segment]:
    answer = _as_json if protocol.endswith("json") else _as_word
    labels = emotion_target(picture.expression)
    said = EMOTIONS[rng.choice(6, p=labels)]
    segments = [answer(words, Prompt(protocol, "emotion"), said, words.label_shares(labels))]
    carried = EMOTIONS[rng.integers(6)] if rng.random() < OTHER_LABEL_SHARE else said
    points = valence_target(picture.expression, carried)
    valence = DIGITS[rng.choice(9, p=points)]
    segments.append(answer(words, Prompt(protocol, "valence", carried), valence, words.digit_shares(points)))
    valence = DIGITS[rng.integers(9)] if rng.random() < OTHER_DIGIT_SHARE else valence
    points = arousal_target(picture.expression, carried, valence)
    arousal = DIGITS[rng.choice(9, p=points)]
    prompt = Prompt(protocol, "arousal", carried, valence)
    return [*segments, answer(words, prompt, arousal, words.digit_shares(points))]


def _independent(picture: Picture, words: Vocabulary, rng: np.random.Generator) -> list[Segment]:
    targets = {
        "valence": valence_target(picture.expression, None),
        "arousal": arousal_target(picture.expression, None, None),
    }
    return [
        _as_word(words, Prompt("independent", item), DIGITS[rng.choice(9, p=points)], words.digit_shares(points))
        for item, points in targets.items()
    ]


def _single_shot(picture: Picture, words: Vocabulary, rng: np.random.Generator) -> Segment:
    labels = emotion_target(picture.expression)
    emotion = EMOTIONS[rng.choice(6, p=labels)]
    points = valence_target(picture.expression, emotion)
    valence = DIGITS[rng.choice(9, p=points)]
    after = arousal_target(picture.expression, emotion, valence)
    arousal = DIGITS[rng.choice(9, p=after)]
    question = words.suffix[Prompt("single-shot", "all")]
    answer = words.answer(json_answer(emotion=emotion, valence=valence, arousal=arousal))
    first, second = (place for place, token in enumerate(answer) if token in words.digits)
    soft = {
        next(place for place, token in enumerate(answer) if token in words.labels): words.label_shares(labels),
        first: words.digit_shares(points),
        second: words.digit_shares(after),
    }
    return _segment(question, answer, soft)


def _as_word(words: Vocabulary, prompt: Prompt, said: object, shares: np.ndarray) -> Segment:
    return _segment(words.suffix[prompt], words.answer(str(said)), {0: shares})


def _as_json(words: Vocabulary, prompt: Prompt, said: object, shares: np.ndarray) -> Segment:
    answer = words.answer(json_answer(**{prompt.item: said}))
    values = words.labels + words.digits
    return _segment(
        words.suffix[prompt], answer, {next(i for i, token in enumerate(answer) if token in values): shares}
    )


def _segment(question: list[int], answer: list[int], soft: dict[int, np.ndarray]) -> Segment:
    before = len(question) - 1  # the place whose next token is the answer's first
    return Segment(question + answer, len(question), {before + place: shares for place, shares in soft.items()})


def layout(lengths: list[int], prefix: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions (n,), the causal mask (n, n) and the mask with two-way attention inside the image, for one packing."""
    part = np.repeat(np.arange(len(lengths) + 1), [len(prefix), *lengths])
    position = np.concatenate([np.arange(len(prefix)), *(len(prefix) + np.arange(length) for length in lengths)])
    order = np.arange(len(part))
    causal = (order[:, None] >= order[None]) & ((part[None] == 0) | (part[None] == part[:, None]))
    image = np.zeros(len(part), bool)
    image[: len(prefix)] = np.array(prefix) == IMAGE
    return position, causal, causal | (image[:, None] & image[None])


def doubled_bos(prefix: list[int]) -> list[int]:
    """The prefix as mlx-vlm's own `generate` sends it, with a second BOS."""
    return [BOS, *prefix]


def _common_prefix(sequences: list[list[int]]) -> list[int]:
    first, length = sequences[0], 0
    while all(length < len(ids) and ids[length] == first[length] for ids in sequences):
        length += 1
    return first[:length]
