"""The embedded model with one thing about it changed, as folders that mlx-vlm loads."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten

from vlmrate.raters.mlx.loading import load_model
from vlmrate.resources import embedded_model_folder

if TYPE_CHECKING:
    from pathlib import Path

_FOUR_BIT = {"group_size": 64, "bits": 4}
LAYER = "language_model.model.layers.2.mlp.down_proj.weight"
"""The layer that noise is added to."""


def with_noise(folder: Path, size: float) -> Path:
    """The model with normal noise on one layer; `size` is the noise's SD in units of the layer's own."""
    shutil.copytree(embedded_model_folder(), folder)
    weights: dict[str, Any] = dict(mx.load(str(folder / "model.safetensors")))
    layer = weights[LAYER].astype(mx.float32)
    noise = mx.random.normal(layer.shape, key=mx.random.key(3)) * size * mx.std(layer)
    weights[LAYER] = (layer + noise).astype(mx.float16)
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "pt"})
    return folder


def in_four_bits(folder: Path) -> Path:
    """The model with the matrices of its language part packed in 4 bits, in groups of 64."""
    shutil.copytree(embedded_model_folder(), folder)
    model = load_model(folder, reference=True).model
    head = model.language_model.lm_head
    head.weight = model.language_model.model.embed_tokens.weight  # tied; packed, each needs its own
    nn.quantize(model, **_FOUR_BIT, class_predicate=_is_packed)
    saved = dict(tree_flatten(model.parameters()))
    mx.save_safetensors(str(folder / "model.safetensors"), saved, metadata={"format": "mlx"})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "quantization": _FOUR_BIT}), encoding="utf-8")
    return folder


def _is_packed(path: str, module: nn.Module) -> bool:
    return path.startswith("language_model") and hasattr(module, "to_quantized")
