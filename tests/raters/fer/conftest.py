"""Networks of a few bytes, described in a models.yaml of their own, and pictures of one colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from PIL import Image

from raters.fer.onnxfile import Sums, write_network
from vlmrate.raters.registry import find_model
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.raters.fer.model import FerModel

EIGHT = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
WHOLE = {"detector": "none"}


@pytest.fixture
def items() -> tuple[Item, ...]:
    """The items of the usual study."""
    options = ("happy", "sad", "angry", "fear", "disgust", "neutral")
    return (
        Item("emotion", Labels(options), intended="emotion"),
        Item("valence", Likert(1, 9)),
        Item("arousal", Likert(1, 9)),
    )


@pytest.fixture
def described(tmp_path: Path) -> Callable[..., FerModel]:
    """Makes the model `fer:mine` of what models.yaml says of it."""

    def describe(**entry: Any) -> FerModel:
        file = tmp_path / "models.yaml"
        file.write_text(yaml.safe_dump({"fer:mine": entry}), encoding="utf-8")
        model: FerModel = find_model("fer:mine", file)
        return model

    return describe


@pytest.fixture
def ten(tmp_path: Path, described: Callable[..., FerModel]) -> Callable[..., FerModel]:
    """Makes a network of ten outputs, as those for valence and arousal are: eight logits, valence, arousal."""

    def make(outputs: list[float], off_list: str = "invalid", **entry: Any) -> FerModel:
        write_network(tmp_path / "ten.onnx", {"output": Sums(outputs)})
        names = [[name] for name in EIGHT]
        for name, also in ((0, "angry"), (4, "happy"), (6, "sad")):
            names[name].append(also)
        usual = {
            "onnx": "ten.onnx",
            "input": {"size": 8},
            "crop": WHOLE,
            "labels": {"names": names, "off_list": off_list},
            "scales": [{"items": ["valence"], "index": 8}, {"items": ["arousal"], "index": 9}],
        }
        return described(**usual | entry)

    return make


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Makes a picture of one colour."""

    def paint(red: int, green: int, blue: int, size: tuple[int, int] = (40, 30)) -> Path:
        file = tmp_path / f"{red}-{green}-{blue}.png"
        Image.new("RGB", size, (red, green, blue)).save(file)
        return file

    return paint
