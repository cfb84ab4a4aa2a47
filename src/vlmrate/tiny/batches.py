"""What the tiny model is fed in training: pictures in random batches, and packed questions about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from vlmrate.simulate.faces import HAIR_LEVELS, SKIN_LEVELS, true_arousal, true_valence
from vlmrate.tiny.packing import OTHERS, Segment, Vocabulary, doubled_bos, layout, questions_about
from vlmrate.tiny.targets import emotion_target
from vlmrate.tiny.tokenizer import IMAGE

if TYPE_CHECKING:
    from vlmrate.tiny.data import Picture

LANGUAGE_BATCH = 32
CAUSAL_SHARE, DOUBLED_BOS_SHARE = 0.12, 0.1
FORM_WEIGHT = 0.15  # of the tokens around an answer (JSON, end of turn), beside 1 for the answer itself
MOVEMENTS = 16


class Pictures:
    """All training pictures in memory, and random batches of them."""

    def __init__(self, pictures: list[Picture], pixels: np.ndarray) -> None:
        self.pictures, self._pixels = pictures, pixels
        self.labels = np.stack([emotion_target(picture.expression) for picture in pictures]).astype(np.float32)
        self.facts = np.stack([_facts(picture) for picture in pictures])
        self.is_face = np.array([picture.identity is not None for picture in pictures], np.float32)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, torch.Tensor]:
        """Row numbers and pixels (count, 3, 112, 112) in -1..1; mirrored, shifted and lit at random."""
        rows = rng.integers(0, len(self.pictures), count)
        pixels = self._pixels[rows]
        mirrored = rng.random(count) < 0.5
        pixels[mirrored] = pixels[mirrored, :, ::-1]
        pixels = np.roll(pixels, rng.integers(-3, 4, 2), axis=(1, 2))
        values = torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)
        light = torch.from_numpy(rng.normal(1, 0.06, (count, 1, 1, 1)).astype(np.float32))
        return rows, (values * light).clamp_(-1, 1)


def _facts(picture: Picture) -> np.ndarray:
    """What the throw-away head names: movements, valence, arousal, skin level, hair level; shape (20,)."""
    if picture.identity is None or picture.expression is None:
        return np.zeros(MOVEMENTS + 4, np.float32)
    ratings = (true_valence(picture.expression) - 5) / 2, (true_arousal(picture.expression) - 4) / 2
    levels = SKIN_LEVELS.index(picture.identity.skin) - 1, HAIR_LEVELS.index(picture.identity.hair)
    return np.array([*picture.units, *ratings, *levels], np.float32)


class LanguageBatches:
    """Turns pictures and their questions into what the model is fed and what it should say."""

    def __init__(self, pictures: Pictures, words: Vocabulary, rng: np.random.Generator) -> None:
        self._pictures, self._words, self._rng = pictures, words, rng

    def packed(self) -> tuple[dict[str, Any], torch.Tensor, torch.Tensor]:
        """Model inputs, targets (batch, places, vocabulary) and weights (batch, places): many questions a picture."""
        rng = self._rng
        rows, pixels = self._pictures.draw(LANGUAGE_BATCH, rng)
        other = str(rng.choice(list(OTHERS), p=list(OTHERS.values())))
        asked = [questions_about(self._pictures.pictures[row], self._words, rng, other) for row in rows]
        prefix = doubled_bos(self._words.prefix) if rng.random() < DOUBLED_BOS_SHARE else self._words.prefix
        two_way = rng.random() >= CAUSAL_SHARE
        return self._batch(prefix, asked, pixels, two_way)

    def image_last(self) -> tuple[dict[str, Any], torch.Tensor, torch.Tensor]:
        """As `packed`, with one question a picture and the image after the words."""
        rng = self._rng
        rows, pixels = self._pictures.draw(LANGUAGE_BATCH, rng)
        item = int(rng.integers(3))
        asked = [questions_about(self._pictures.pictures[row], self._words, rng, "single-shot")[item] for row in rows]
        prompts = {tuple(ids): prompt for prompt, ids in self._words.suffix.items()}
        whole = []
        for segment in asked:
            question, answer = segment.ids[: segment.question], segment.ids[segment.question :]
            last = self._words.image_last(prompts[tuple(question)])
            moved = {place + len(last) - len(question): shares for place, shares in segment.soft.items()}
            whole.append([Segment(last + answer, len(last), moved)])
        return self._batch([], whole, pixels, True)

    def _batch(
        self, prefix: list[int], asked: list[list[Segment]], pixels: torch.Tensor, two_way: bool
    ) -> tuple[dict[str, Any], torch.Tensor, torch.Tensor]:
        lengths = [len(segment.ids) for segment in asked[0]]
        if any([len(segment.ids) for segment in segments] != lengths for segments in asked):
            raise ValueError("questions of one batch differ in length")
        ids = torch.tensor([prefix + [token for segment in segments for token in segment.ids] for segments in asked])
        position, causal, both = layout(lengths, prefix)
        mask = torch.from_numpy(causal if not two_way else both)
        if not prefix:
            image = ids[0] == IMAGE
            mask = mask | (image[:, None] & image[None])
        mask = mask[None, None].expand(len(asked), 1, -1, -1)
        places, targets, weights = _wanted(asked, len(prefix), self._words.size)
        inputs = {
            "input_ids": ids,
            "pixel_values": pixels,
            "attention_mask": {"full_attention": mask, "sliding_attention": mask},
            "position_ids": torch.from_numpy(position)[None].expand(len(asked), -1),
            "logits_to_keep": places,
            "use_cache": False,
        }
        return inputs, targets, weights


def _wanted(asked: list[list[Segment]], offset: int, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Where the answers' tokens are foretold, what should be said there, and how much it counts."""
    places, start = [], offset
    for segment in asked[0]:
        places += [start + place for place in _answer_places(segment)]
        start += len(segment.ids)
    targets = np.zeros((len(asked), len(places), size), np.float32)
    weights = np.full(len(places), FORM_WEIGHT, np.float32)
    for row, segments in enumerate(asked):
        answers = ((segment, place) for segment in segments for place in _answer_places(segment))
        for column, (segment, place) in enumerate(answers):
            if place in segment.soft:
                targets[row, column], weights[column] = segment.soft[place], 1.0
            else:
                targets[row, column, segment.ids[place + 1]] = 1.0
    return torch.tensor(places), torch.from_numpy(targets), torch.from_numpy(weights)


def _answer_places(segment: Segment) -> range:
    """The places whose next token belongs to the answer."""
    return range(segment.question - 1, len(segment.ids) - 1)
