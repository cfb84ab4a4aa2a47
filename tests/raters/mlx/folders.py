"""Small model folders with random weights that mlx-vlm loads as they are: no network, no torch.

Every folder has a tokenizer trained on a few words, the family's own chat format, a processor and weights. The widths
are toys; the shapes of the computation (sliding windows, tiles, cross-attention, quantisation) are the real ones.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten, tree_unflatten

from raters.mlx.chat_formats import (
    GEMMA_MARKS,
    GEMMA_TEMPLATE,
    LLAMA_MARKS,
    LLAMA_TEMPLATE,
    QWEN_MARKS,
    QWEN_TEMPLATE,
    QWEN_THINKING_TEMPLATE,
    SMOLVLM_MARKS,
    SMOLVLM_TEMPLATE,
    save_tokenizer,
    train_tokenizer,
    write_json,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

Config = dict[str, Any]

FOUR_BIT: Config = {"group_size": 64, "bits": 4}


def gemma3(
    folder: Path,
    *,
    window: int = 512,
    quantisation: Config | None = None,
    text: Config | None = None,
    vision: Config | None = None,
    picture_tokens: int = 16,
    tokenizer: Tokenizer | None = None,
) -> Path:
    """A Gemma 3: SigLIP tower, two local layers before each global one; `window` is the local layers'."""
    folder.mkdir(parents=True)
    tokenizer = tokenizer or train_tokenizer(GEMMA_MARKS)
    soft, begin, end = "<image_soft_token>", "<start_of_image>", "<end_of_image>"
    marks = {"boi_token": begin, "eoi_token": end, "image_token": soft}
    save_tokenizer(
        folder, tokenizer, GEMMA_TEMPLATE, begin="<bos>", end="<eos>", pad="<pad>",
        more={**marks, "extra_special_tokens": marks},
    )  # fmt: skip
    text_config = {
        "model_type": "gemma3_text", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "query_pre_attn_scalar": 32,
        "vocab_size": tokenizer.get_vocab_size(), "sliding_window": window, "sliding_window_pattern": 3,
        "mm_tokens_per_image": picture_tokens, "max_position_embeddings": 4096,
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
    } | (text or {})  # fmt: skip
    vision_config = {
        "model_type": "siglip_vision_model", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "patch_size": 14, "image_size": 112,
    } | (vision or {})  # fmt: skip
    config = {
        "model_type": "gemma3",
        "text_config": text_config,
        "vision_config": vision_config,
        "hidden_size": text_config["hidden_size"],
        "vocab_size": text_config["vocab_size"],
        "mm_tokens_per_image": picture_tokens,
        "image_token_index": tokenizer.token_to_id(soft),
        "boi_token_index": tokenizer.token_to_id(begin),
        "eoi_token_index": tokenizer.token_to_id(end),
        "eos_token_id": [tokenizer.token_to_id(mark) for mark in ("<eos>", "<end_of_turn>")],
        "pad_token_id": tokenizer.token_to_id("<pad>"),
    }
    processor = {"processor_class": "Gemma3Processor", "image_seq_length": picture_tokens}
    write_json(folder / "processor_config.json", processor)
    _write_pictures(folder, "Gemma3ImageProcessor", size=_square(vision_config["image_size"]), resample=2)
    tied = ("language_model.model.embed_tokens.weight", "language_model.lm_head.weight")
    return _save_weights(folder, config, quantisation, tied=tied)


