"""MLX must say what transformers says: logits of 24 faces at three steps, stored with the repository.

The few lines over mlx-vlm that these tests use (`vlmrate.tiny.asking`) stand in for the MLX rater.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vlmrate.resources import embedded_model_folder
from vlmrate.tiny.asking import TinyModel
from vlmrate.tiny.held_out import Asker

GOLDEN = Path(__file__).parents[1] / "golden" / "tiny"
WITHIN = 1e-3


@pytest.fixture(scope="module")
def asked() -> list[dict[str, Any]]:
    """What transformers was asked: the image and the answers carried."""
    return json.loads((GOLDEN / "prompts.json").read_text(encoding="utf-8"))["images"]


@pytest.fixture(scope="module")
def stored() -> np.ndarray:
    """What it said, shape (24, 3, vocabulary)."""
    from safetensors.numpy import load_file

    return load_file(str(GOLDEN / "logits.safetensors"))["logits"]


def mlx_logits(model: TinyModel, asked: list[dict[str, Any]]) -> np.ndarray:
    """What MLX says to the same, shape (24, 3, vocabulary)."""
    images = [Image.open(GOLDEN / row["image"]) for row in asked]
    return Asker(model).logits(images, [(row["carried_emotion"], row["carried_valence"]) for row in asked])


def furthest(model: TinyModel, asked: list[dict[str, Any]], stored: np.ndarray) -> np.ndarray:
    """The largest difference of any logit at each step, shape (3,)."""
    return np.abs(mlx_logits(model, asked) - stored).max(axis=(0, 2))


def changed_copy(folder: Path, drop: str) -> Path:
    """A copy of the model whose config lacks a key, given as `key` or `text_config.key`."""
    shutil.copytree(embedded_model_folder(), folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    *within, key = drop.split(".")
    del (config[within[0]] if within else config)[key]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_stored_logits_cover_faces_steps_and_vocabulary(tiny: TinyModel, stored: np.ndarray) -> None:
    """24 faces, three steps, a logit for every token of the tokenizer."""
    assert stored.shape == (24, 3, len(tiny.processor.tokenizer))
    assert stored.dtype == np.float32


def test_reference_attention_agrees_with_transformers(
    tiny: TinyModel, asked: list[dict[str, Any]], stored: np.ndarray
) -> None:
    """With two-way attention among image tokens, no logit at any step is off by 1e-3."""
    assert (furthest(tiny, asked, stored) < WITHIN).all()


def test_causal_image_attention_is_caught(tiny: TinyModel, asked: list[dict[str, Any]], stored: np.ndarray) -> None:
    """Causal attention over the image, as mlx-vlm generates, is another model: every step shows it."""
    assert (furthest(replace(tiny, two_way=False), asked, stored) > 10 * WITHIN).all()


@pytest.mark.parametrize("missing", ["hidden_size", "text_config.rope_scaling"])
def test_a_config_that_lacks_a_key_is_caught(
    tmp_path: Path, asked: list[dict[str, Any]], stored: np.ndarray, missing: str
) -> None:
    """Without hidden_size image features are scaled wrongly, without rope_scaling positions: both load, both differ."""
    model = TinyModel.load(changed_copy(tmp_path / "model", missing))
    assert (furthest(model, asked, stored) > 10 * WITHIN).all()


def test_batches_do_not_change_what_is_said(tiny: TinyModel, asked: list[dict[str, Any]]) -> None:
    """A face asked alone gets the logits it gets among others."""
    together = mlx_logits(tiny, asked[:4])
    alone = np.concatenate([mlx_logits(tiny, [row]) for row in asked[:4]])
    assert np.abs(together - alone).max() < 1e-4
