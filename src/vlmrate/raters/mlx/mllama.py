"""Llama 3.2 Vision: the picture enters through cross-attention, whose keys and values are computed once and kept.

mlx-vlm's `generate` computes them again at every token and forgets, after the first answer token, which tiles of the
picture are padding; here the padding tiles are cut away, which equals masking them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.raters.mlx.shared import Looked, PictureInHead, Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    import mlx.core as mx
    from PIL.Image import Image

    from vlmrate.raters.mlx.branch import Cache


class PictureKeys:
    """Keys and values of one cross-attention layer; the same for every text token, so nothing is ever added."""

    def __init__(self, keys: mx.array, values: mx.array) -> None:
        self.keys = keys
        self.values = values

    @property
    def offset(self) -> int:
        """Number of picture tokens: above zero tells mlx-vlm's layer to fetch instead of to compute."""
        return int(self.keys.shape[2])

    @property
    def state(self) -> tuple[mx.array, mx.array]:
        """The arrays to evaluate."""
        return self.keys, self.values

    def fetch(self) -> tuple[mx.array, mx.array]:
        """Keys and values, each (rows, heads, picture tokens, head width)."""
        return self.keys, self.values

    def empty(self) -> bool:
        """Never: the picture is there from the start."""
        return False


@dataclass(frozen=True, slots=True)
class Tiles:
    """A picture cut into tiles, as the model's processor makes them."""

    pixels: mx.array
    aspect_ratio_ids: mx.array
    aspect_ratio_mask: mx.array
    used: int
    most: int


class Mllama(PictureInHead):
    """Llama 3.2 Vision, tile masks as in its reference code."""

    def tokens(self, prompt: str) -> Tokens:
        """Token ids of a prompt as the chat template wrote it."""
        return tuple(self._processor.tokenizer(prompt, add_special_tokens=False)["input_ids"])

    def look(self, image: Image) -> Looked:
        """The picture in tiles."""
        import mlx.core as mx

        made = self._processor.image_processor([[image]])
        pixels = mx.array(np.asarray(made["pixel_values"]))
        return Looked(
            Tiles(
                pixels=pixels,
                aspect_ratio_ids=mx.array(np.asarray(made["aspect_ratio_ids"])),
                aspect_ratio_mask=mx.array(np.asarray(made["aspect_ratio_mask"])),
                used=int(made["num_tiles"][0][0]),
                most=int(pixels.shape[2]),
            )
        )

    def _read_head(self, picture: Looked, head: Tokens) -> Cache:
        import mlx.core as mx
        from mlx_vlm.models.cache import make_prompt_cache

        tiles: Tiles = picture.tensors
        made = self._model.get_input_embeddings(
            mx.array([head]),
            tiles.pixels,
            aspect_ratio_ids=tiles.aspect_ratio_ids,
            aspect_ratio_mask=tiles.aspect_ratio_mask,
            cross_attention_mask=self._tile_mask(head, tiles),
            cached_image_features=picture.features,
        )
        picture.features = made.cross_attention_states if self._share else None
        cache: Cache = make_prompt_cache(self._language)
        whole = self._picture_keys(made.cross_attention_states)
        self._place(cache, whole)
        self._language.model(
            mx.array([head]),
            inputs_embeds=made.inputs_embeds,
            cache=cache,
            cross_attention_mask=made.cross_attention_mask,
            full_text_row_masked_out_mask=made.full_text_row_masked_out_mask,
        )
        self._place(cache, [_cut(keys, tiles) for keys in whole])
        return cache

    def _tile_mask(self, head: Tokens, tiles: Tiles) -> mx.array:
        """Which tiles each token sees, (1, tokens, 1, tiles): none before the picture's mark, then those in use."""
        import mlx.core as mx

        mask = np.zeros((1, len(head), 1, tiles.most), np.int64)
        mask[:, head.index(self._image_token) :, 0, : tiles.used] = 1
        return mx.array(mask)

    def _picture_keys(self, states: mx.array) -> list[PictureKeys]:
        made = []
        for i in self._language.config.cross_attention_layers:
            attention = self._language.model.layers[i].cross_attn
            shape = (1, -1, attention.num_key_value_heads, attention.head_dim)
            keys = attention.k_proj(states).reshape(*shape).transpose(0, 2, 1, 3)
            values = attention.v_proj(states).reshape(*shape).transpose(0, 2, 1, 3)
            made.append(PictureKeys(attention.k_norm(keys), values))
        return made

    def _place(self, cache: Cache, keys: Sequence[PictureKeys]) -> None:
        for i, layer in zip(self._language.config.cross_attention_layers, keys, strict=True):
            cache[i] = layer


def _cut(whole: PictureKeys, tiles: Tiles) -> PictureKeys:
    """Only the tiles in use."""
    import mlx.core as mx

    end = whole.offset // tiles.most * tiles.used
    return PictureKeys(mx.contiguous(whole.keys[:, :, :end]), mx.contiguous(whole.values[:, :, :end]))
