"""Small models of every family that can be looked into, a study of three pictures, and a capture made by hand."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.store import Row
from vlmrate.study.records import Factors, Item, Labels, Likert, Stimulus, Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater

ITEMS = (
    Item("emotion", Labels(("happy", "sad", "angry", "fear", "disgust", "neutral"))),
    Item("valence", Likert(1, 9)),
    Item("arousal", Likert(1, 9)),
)
SIZES = ((56, 56), (112, 56), (75, 101))


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Three pictures of different shapes, asked for emotion, valence and arousal."""
    folder = tmp_path_factory.mktemp("study")
    stimuli = []
    for number, size in enumerate(SIZES):
        coarse = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        file = folder / f"face{number}.png"
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(file)
        stimuli.append(Stimulus(file.stem, file, {}))
    return Study(
        "faces", folder / "study.yaml", tuple(stimuli), ITEMS, Factors(), None, "context-carry", folder / "results"
    )


@pytest.fixture(scope="session")
def protocol(study: Study) -> Protocol:
    """The shipped three steps that carry answers on."""
    from vlmrate.protocol.load import load_protocol

    return load_protocol("context-carry", study)


@pytest.fixture(scope="session")
def rater(tmp_path_factory: pytest.TempPathFactory, study: Study, protocol: Protocol) -> Callable[..., MlxRater]:
    """Makes raters of small models by name, each loaded once."""
    pytest.importorskip("mlx_vlm")
    from raters.mlx import folders
    from vlmrate.protocol.likely import likely_prompts
    from vlmrate.raters.mlx.loading import LoadedModel, load_model
    from vlmrate.raters.mlx.rater import MlxRater

    top = tmp_path_factory.mktemp("models")
    builders: dict[str, Callable[[Path], Path]] = {
        "gemma3": lambda folder: folders.gemma3(folder, window=20),
        "gemma3_4bit": lambda folder: folders.gemma3(folder, window=20, quantisation=folders.FOUR_BIT),
        "mllama": folders.mllama,
        "mllama_4bit": lambda folder: folders.mllama(folder, quantisation=folders.FOUR_BIT),
        "smolvlm": folders.smolvlm,
    }

    @cache
    def loaded(name: str) -> LoadedModel:
        return load_model(builders[name](top / name), reference=True)

    def make(name: str, path: str = "auto") -> MlxRater:
        return MlxRater(loaded(name), path=path, likely_prompts=likely_prompts(protocol, study.stimuli[0]))  # type: ignore[arg-type]  # a plain string

    return make


@pytest.fixture
def about() -> CaptureAbout:
    """A small capture of two arrays and three rows."""
    return CaptureAbout(
        source="images",
        study="faces",
        model="small",
        model_digest="ab" * 32,
        settings={"kind": "mlx", "temperature": 0.0},
        protocol="context-carry",
        protocol_digest="cd" * 32,
        arrays=(
            ArrayAbout(position="answer", step="emotion", layers=3, width=5),
            ArrayAbout(position="vision", layers=1, width=7),
        ),
        rows=("a", "b", "c"),
    )


@pytest.fixture
def row() -> Callable[..., Row]:
    """Makes a row of that capture: numbers from a seed, times a size."""

    def make(number: int, size: float = 1.0) -> Row:
        rng = np.random.default_rng(number)
        values = {"answer/emotion": size * rng.normal(size=(3, 5)), "vision": rng.normal(size=(1, 7))}
        prompt = hashlib.sha256(b"prompt").digest()
        return Row(values, {"answer/emotion": prompt}, hashlib.sha256(bytes([number])).digest())

    return make
