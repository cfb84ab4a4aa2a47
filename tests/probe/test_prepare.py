"""From wishes to rows: what cannot be looked into is refused before anything is loaded, names tell captures apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import ProbeError
from vlmrate.probe.pictures import PictureRows
from vlmrate.probe.prepare import CaptureWishes, parse_positions, prepare_capture

if TYPE_CHECKING:
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
