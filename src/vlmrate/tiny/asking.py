"""Ask the tiny model through mlx-vlm, many faces at once: what evaluation and the tests of the weights need, no more.

Ratings in a study go through the MLX rater; this stays beside it because it asks in batches and hands out
whole rows of logits.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.tiny.tokenizer import IMAGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL import Image

Cache = list[Any]


@dataclass(frozen=True, slots=True)
class TinyModel:
    """The loaded model with its processor; `two_way` says whether image tokens see each other (the reference form)."""

    model: Any
    processor: Any
    two_way: bool = True

    @classmethod
    def load(cls, folder: Path, two_way: bool = True) -> TinyModel:
        """Load a folder with unmodified mlx-vlm and compute in float32 (the weights are stored in float16)."""
        import mlx.core as mx
        import mlx_vlm
        from mlx.utils import tree_map

        model, processor = mlx_vlm.load(str(folder))
        model.update(tree_map(lambda weight: weight.astype(mx.float32), model.parameters()))
        return cls(model, processor, two_way)

    def ids(self, text: str) -> list[int]:
        """One user turn, the image first, as token ids: the chat template with one BOS and the image block."""
        turn = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]
        written = self.processor.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        written = written.replace(self.processor.boi_token, self.processor.full_image_sequence)
        return list(self.processor.tokenizer(written, add_special_tokens=False)["input_ids"])

    def word_ids(self, words: Sequence[str]) -> list[int]:
        """The first token of each word."""
        return [self.processor.tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in words]

    def see(self, images: Sequence[Image.Image], prefix: list[int]) -> Cache:
        """Read the images and the words up to `prefix` once; every question starts from what is kept."""
        import mlx.core as mx
        from mlx_vlm.models.cache import make_prompt_cache

        pixels = mx.array(
            np.stack([np.asarray(self.processor.image_processor([image])["pixel_values"][0]) for image in images])
        )
        ids = mx.array([prefix] * len(images))
        cache: Cache = make_prompt_cache(self.model.language_model)
        seen = self.model.get_input_embeddings(ids, pixels, mask=mx.ones(ids.shape, mx.int32))
        self.model.language_model.model(ids, inputs_embeds=seen.inputs_embeds, mask=self._mask(prefix), cache=cache)
        mx.eval([layer.state for layer in cache])
        return cache

    def logits(self, cache: Cache, questions: Sequence[list[int]]) -> np.ndarray:
        """What may come next after each image's question (all of one length), shape (images, vocabulary)."""
        import mlx.core as mx

        hidden = self.model.language_model.model(mx.array(list(questions)), cache=_forked(cache))
        return np.array(self.model.language_model.lm_head(hidden[:, -1:])[:, 0].astype(mx.float32))

    def _mask(self, prefix: list[int]) -> Any:
        import mlx.core as mx

        if not self.two_way:
            return None
        image = np.array(prefix) == IMAGE
        seen = np.tril(np.ones((len(prefix), len(prefix)), bool)) | (image[:, None] & image[None])
        return mx.array(seen[None, None])


def _forked(cache: Cache) -> Cache:
    import mlx.core as mx

    copies = [copy.copy(layer) for layer in cache]
    for layer in copies:
        layer.keys, layer.values = mx.contiguous(layer.keys), mx.contiguous(layer.values)
    return copies


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax over the last axis."""
    raised = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))
