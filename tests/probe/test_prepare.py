"""From wishes to rows: what cannot be looked into is refused before anything is loaded, names tell captures apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from vlmrate.errors import ProbeError
from vlmrate.probe.pictures import PictureRows
from vlmrate.probe.prepare import CaptureWishes, EditWishes, parse_positions, prepare_capture, prepare_edited
from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.sparse.dictionary import Dictionary
from vlmrate.probe.sparse.records import DictionaryAbout
from vlmrate.probe.sparse.store import write_dictionary
from vlmrate.probe.store import Row, writing
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.resources import configs_folder
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PLUGIN = """
from vlmrate.raters.model import Model

class Fixed(Model):
    kind = "fixed"
    source = "nowhere"

    def make(self, requests):
        raise AssertionError("it must not be made")

def fixed(asked):
    return Fixed(asked.name)
"""


def test_a_rater_of_another_kind_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server's model, a plug-in's: rated by, not looked into; it is not even made."""
    (tmp_path / "fixed_raters.py").write_text(PLUGIN, encoding="utf-8")
    about = tmp_path / "fixed_raters-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fixed-raters\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[vlmrate.raters]\nfixed = fixed_raters:fixed\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ProbeError, match="fixed:one is a rater of kind fixed, and only models on MLX can be looked"):
        prepare_capture(CaptureWishes("fixed:one"), print)


def test_positions_come_in_the_order_of_the_file() -> None:
    """However they are named; the answer's alone where none is."""
    assert parse_positions("vision, answer") == ("answer", "vision")
    assert parse_positions(None) == ("answer",)


def test_a_capture_s_name_tells_what_it_holds(tmp_path: Path) -> None:
    """Protocol, steps and positions; a seed and a selection of pictures are carried to the rows."""
    pytest.importorskip("mlx_vlm")
    wishes = CaptureWishes("tiny", step="arousal", positions="vision,answer", results=tmp_path, limit=2, seed=3)
    prepared = prepare_capture(wishes, print)
    name = "context-carry_arousal_answer-vision.safetensors"
    assert prepared.file == tmp_path / "demo" / "tiny" / "captures" / name
    assert isinstance(prepared.rows, PictureRows)
    assert (prepared.rows.seed, prepared.rows.steps) == (3, (2,))
    assert prepared.rows.about.rows == ("p01_happy", "p01_sad")
    assert prepared.note is not None
    assert "drawn faces" in prepared.note
    vision = prepare_capture(CaptureWishes("tiny", positions="vision", results=tmp_path), print)
    assert vision.file.name == "context-carry_vision.safetensors"


@pytest.fixture
def captured(tmp_path: Path) -> Callable[..., Path]:
    """Writes a capture of the demo study's first pictures, of these steps, into the folder of tiny's captures."""
    study = load_study(configs_folder() / "study.yaml")
    protocol = load_protocol("context-carry", study)

    def write(
        steps: Sequence[str] = ("emotion", "valence", "arousal"), digest: str = "0" * 64, name: str = "made"
    ) -> Path:
        arrays = tuple(ArrayAbout(position="answer", step=step, layers=4, width=64) for step in steps)
        about = CaptureAbout(
            source="images",
            study=study.name,
            model="tiny",
            model_digest=digest,
            protocol=protocol.name,
            protocol_digest=protocol.digest,
            arrays=arrays,
            rows=tuple(stimulus.image_id for stimulus in study.stimuli[:12]),
        )
        file = tmp_path / "demo" / "tiny" / "captures" / f"context-carry_{name}.safetensors"
        with writing(file, about) as writer:
            for number in range(12):
                values = np.random.default_rng(number).normal(size=(4, 64))
                every = [array.name for array in arrays]
                writer.write(number, Row(dict.fromkeys(every, values), dict.fromkeys(every, bytes(32)), bytes(32)))
        return file

    return write


