"""FER networks by name: what models.yaml may say, what is missing, what cannot be asked."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from vlmrate.errors import RaterError
from vlmrate.raters.fer import model as fer_model_module
from vlmrate.raters.fer.model import FerModel
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model, models

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.study.records import Item

EIGHT_AND_TWO = ("fer:enet-b0-8-va-mtl", "fer:mobilevit-va-mtl", "fer:emonet")
USUAL: dict[str, Any] = {"onnx": "x.onnx", "input": {"size": 8}, "labels": {"names": [["happy"], ["sad"]]}}


def shipped() -> dict[str, FerModel]:
    """The networks of the shipped models.yaml."""
    return {model.name: model for model in models() if isinstance(model, FerModel)}


def test_the_network_that_travels_along_is_ready() -> None:
    """`fer:faceapi` needs nothing but the packages, and its file is the one described."""
    model = shipped()["fer:faceapi"]
    assert model.missing() is None
    assert model.source == "travels with vlmrate"
    assert model.rater_name == "faceapi"
    assert (model.file.parent / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


@pytest.mark.parametrize("name", ["fer:mini-xception", *EIGHT_AND_TWO])
def test_networks_to_be_brought_say_from_where(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One sentence: where the file is looked for, and how it is had."""
    monkeypatch.setenv("HOME", str(tmp_path))
    model = shipped()[name]
    words = model.missing() or ""
    assert f"({model.entry.onnx})" in words
    assert re.search(r"github\.com/\S+|npm package @vladmandic", words)
    assert model.remedy() is None
    with pytest.raises(RaterError, match=f"{name} cannot rate yet: its network is not on this machine"):
        model.make([Request()])


@pytest.mark.parametrize("name", EIGHT_AND_TWO)
def test_networks_of_the_paper_answer_all_three_items(name: str, items: tuple[Item, ...]) -> None:
    """Eight labels of AffectNet, valence and arousal; every option of the usual study is known."""
    model = shipped()[name]
    assert model.answers(items) == items
    assert model.entry.labels is not None
    names = {word for words in model.entry.labels.names for word in words}
    assert len(model.entry.labels.names) == 8
    assert {"happy", "sad", "angry", "fear", "disgust", "neutral", "contempt", "surprise"} <= names


@pytest.mark.parametrize("name", ["fer:faceapi", "fer:mini-xception"])
def test_networks_of_seven_labels_answer_the_emotion_alone(name: str, items: tuple[Item, ...]) -> None:
    """They know no valence and no arousal."""
    assert shipped()[name].answers(items) == items[:1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"onnx": None}, "give exactly one of onnx and embedded"),
        ({"embedded": "faceapi"}, "give exactly one of onnx and embedded"),
        ({"onnx": None, "embedded": "other"}, "key embedded: .*'faceapi'"),
        ({"labels": None}, "give labels, scales or both"),
        ({"labels": {"names": [["happy"], ["Happy"]]}}, "'happy' stands twice in names"),
        ({"labels": {"names": [["happy"]]}}, r"key labels\.names: .*at least 2"),
        ({"labels": {"names": [["happy"], []]}}, r"key labels\.names\.1: .*at least 1"),
        ({"input": {"size": 0}}, r"key input\.size"),
        ({"input": {"size": 8, "mean": [0, 0]}}, "mean has 2 numbers; give one, or one for each channel"),
        ({"input": {"size": 8, "std": [0]}}, "std must be above 0"),
        ({"input": {"size": 8, "pixels": [1, 0]}}, r"the lower end \(1\) must be below the upper \(0\)"),
        ({"input": {"size": 8, "channels": "cmyk"}}, r"key input\.channels"),
        ({"scales": [{"items": ["valence"], "range": [1, 1]}]}, "must be below the upper"),
        ({"crop": {"detector": "mtcnn"}}, r"key crop\.detector"),
        ({"sha256": "abc"}, "key sha256"),
        ({"weights": "x"}, "key weights: Extra inputs"),
    ],
)
def test_mistakes_in_a_description_are_told_with_their_place(
    change: dict[str, Any], sentence: str, described: Callable[..., FerModel]
) -> None:
    """The message names the file, the model and the key."""
    entry = {key: value for key, value in (USUAL | change).items() if value is not None}
    with pytest.raises(RaterError, match=rf"models\.yaml: model fer:mine.*{sentence}"):
        described(**entry)


def test_a_name_that_is_not_described_is_told() -> None:
    """A network needs its description."""
    with pytest.raises(RaterError, match=r"models\.yaml has no entry 'fer:other'"):
        find_model("fer:other")


def test_options_for_models_that_speak_are_refused(items: tuple[Item, ...]) -> None:
    """A network has no temperature."""
    with pytest.raises(RaterError, match="--temperature does not apply to fer:faceapi"):
        find_model("fer:faceapi").make([Request(items=items, temperature=0.7)])


def test_missing_packages_are_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not installed, and the extra that brings it."""
    monkeypatch.setattr(fer_model_module, "find_spec", lambda _: None)
    model = shipped()["fer:faceapi"]
    assert model.remedy() == "pip install 'vlmrate[fer]'"
    with pytest.raises(RaterError, match=r"needs onnxruntime and opencv-python, which pip install 'vlmrate\[fer\]'"):
        model.make([Request()])


def test_listing_models_loads_no_heavy_package() -> None:
    """`vlmrate models` stays fast: neither OpenCV nor onnxruntime is imported for it."""
    code = (
        "import sys; from vlmrate.raters.registry import models; [model.missing() for model in models() "
        "if model.kind == 'fer']; print(sorted({'cv2', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
