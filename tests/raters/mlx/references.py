"""What the rater is compared with: mlx-vlm's own generation, and forward passes over whole sequences without caches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np
from mlx_vlm.generate import generate_step
from mlx_vlm.utils import prepare_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from vlmrate.raters.mlx.loading import LoadedModel


def log_softmax(logits: Any) -> np.ndarray:
    """Log-probabilities along the last axis, in float64."""
    wide = np.array(logits, dtype=np.float64)
    top = wide.max(axis=-1, keepdims=True)
    return wide - top - np.log(np.exp(wide - top).sum(axis=-1, keepdims=True))


def prepared(loaded: LoadedModel, picture: Image, written: str, *, own_marks: bool = False) -> dict[str, Any]:
    """A prompt and a picture as mlx-vlm prepares them; without `own_marks`, its added begin mark is taken off."""
    inputs: dict[str, Any] = prepare_inputs(
        loaded.processor,
        images=[picture],
        prompts=written,
        image_token_index=getattr(loaded.model.config, "image_token_index", None),
        add_special_tokens=own_marks,
    )
    begin = loaded.processor.tokenizer.bos_token_id
    if not own_marks and inputs["input_ids"][0, :2].tolist() == [begin, begin]:
        for name in {"input_ids", "attention_mask", "cross_attention_mask"} & inputs.keys():
            inputs[name] = inputs[name][:, 1:]
    return inputs


def stepped(
    loaded: LoadedModel, picture: Image, written: str, count: int, *, own_marks: bool = False
) -> tuple[list[int], list[int], np.ndarray]:
    """mlx-vlm's greedy answer: the prompt's ids, `count` tokens, and the log-probabilities each was taken from."""
    inputs = prepared(loaded, picture, written, own_marks=own_marks)
    ids, pixels, mask = inputs.pop("input_ids"), inputs.pop("pixel_values"), inputs.pop("attention_mask")
    steps = generate_step(ids, loaded.model, pixels, mask, max_tokens=count, temperature=0.0, **inputs)
    tokens, logp = zip(*steps, strict=True)
    return ids[0].tolist(), list(tokens), np.stack([np.array(row.astype(mx.float32)) for row in logp])


def whole(
    loaded: LoadedModel, picture: Image, written: str, more: Sequence[int] = (), *, two_way: bool = False
) -> np.ndarray:
    """Log-probabilities after the prompt and after each token of `more`, all read in one pass: (1 + more, vocabulary).

    `two_way` lets all tokens of the picture see each other (Gemma 3 only).
    """
    inputs = prepared(loaded, picture, written)
    ids = [*inputs["input_ids"][0].tolist(), *more]
    if loaded.kind == "gemma3":
        hidden = _whole_gemma3(loaded.model, ids, inputs["pixel_values"], two_way)
    else:
        hidden = _whole_mllama(loaded.model, ids, inputs)
    return log_softmax(loaded.model.language_model.lm_head(hidden[0, -1 - len(more) :]))


def _whole_gemma3(model: Any, ids: list[int], pixels: mx.array, two_way: bool) -> mx.array:
    batch = mx.array([ids])
    embedded = model.get_input_embeddings(batch, pixels, mask=mx.ones(batch.shape, mx.int32)).inputs_embeds
    text = model.language_model.model
    hidden = embedded * mx.array(text.config.hidden_size**0.5, mx.bfloat16).astype(embedded.dtype)
    for number, block in enumerate(text.layers, start=1):
        window = None if number % text.sliding_window_pattern == 0 else text.window_size
        hidden = block(hidden, _sees(ids, window, model.config.image_token_index if two_way else None), None)
    return text.norm(hidden)


def _sees(ids: list[int], window: int | None, picture: int | None) -> mx.array:
    """Which token sees which, (1, 1, tokens, tokens), written out pair by pair."""

    def sees(q: int, k: int) -> bool:
        if picture is not None and ids[q] == picture and ids[k] == picture:
            return True
        return k <= q and (window is None or q - k < window)

    return mx.array([[[[sees(q, k) for k in range(len(ids))] for q in range(len(ids))]]])


def _whole_mllama(model: Any, ids: list[int], inputs: dict[str, Any]) -> mx.array:
    mask = inputs["cross_attention_mask"]
    more = mx.repeat(mask[:, -1:], len(ids) - mask.shape[1], axis=1)
    made = model.get_input_embeddings(
        mx.array([ids]),
        inputs["pixel_values"],
        aspect_ratio_ids=inputs["aspect_ratio_ids"],
        aspect_ratio_mask=inputs["aspect_ratio_mask"],
        cross_attention_mask=mx.concatenate([mask, more], axis=1),
    )
    hidden: mx.array = model.language_model.model(
        mx.array([ids]),
        inputs_embeds=made.inputs_embeds,
        cross_attention_states=made.cross_attention_states,
        cross_attention_mask=made.cross_attention_mask,
        full_text_row_masked_out_mask=made.full_text_row_masked_out_mask,
    )
    return hidden
