"""Small models, pictures and the shipped protocol: what every test of the MLX rater asks with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("mlx_vlm")

from raters.mlx import folders
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.mlx.loading import LoadedModel, load_model
from vlmrate.study.records import Factors, Item, Labels, Likert, Stimulus, Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.protocol.records import Protocol

EMOTION = Item("emotion", Labels(("happy", "sad", "angry", "fear", "disgust", "neutral")))
VALENCE = Item("valence", Likert(1, 9))
AROUSAL = Item("arousal", Likert(1, 9))
SHAPES = {"square": (56, 56), "wide": (112, 56), "large": (112, 112), "odd": (75, 101)}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Builds a small folder by name, each once."""
    top = tmp_path_factory.mktemp("models")
    builders = {
        "gemma3": lambda folder: folders.gemma3(folder),
        "gemma3_window": lambda folder: folders.gemma3(folder, window=20),
        "gemma3_4bit": lambda folder: folders.gemma3(folder, window=20, quantisation=folders.FOUR_BIT),
        "mllama": lambda folder: folders.mllama(folder),
        "mllama_4bit": lambda folder: folders.mllama(folder, quantisation=folders.FOUR_BIT),
        "qwen2_5_vl": folders.qwen2_5_vl,
        "qwen3_vl_thinking": folders.qwen3_vl_thinking,
        "smolvlm": folders.smolvlm,
    }

    @cache
    def build(name: str) -> Path:
        return builders[name](top / name)

    return build


@pytest.fixture(scope="session")
def load(model_folder: Callable[[str], Path]) -> Callable[..., LoadedModel]:
    """Loads a small model by name, each once; reference settings unless told otherwise."""

    @cache
    def loaded(name: str, reference: bool = True) -> LoadedModel:
        return load_model(model_folder(name), reference=reference)

    return loaded


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a picture file: one of `SHAPES`, and its own content for every number."""
    top = tmp_path_factory.mktemp("pictures")

    @cache
    def make(shape: str = "square", number: int = 0) -> Path:
        coarse = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        file = top / f"{shape}{number}.png"
        Image.fromarray(coarse).resize(SHAPES[shape], Image.Resampling.BICUBIC).save(file)
        return file

    return make


@pytest.fixture(scope="session")
def opened(picture: Callable[..., Path]) -> Callable[..., Image.Image]:
    """The same pictures, opened."""
    return lambda shape="square", number=0: Image.open(picture(shape, number)).convert("RGB")


@pytest.fixture(scope="session")
def stimulus(picture: Callable[..., Path]) -> Stimulus:
    """One face to fill templates with."""
    return Stimulus("face", picture(), {})


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory, stimulus: Stimulus) -> Study:
    """A study that asks emotion, valence and arousal."""
    folder = tmp_path_factory.mktemp("study")
    return Study(
        "faces", folder / "study.yaml", (stimulus,), (EMOTION, VALENCE, AROUSAL), Factors(), None,
        "context-carry", folder / "results",
    )  # fmt: skip


@pytest.fixture(scope="session")
def protocol(study: Study) -> Protocol:
    """The shipped three steps that carry answers on."""
    return load_protocol("context-carry", study)


@pytest.fixture(scope="session")
def likely(protocol: Protocol, stimulus: Stimulus) -> tuple[str, ...]:
    """The prompts a rater is told of beforehand."""
    return likely_prompts(protocol, stimulus)


@pytest.fixture(scope="session")
def prompts(protocol: Protocol, stimulus: Stimulus) -> tuple[str, ...]:
    """The three steps' prompts for one course of answers."""
    answers = {"emotion": "disgust", "valence": "3"}
    return tuple(step.template.render(answers, stimulus) for step in protocol.steps)
