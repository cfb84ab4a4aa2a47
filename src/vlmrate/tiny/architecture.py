"""The tiny model's sizes. Widths are multiples of 64, so that its layers can be quantised in groups of 32 or 64."""

from __future__ import annotations

from typing import Any

from vlmrate.tiny.data import MODEL_SIZE
from vlmrate.tiny.tokenizer import (
    BOS,
    END_OF_IMAGE,
    END_OF_TURN,
    EOS,
    IMAGE,
    IMAGE_TOKENS,
    PAD,
    START_OF_IMAGE,
)  # fmt: skip

TEXT_WIDTH, VISION_WIDTH = 64, 192


def model_config(vocabulary: int) -> Any:
    """The `Gemma3Config` of the model for a vocabulary of that many tokens; needs transformers.

    The text width is 64 because its root is exact in bfloat16: Gemma 3 scales embeddings by it in that type.
    Rope is scaled as in the models of 4B and more.
    """
    from transformers import Gemma3Config

    text = {
        "model_type": "gemma3_text",
        "hidden_size": TEXT_WIDTH,
        "intermediate_size": 256,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "query_pre_attn_scalar": 32,
        "vocab_size": vocabulary,
        "sliding_window": 512,
        "sliding_window_pattern": 4,
        "max_position_embeddings": 4096,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "initializer_range": 0.08,
        "pad_token_id": PAD,
        "bos_token_id": BOS,
        "eos_token_id": EOS,
    }
    vision = {
        "model_type": "siglip_vision_model",
        "hidden_size": VISION_WIDTH,
        "intermediate_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 6,
        "patch_size": 14,
        "image_size": MODEL_SIZE,
        "vision_use_head": False,
    }
    return Gemma3Config(
        text_config=text,
        vision_config=vision,
        mm_tokens_per_image=IMAGE_TOKENS,
        image_token_index=IMAGE,
        boi_token_index=START_OF_IMAGE,
        eoi_token_index=END_OF_IMAGE,
        eos_token_id=[EOS, END_OF_TURN],
        pad_token_id=PAD,
        bos_token_id=BOS,
    )