def test_a_rater_to_be_changed_comes_with_directions_from_its_own_capture(
    tmp_path: Path, captured: Callable[..., Path]
) -> None:
    """The capture in the results folder that holds all steps; a selection of pictures; the model's shape and steps."""
    pytest.importorskip("mlx_vlm")
    (made,) = find_model("tiny").make([Request()])
    digest = made.loaded.digest  # type: ignore[attr-defined]  # an MlxRater
    captured(steps=("emotion",), name="a_part")
    whole = captured(digest=digest)
    prepared = prepare_edited(EditWishes("tiny", results=tmp_path, limit=2), print)
    assert prepared.directions.capture.file == whole
    assert (prepared.rater.name, prepared.rater.digest) == ("tiny", digest)
    assert (prepared.rater.layers, prepared.rater.width) == (4, 64)
    assert prepared.rater.steps == ("emotion", "valence", "arousal")
    assert [stimulus.image_id for stimulus in prepared.stimuli] == ["p01_happy", "p01_sad"]
    assert np.linalg.norm(prepared.directions.direction("happy", 2, "valence").unit) == pytest.approx(1)


def test_without_a_capture_the_command_that_makes_one_is_told(tmp_path: Path, captured: Callable[..., Path]) -> None:
    """None at all, or one of a single step only: the model is not even loaded."""
    with pytest.raises(ProbeError, match="vlmrate probe capture --model tiny --protocol context-carry`, or name one"):
        prepare_edited(EditWishes("tiny", results=tmp_path), print)
    part = captured(steps=("emotion",))
    with pytest.raises(ProbeError, match="holds the answers of tiny to all steps"):
        prepare_edited(EditWishes("tiny", results=tmp_path), print)
    with pytest.raises(ProbeError, match="lacks answer/valence, answer/arousal, and directions are taken"):
        prepare_edited(EditWishes("tiny", results=tmp_path, capture=part), print)


def test_a_capture_of_another_model_is_refused(tmp_path: Path, captured: Callable[..., Path]) -> None:
    """Its directions would mean nothing in this one."""
    pytest.importorskip("mlx_vlm")
    captured(digest="ab" * 32)
    with pytest.raises(ProbeError, match="was captured from another model"):
        prepare_edited(EditWishes("tiny", results=tmp_path), print)


def test_features_of_a_dictionary_stand_beside_directions(tmp_path: Path, captured: Callable[..., Path]) -> None:
    """Where a dictionary is asked for; one for another width is refused before the model is loaded."""
    pytest.importorskip("mlx_vlm")
    (made,) = find_model("tiny").make([Request()])
    digest = made.loaded.digest  # type: ignore[attr-defined]  # an MlxRater
    captured(digest=digest)

    def dictionary(width: int) -> Path:
        about = DictionaryAbout(
            model_digest=digest, array="answer/valence", layer=1, width=width, size=3, kind="top-k", k=3, centred=False
        )
        decoder = np.eye(3, width, dtype=np.float32)
        zeros = np.zeros(3, np.float32), np.zeros(width, np.float32)
        file = tmp_path / f"d{width}.safetensors"
        write_dictionary(file, Dictionary(about, decoder.T.copy(), zeros[0], decoder, zeros[1]))
        return file

    prepared = prepare_edited(EditWishes("tiny", results=tmp_path, limit=2, dictionary=dictionary(64)), print)
    every = prepared.beside_features(prepared.directions)
    assert {"happy", "feature:0"} <= set(every.names)
    np.testing.assert_array_equal(every.direction("feature:0", 1, "valence").unit, np.eye(1, 64)[0])
    plain = prepare_edited(EditWishes("tiny", results=tmp_path, limit=2), print)
    assert plain.beside_features(plain.directions) is plain.directions
    with pytest.raises(ProbeError, match=r"the dictionary is for a layer 65 wide, and .* is 64 wide"):
        prepare_edited(EditWishes("tiny", results=tmp_path, dictionary=dictionary(65)), print)
