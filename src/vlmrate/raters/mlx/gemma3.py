"""Gemma 3 as its own reference code computes it: two-way attention inside the picture, the picture read once.

mlx-vlm's `generate` lets picture tokens attend backwards only; the reference implementation lets all tokens of a
picture see each other, in local layers too. The masks here restore that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vlmrate.raters.mlx.shared import Looked, PictureInHead, Tokens

if TYPE_CHECKING:
    import mlx.core as mx
    from PIL.Image import Image

    from vlmrate.raters.mlx.branch import Cache

PictureAttention = Literal["two-way", "causal"]


class Gemma3(PictureInHead):
    """Gemma 3; `attention` inside the picture is `two-way` (the reference) or `causal` (as mlx-vlm's generate)."""

    def __init__(
        self, model: Any, processor: Any, *, share: bool = True, attention: PictureAttention = "two-way"
    ) -> None:
        super().__init__(model, processor, share=share)
        self._attention = attention

    def tokens(self, prompt: str) -> Tokens:
        """Token ids of a prompt as the chat template wrote it, its picture mark expanded to one token a patch group."""
        expanded = prompt.replace(self._processor.boi_token, self._processor.full_image_sequence)
        return tuple(self._processor.tokenizer(expanded, add_special_tokens=False)["input_ids"])

    def look(self, image: Image) -> Looked:
        """The picture's pixels as the model's own processor makes them, shape (1, 3, height, width)."""
        import mlx.core as mx

        pixels = self._processor.image_processor([image])["pixel_values"]
        return Looked(mx.array(np.stack([np.asarray(channel) for channel in pixels])))

    def _features(self, picture: Looked) -> mx.array:
        """The vision tower's output, kept with the picture when prompts share it."""
        if picture.features is not None:
            return picture.features
        pixels = picture.tensors.transpose(0, 2, 3, 1).astype(self._text_dtype())
        hidden, _, _ = self._model.vision_tower(pixels, output_hidden_states=True)
        features: mx.array = self._model.multi_modal_projector(hidden)
        picture.features = features if self._share else None
        return features

    def _text_dtype(self) -> mx.Dtype:
        import mlx.core as mx

        embedded: mx.array = self._language.model.embed_tokens(mx.array([[0]]))
        return embedded.dtype

    def _read_head(self, picture: Looked, head: Tokens) -> Cache:
        import mlx.core as mx
        from mlx_vlm.models.cache import make_prompt_cache

        ids = mx.array([head])
        embedded = self._model.get_input_embeddings(
            ids, picture.tensors, mask=mx.ones(ids.shape, mx.int32), cached_image_features=self._features(picture)
        ).inputs_embeds
        cache: Cache = make_prompt_cache(self._language)
        if self._attention == "causal":
            self._language.model(ids, inputs_embeds=embedded, cache=cache)
        else:
            self._read_two_way(head, embedded, cache)
        return cache

    def _read_two_way(self, head: Tokens, embedded: mx.array, cache: Cache) -> None:
        """Run the blocks with a mask of their own kind each: local layers see a window, and both see the picture."""
        import mlx.core as mx

        text = self._language.model
        hidden = embedded * mx.array(text.config.hidden_size**0.5, mx.bfloat16).astype(embedded.dtype)
        everything, window = (mx.array(mask) for mask in self._masks(head))
        for i, (block, layer) in enumerate(zip(text.layers, cache, strict=True)):
            is_global = i % text.sliding_window_pattern == text.sliding_window_pattern - 1
            hidden = block(hidden, everything if is_global else window, layer)

    def _masks(self, head: Tokens) -> tuple[np.ndarray, np.ndarray]:
        """Boolean masks (1, 1, tokens, tokens) of global and local layers: True where a token may look."""
        position = np.arange(len(head))
        causal = position[:, None] >= position[None]
        near = position[:, None] < position[None] + self._language.model.window_size
        is_picture = np.asarray(head) == self._image_token
        same_picture = is_picture[:, None] & is_picture[None]
        return (causal | same_picture)[None, None], (causal & near | same_picture)[None, None]
