"""ONNX files: what is loaded, and what is refused with a sentence."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from raters.fer.onnxfile import Sums, write_network
from vlmrate.errors import RaterError
from vlmrate.raters.fer.entry import FerEntry, InputEntry
from vlmrate.raters.fer.network import load_network, to_tensor

if TYPE_CHECKING:
    from pathlib import Path


def entry(**others: object) -> FerEntry:
    """A network of three expressions."""
    usual = {"onnx": "x.onnx", "input": {"size": 8}, "labels": {"names": [["happy"], ["sad"], ["fear"]]}}
    return FerEntry.model_validate(usual | others)


def test_outputs_come_by_name_as_rows_of_numbers(tmp_path: Path) -> None:
    """Several outputs, as EmoNet has them; the first is also found without its name. The digest is the file's."""
    outputs = {"expression": Sums([1, 2, 3]), "valence": Sums([0.5]), "arousal": Sums([-0.5])}
    file = write_network(tmp_path / "x.onnx", outputs)
    scales = [{"items": [name], "output": name} for name in ("valence", "arousal")]
    network = load_network("fer:x", file, entry(scales=scales))
    found = {name: row.tolist() for name, row in network.outputs(np.zeros((1, 3, 8, 8), np.float32)).items()}
    assert found == {None: [1, 2, 3], "expression": [1, 2, 3], "valence": [0.5], "arousal": [-0.5]}
    assert network.digest == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_gray_picture_has_one_channel() -> None:
    """Weighted as eyes see: green counts most, blue least."""
    described = InputEntry(name="gray", size=2, channels="gray", pixels=(0, 255))
    for colour, gray in (((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29)):
        tensor = to_tensor(np.full((4, 4, 3), colour, dtype=np.uint8), described)
        assert (tensor.shape, tensor.dtype) == ((1, 1, 2, 2), np.float32)
        assert tensor.ravel().tolist() == [gray] * 4


@pytest.mark.parametrize(("how", "seen"), [("linear", 255.0), ("area", 85.0)])
def test_resizing_is_as_described(how: str, seen: float) -> None:
    """Shrunk to a third, a pattern of stripes is sampled at its middle (linear) or averaged (area)."""
    stripes = np.zeros((6, 6, 3), dtype=np.uint8)
    stripes[:, [1, 4]] = 255
    tensor = to_tensor(stripes, InputEntry(size=2, pixels=(0, 255)), how)
    assert tensor.min() == tensor.max() == seen


@pytest.mark.parametrize(
    ("described", "sentence"),
    [
        ({"sha256": "0" * 64}, "not the file that models.yaml describes as fer:x: its SHA-256 begins with"),
        ({"input": {"size": 9}}, r"does not fit .* of fer:x: it does not take \(1, 3, 9, 9\)"),
        ({"input": {"size": 8, "channels": "gray"}}, r"it does not take \(1, 1, 8, 8\)"),
        ({"input": {"size": 8, "name": "rgb"}}, "it takes picture, not rgb"),
        ({"labels": {"output": "probs", "names": [["a"], ["b"]]}}, "it has no output probs; it has logits"),
        ({"labels": {"first": 1, "names": [["a"], ["b"], ["c"]]}}, "its first output has 3 numbers, 4 are needed"),
        ({"scales": [{"items": ["valence"], "output": "logits", "index": 3}]}, "output logits has 3 numbers, 4 are"),
    ],
)
def test_a_network_that_does_not_fit_its_description_is_refused(
    described: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    """Before any picture is rated, with the file and what differs."""
    file = write_network(tmp_path / "x.onnx", {"logits": Sums([0, 0, 0])})
    with pytest.raises(RaterError, match=sentence) as refused:
        load_network("fer:x", file, entry(**described))
    assert "x.onnx" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x08:\x02\x12\x00"])
def test_a_file_that_is_no_network_is_refused(content: bytes, tmp_path: Path) -> None:
    """Whatever onnxruntime says of it stands in one sentence."""
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(RaterError, match=r"x\.onnx cannot be run by onnxruntime"):
        load_network("fer:x", tmp_path / "x.onnx", entry())


@pytest.mark.parametrize("place", ["biases.bin", "../biases.bin", "/etc/hostname"])
def test_weights_outside_the_file_are_not_read(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cannot make vlmrate read another one, wherever it lies: the digest would not cover it."""
    folder = tmp_path / "networks"
    folder.mkdir()
    for near in (folder, tmp_path):
        (near / "biases.bin").write_bytes(np.float32([1, 2, 3]).tobytes())
    file = write_network(folder / "x.onnx", {"logits": Sums([0, 0, 0])}, elsewhere=place)
    monkeypatch.chdir(folder)
    with pytest.raises(RaterError, match="its weights must be inside the one file"):
        load_network("fer:x", file, entry())