def mllama(
    folder: Path, *, quantisation: Config | None = None, text: Config | None = None, tokenizer: Tokenizer | None = None
) -> Path:
    """A Llama 3.2 Vision: tiles of 56 pixels, up to four; two of six text layers look at the picture."""
    folder.mkdir(parents=True)
    tokenizer = tokenizer or train_tokenizer(LLAMA_MARKS)
    # The output layer has no row for the picture's mark, so it must come last: its id is the vocabulary's size.
    if tokenizer.token_to_id("<|image|>") is None:
        tokenizer.add_special_tokens(["<|image|>"])
    image_token = tokenizer.token_to_id("<|image|>")
    save_tokenizer(
        folder, tokenizer, LLAMA_TEMPLATE, begin="<|begin_of_text|>", end="<|eot_id|>", pad="<|finetune_right_pad_id|>"
    )
    text_config = {
        "model_type": "mllama_text_model", "vocab_size": image_token, "hidden_size": 128, "intermediate_size": 256,
        "num_hidden_layers": 6, "num_attention_heads": 4, "num_key_value_heads": 2, "cross_attention_layers": [1, 4],
        "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "max_position_embeddings": 4096,
        "rope_scaling": {
            "rope_type": "llama3", "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
            "original_max_position_embeddings": 8192,
        },
    } | (text or {})  # fmt: skip
    vision_config = {
        "model_type": "mllama_vision_model", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
        "num_global_layers": 2, "num_attention_heads": 4, "image_size": 56, "patch_size": 14, "max_num_tiles": 4,
        "intermediate_layers_indices": [1, 2], "vision_output_dim": 64 * 3,
        "supported_aspect_ratios": [[1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [3, 1], [4, 1]],
    }  # fmt: skip
    config = {
        "model_type": "mllama",
        "text_config": text_config,
        "vision_config": vision_config,
        "image_token_index": image_token,
        "vocab_size": image_token,
        "eos_token_id": [tokenizer.token_to_id(mark) for mark in ("<|end_of_text|>", "<|eom_id|>", "<|eot_id|>")],
    }
    _write_pictures(
        folder, "MllamaImageProcessor", size=_square(56), do_pad=True, max_image_tiles=4, do_convert_rgb=True
    )
    return _save_weights(folder, config, quantisation)


def qwen2_5_vl(folder: Path) -> Path:
    """A Qwen2.5-VL: pictures of any size, rotary positions in three directions."""
    folder.mkdir(parents=True)
    tokenizer = train_tokenizer(QWEN_MARKS)
    save_tokenizer(folder, tokenizer, QWEN_TEMPLATE, begin=None, end="<|im_end|>", pad="<|endoftext|>")
    text_config = {
        "hidden_size": 128, "num_hidden_layers": 3, "intermediate_size": 256, "num_attention_heads": 4,
        "num_key_value_heads": 2, "rms_norm_eps": 1e-6, "vocab_size": tokenizer.get_vocab_size(), "rope_theta": 1e6,
        "max_position_embeddings": 4096, "tie_word_embeddings": False,
        "rope_scaling": {"type": "mrope", "mrope_section": [4, 6, 6]},
    }  # fmt: skip
    vision_config = {
        "model_type": "qwen2_5_vl", "depth": 2, "hidden_size": 64, "intermediate_size": 128, "out_hidden_size": 128,
        "num_heads": 4, "patch_size": 14, "spatial_patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2,
        "in_channels": 3, "window_size": 112, "fullatt_block_indexes": [1], "tokens_per_second": 2,
        "image_size": 384, "vocab_size": 32000,
    }  # fmt: skip
    marks = {
        "image_token_id": "<|image_pad|>", "image_token_index": "<|image_pad|>", "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>",
        "vision_token_id": "<|vision_pad|>",
    }  # fmt: skip
    config = {
        **text_config,
        "model_type": "qwen2_5_vl",
        "text_config": {**text_config, "model_type": "qwen2_5_vl"},
        "vision_config": vision_config,
        **{name: tokenizer.token_to_id(mark) for name, mark in marks.items()},
        "eos_token_id": [tokenizer.token_to_id(mark) for mark in ("<|im_end|>", "<|endoftext|>")],
    }
    _write_pictures(
        folder, "Qwen2VLImageProcessor", processor="Qwen2_5_VLProcessor", patch_size=14, temporal_patch_size=2,
        merge_size=2, min_pixels=3136, max_pixels=12544, do_convert_rgb=True,
    )  # fmt: skip
    return _save_weights(folder, config, None)


def qwen3_vl_thinking(folder: Path) -> Path:
    """A Qwen3-VL that thinks: its template opens the reasoning, whose marks are tokens of their own."""
    folder.mkdir(parents=True)
    tokenizer = train_tokenizer(QWEN_MARKS)
    # As in the real vocabulary they are no special tokens, so that decoding keeps them.
    tokenizer.add_tokens(["<think>", "</think>"])
    save_tokenizer(folder, tokenizer, QWEN_THINKING_TEMPLATE, begin=None, end="<|im_end|>", pad="<|endoftext|>")
    text_config = {
        "model_type": "qwen3_vl_text", "hidden_size": 128, "num_hidden_layers": 3, "intermediate_size": 256,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "rms_norm_eps": 1e-6,
        "vocab_size": tokenizer.get_vocab_size(), "rope_theta": 5e6, "max_position_embeddings": 4096,
        "rope_scaling": {"type": "default", "mrope_section": [6, 5, 5]},
    }  # fmt: skip
    vision_config = {
        "model_type": "qwen3_vl", "depth": 2, "hidden_size": 64, "intermediate_size": 128, "out_hidden_size": 128,
        "num_heads": 4, "patch_size": 16, "spatial_patch_size": 16, "spatial_merge_size": 2, "temporal_patch_size": 2,
        "in_channels": 3, "num_position_embeddings": 64, "deepstack_visual_indexes": [0, 1],
    }  # fmt: skip
    marks = {
        "image_token_id": "<|image_pad|>", "image_token_index": "<|image_pad|>", "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>",
    }  # fmt: skip
    config = {
        "model_type": "qwen3_vl",
        "text_config": text_config,
        "vision_config": vision_config,
        **{name: tokenizer.token_to_id(mark) for name, mark in marks.items()},
        "vocab_size": text_config["vocab_size"],
        "eos_token_id": [tokenizer.token_to_id(mark) for mark in ("<|im_end|>", "<|endoftext|>")],
    }
    _write_pictures(
        folder, "Qwen2VLImageProcessorFast", processor="Qwen3VLProcessor", patch_size=16, temporal_patch_size=2,
        merge_size=2, do_convert_rgb=True, size={"longest_edge": 65536, "shortest_edge": 1024},
    )  # fmt: skip
    return _save_weights(folder, config, None)


def smolvlm(folder: Path) -> Path:
    """A SmolVLM: one picture of 64 pixels in four tokens, a Llama behind it."""
    folder.mkdir(parents=True)
    tokenizer = train_tokenizer(SMOLVLM_MARKS)
    save_tokenizer(
        folder, tokenizer, SMOLVLM_TEMPLATE, begin="<|im_start|>", end="<end_of_utterance>", pad="<|im_end|>",
        more={
            "image_token": "<image>", "fake_image_token": "<fake_token_around_image>",
            "global_image_token": "<global-img>",
        },
    )  # fmt: skip
    edge = {"longest_edge": 64}
    config = {
        "model_type": "smolvlm",
        "text_config": {
            "model_type": "llama", "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 3,
            "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "vocab_size": tokenizer.get_vocab_size(), "max_position_embeddings": 4096, "tie_word_embeddings": False,
        },
        "vision_config": {
            "model_type": "smolvlm_vision", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
            "num_attention_heads": 4, "patch_size": 16, "image_size": 64, "num_channels": 3, "layer_norm_eps": 1e-6,
            "max_image_size": edge, "size": edge,
        },
        "scale_factor": 2,
        "image_token_id": tokenizer.token_to_id("<image>"),
        "image_token_index": tokenizer.token_to_id("<image>"),
        "vocab_size": tokenizer.get_vocab_size(),
        "pad_token_id": tokenizer.token_to_id("<|im_end|>"),
        "eos_token_id": [tokenizer.token_to_id("<end_of_utterance>")],
    }  # fmt: skip
    write_json(folder / "processor_config.json", {"processor_class": "SmolVLMProcessor", "image_seq_len": 4})
    _write_pictures(
        folder, "SmolVLMImageProcessor", processor="SmolVLMProcessor", do_image_splitting=False, do_pad=True,
        do_convert_rgb=True, max_image_size=edge, size=edge, resample=1,
    )  # fmt: skip
    return _save_weights(folder, config, None)


def _square(pixels: int) -> Config:
    return {"height": pixels, "width": pixels}


def _write_pictures(folder: Path, kind: str, processor: str | None = None, **settings: Any) -> None:
    config = {
        "image_processor_type": kind, "do_resize": True, "do_rescale": True, "do_normalize": True,
        "rescale_factor": 1 / 255, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 2,
    }  # fmt: skip
    named = {"processor_class": processor} if processor else {}
    write_json(folder / "preprocessor_config.json", config | named | settings)


def _save_weights(
    folder: Path, config: Config, quantisation: Config | None, tied: tuple[str, str] | None = None
) -> Path:
    """Random weights for a configuration, in float32; with `quantisation` the language model's matrices packed."""
    from mlx_vlm.utils import update_module_configs

    family = importlib.import_module(f"mlx_vlm.models.{config['model_type']}")
    made = family.ModelConfig.from_dict(config)
    model = family.Model(update_module_configs(made, family, config, ["text", "vision"]))
    weights = _random_weights(model)
    if tied is not None:
        weights[tied[1]] = weights[tied[0]]
    model.update(tree_unflatten(list(weights.items())))
    if quantisation is not None:
        nn.quantize(model, **quantisation, class_predicate=_is_packed)
        config = {**config, "quantization": quantisation}
    saved = dict(tree_flatten(model.parameters()))
    mx.save_safetensors(str(folder / "model.safetensors"), saved, metadata={"format": "mlx"})
    write_json(folder / "config.json", config)
    return folder


def _is_packed(path: str, module: nn.Module) -> bool:
    return path.startswith("language_model") and hasattr(module, "to_quantized")


def _random_weights(model: nn.Module) -> dict[str, mx.array]:
    """Matrices that keep the size of what goes through them, norms near one, gates half open."""
    key = mx.random.key(7)
    weights = {}
    for name, value in tree_flatten(model.parameters()):
        key, draw = mx.random.split(key)
        noise = mx.random.normal(value.shape, key=draw)
        if "gate" in name and value.size <= 4:
            weights[name] = mx.full(value.shape, 0.5)
        elif value.ndim >= 2:
            fan_in = value.shape[-1] if "embed" in name or value.ndim == 2 else value[0].size
            # Outputs twice as wide as the unit normal give probabilities that differ by orders of magnitude.
            weights[name] = noise * (2.0 if "lm_head" in name else 1.0) / fan_in**0.5
        elif name.endswith("weight"):
            weights[name] = value.astype(mx.float32) + 0.05 * noise
        else:
            # Nothing of the value: mlx draws biases anew in every process.
            weights[name] = 0.05 * noise
    return weights
