"""The MLX rater must say what transformers says: logits of 24 faces at three steps, stored with the repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("mlx_vlm")

from vlmrate.protocol.load import load_protocol
from vlmrate.raters.mlx.gemma3 import Gemma3
from vlmrate.raters.mlx.loading import load_model
from vlmrate.raters.mlx.prompt import picture_first
from vlmrate.resources import embedded_model_folder
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from vlmrate.raters.mlx.gemma3 import PictureAttention

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden" / "tiny"
WITHIN = 1e-3
FEW = 6
"""Faces that show a difference: where the largest of theirs is too large, that of all 24 is."""


@pytest.fixture(scope="module")
def asked() -> list[dict[str, Any]]:
    """What transformers was asked: the image and the answers carried."""
    return json.loads((GOLDEN / "prompts.json").read_text(encoding="utf-8"))["images"]


@pytest.fixture(scope="module")
def stored() -> np.ndarray:
    """What it said, shape (24, 3, vocabulary)."""
    from safetensors.numpy import load_file

    return load_file(str(GOLDEN / "logits.safetensors"))["logits"]


def furthest(
    folder: Path,
    asked: list[dict[str, Any]],
    stored: np.ndarray,
    *,
    reference: bool = True,
    attention: PictureAttention = "two-way",
) -> np.ndarray:
    """The largest difference of any logit at each step, shape (3,), between the rater's code and transformers;
    of the first faces where not all are asked."""
    loaded = load_model(folder, reference=reference)
    reader = Gemma3(loaded.model, loaded.processor, attention=attention)
    write = picture_first(loaded.processor, loaded.name)
    study = load_study(TESTS.parent / "configs" / "study.yaml")
    steps = load_protocol("context-carry", study).steps
    said = []
    for row in asked:
        seen = reader.look(Image.open(GOLDEN / row["image"]).convert("RGB"))
        answers = {"emotion": row["carried_emotion"], "valence": str(row["carried_valence"])}
        prompts = [write(step.template.render(answers, study.stimuli[0])) for step in steps]
        said.append([np.array(reader.read(seen, prompt).logits) for prompt in prompts])
    return np.abs(np.array(said) - stored[: len(asked)]).max(axis=(0, 2))


def changed_copy(folder: Path, *drop: str) -> Path:
    """A copy of the model whose config lacks some keys, given as `key` or `text_config.key`."""
    shutil.copytree(embedded_model_folder(), folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for name in drop:
        *within, key = name.split(".")
        del (config[within[0]] if within else config)[key]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_stored_logits_cover_faces_steps_and_vocabulary(stored: np.ndarray) -> None:
    """24 faces, three steps, a logit for every token of the tokenizer."""
    words = json.loads((embedded_model_folder() / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    assert stored.shape == (24, 3, words)
    assert stored.dtype == np.float32


def test_the_reference_agrees_with_transformers(asked: list[dict[str, Any]], stored: np.ndarray) -> None:
    """Loaded and read as the MLX rater does by default, no logit at any step is off by 1e-3."""
    assert (furthest(embedded_model_folder(), asked, stored) < WITHIN).all()


def test_causal_picture_attention_is_caught(asked: list[dict[str, Any]], stored: np.ndarray) -> None:
    """Causal attention over the picture, as mlx-vlm generates, is another model: every step shows it."""
    assert (furthest(embedded_model_folder(), asked[:FEW], stored, attention="causal") > 10 * WITHIN).all()


@pytest.mark.parametrize("missing", ["hidden_size", "text_config.rope_scaling"])
def test_a_config_that_lacks_a_key_is_caught_and_put_right(
    tmp_path: Path, asked: list[dict[str, Any]], stored: np.ndarray, missing: str
) -> None:
    """Without hidden_size picture features are scaled wrongly, without rope_scaling positions: as mlx-vlm loads them
    both differ from transformers, and the reference settings put both right."""
    folder = changed_copy(tmp_path / "model", missing)
    assert (furthest(folder, asked[:FEW], stored, reference=False) > 10 * WITHIN).all()
    assert (furthest(folder, asked, stored) < WITHIN).all()


def test_a_scaling_that_is_named_nowhere_shows(tmp_path: Path, asked: list[dict[str, Any]], stored: np.ndarray) -> None:
    """A config that has lost rotary scaling under both its names cannot be put right: the stored logits tell."""
    folder = changed_copy(tmp_path / "model", "text_config.rope_scaling", "text_config.rope_parameters")
    assert (furthest(folder, asked[:FEW], stored) > 10 * WITHIN).all()
