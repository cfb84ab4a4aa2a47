"""Capture files: what is written comes back, whoever reads it; what is not whole or not the right one is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from vlmrate.errors import ProbeError, StoreError
from vlmrate.inference.files import exclusive
from vlmrate.probe.layout import layout
from vlmrate.probe.records import ArrayAbout
from vlmrate.probe.store import open_capture, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.probe.records import CaptureAbout
    from vlmrate.probe.store import Row


@pytest.fixture
def written(tmp_path: Path, about: CaptureAbout, row: Callable[..., Row]) -> Path:
    """A capture with all its rows."""
    file = tmp_path / "capture.safetensors"
    with writing(file, about) as writer:
        for number in (2, 0, 1):
            writer.write(number, row(number))
    return file


def header(file: Path) -> dict[str, Any]:
    """The head of a safetensors file."""
    content = file.read_bytes()
    found: dict[str, Any] = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return found


def rewritten(file: Path, change: Callable[[dict[str, np.ndarray], dict[str, str]], None]) -> Path:
    """The file as the safetensors library writes it after a change to its tensors or metadata."""
    tensors, metadata = load_file(file), header(file)["__metadata__"]
    change(tensors, metadata)
    made = file.with_name("changed.safetensors")
    save_file(tensors, made, metadata)
    return made


def test_what_is_written_comes_back(written: Path, about: CaptureAbout, row: Callable[..., Row]) -> None:
    """Values to float16's precision, ids in order, digests of prompts and pictures to the bit."""
    capture = open_capture(written, model_digest=about.model_digest)
    assert capture.about == about
    assert (capture.ids, capture.missing) == (("a", "b", "c"), ())
    for name in ("answer/emotion", "vision"):
        expected = np.stack([row(number).values[name] for number in range(3)])
        np.testing.assert_allclose(capture.array(name), expected, rtol=1e-3)
        np.testing.assert_array_equal(capture.layer(name, 0), capture.array(name)[:, 0])
        assert capture.array(name).dtype == np.float32
    assert capture.prompts("answer/emotion") == (row(0).prompts["answer/emotion"].hex(),) * 3
    assert capture.sources == tuple(row(number).source.hex() for number in range(3))


def test_the_safetensors_library_reads_the_file_and_writes_one_that_is_read(
    written: Path, row: Callable[..., Row]
) -> None:
    """The file is a plain safetensors file, and a person can make the same with that library."""
    theirs = load_file(written)
    assert theirs["answer/emotion"].dtype == np.float16
    np.testing.assert_allclose(theirs["answer/emotion"][1], row(1).values["answer/emotion"], rtol=1e-3)
    made = open_capture(rewritten(written, lambda _tensors, _metadata: None))
    np.testing.assert_array_equal(made.array("vision"), open_capture(written).array("vision"))


def test_numbers_beyond_float16_come_back(tmp_path: Path, about: CaptureAbout, row: Callable[..., Row]) -> None:
    """Residual streams reach beyond 65,504; a power of two beside each layer keeps them, and small ones stay as is."""
    file = tmp_path / "large.safetensors"
    with writing(file, about) as writer:
        writer.write(0, row(0, size=3e6))
    expected = row(0).values["answer/emotion"] * 3e6
    np.testing.assert_allclose(open_capture(file).array("answer/emotion")[0], expected, rtol=1e-3)
    factors = load_file(file)
    assert (np.log2(factors["scale/answer/emotion"][0]) % 1 == 0).all()
    assert (factors["scale/answer/emotion"][0] > 1).all()
    assert factors["scale/vision"][0] == 1


@pytest.mark.parametrize("wrong", [np.inf, np.nan])
def test_numbers_that_are_none_are_refused(
    wrong: float, tmp_path: Path, about: CaptureAbout, row: Callable[..., Row]
) -> None:
    """An overflow inside the model is told, and the row is not marked as captured."""
    spoilt = row(0)
    spoilt.values["answer/emotion"][1, 2] = wrong
    with writing(tmp_path / "a.safetensors", about) as writer:
        with pytest.raises(ProbeError, match="overflowed"):
            writer.write(0, spoilt)
        assert writer.captured == {}


def test_a_row_of_another_shape_is_refused(tmp_path: Path, about: CaptureAbout, row: Callable[..., Row]) -> None:
    """A model of another width cannot be written into the file."""
    narrow = row(0)
    narrow = type(narrow)({**narrow.values, "vision": np.ones((1, 6))}, narrow.prompts, narrow.source)
    with writing(tmp_path / "a.safetensors", about) as writer, pytest.raises(ProbeError, match=r"vision.*\(1, 6\)"):
        writer.write(0, narrow)


def test_the_file_bears_its_name_only_when_it_is_done(
    tmp_path: Path, about: CaptureAbout, row: Callable[..., Row]
) -> None:
    """A reader never sees half a run; what an error ended is kept and gone on with."""
    file = tmp_path / "capture.safetensors"
    with pytest.raises(KeyboardInterrupt), writing(file, about) as writer:  # noqa: PT012 - the run that ends
        writer.write(1, row(1))
        assert not file.exists()
        raise KeyboardInterrupt
    assert not file.exists()
    with writing(file, about) as writer:
        assert writer.captured == {1: row(1).source}
        writer.write(0, row(0))
    capture = open_capture(file)
    assert (capture.ids, capture.missing) == (("a", "b"), ("c",))
    np.testing.assert_allclose(capture.array("vision")[1], row(1).values["vision"], rtol=1e-3)
    with writing(file, about) as writer:
        writer.write(2, row(2))
    assert open_capture(file).missing == ()


def test_a_killed_process_loses_at_most_the_rows_in_hand(tmp_path: Path) -> None:
    """Ended by SIGKILL in the 41st row, the 32 that were flushed are there and none that was not whole."""
    program = """
import os, signal, sys
from pathlib import Path
import numpy as np
from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.store import Row, writing
array = ArrayAbout(position="vision", layers=1, width=4)
rows = tuple(f"r{i}" for i in range(50))
about = CaptureAbout(source="images", model="m", model_digest="d", arrays=(array,), rows=rows)
with writing(Path(sys.argv[1]), about) as writer:
    if len(sys.argv) > 2:
        print(len(writer.captured))
        sys.exit()
    for i in range(40):
        writer.write(i, Row({"vision": np.full((1, 4), i + 1.0)}, {}, bytes([i]) * 32))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    file = str(tmp_path / "killed.safetensors")
    killed = subprocess.run([sys.executable, "-c", program, file], check=False)
    assert killed.returncode == -9
    again = subprocess.run([sys.executable, "-c", program, file, "-"], check=True, capture_output=True, text=True)
    assert int(again.stdout) == 32


def test_another_capture_under_the_name_is_never_written_over(
    written: Path, about: CaptureAbout, row: Callable[..., Row]
) -> None:
    """Another model, row or array in the same file: refused with the fields that differ, and the file stays."""
    before = written.read_bytes()
    for change in ({"model_digest": "ef" * 32}, {"rows": ("a", "b", "d")}, {"seed": 1}):
        other = about.model_copy(update=change)
        with pytest.raises(StoreError, match=f"{next(iter(change))} differ"), writing(written, other):
            pass
    assert written.read_bytes() == before


def test_two_processes_do_not_write_one_file(written: Path, about: CaptureAbout) -> None:
    """The second is told so."""
    with (
        exclusive(written.with_name(f".{written.name}.lock")),
        pytest.raises(StoreError, match="another process"),
        writing(written, about),
    ):
        pass


def drop(tensors: dict[str, np.ndarray], _metadata: dict[str, str]) -> None:
    """Leave a tensor out."""
    del tensors["scale/vision"]


def widen(tensors: dict[str, np.ndarray], _metadata: dict[str, str]) -> None:
    """Another width."""
    tensors["answer/emotion"] = np.zeros((3, 3, 6), np.float16)


def double(tensors: dict[str, np.ndarray], _metadata: dict[str, str]) -> None:
    """Another kind of number."""
    tensors["answer/emotion"] = tensors["answer/emotion"].astype(np.float32)


def unmark(tensors: dict[str, np.ndarray], _metadata: dict[str, str]) -> None:
    """No row is captured."""
    tensors["captured"][:] = 0


def mismark(tensors: dict[str, np.ndarray], _metadata: dict[str, str]) -> None:
    """Marks that are none."""
    tensors["captured"][:] = 7


def rename(_tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Another format."""
    metadata["format"] = "pt"


def misdescribe(_tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """A key that is not in the contract."""
    metadata["about"] = json.dumps(json.loads(metadata["about"]) | {"colour": "red"})


def repeat(_tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """An id that stands there twice."""
    metadata["about"] = json.dumps(json.loads(metadata["about"]) | {"rows": ["a", "a", "b"]})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop, "it has no tensor scale/vision"),
        (widen, "tensor answer/emotion: is F16 3 x 3 x 6, where its metadata ask for F16 3 x 3 x 5"),
        (double, "tensor answer/emotion: is F32 3 x 3 x 5, where its metadata ask for F16"),
        (unmark, "holds no row that was captured"),
        (mismark, "other numbers than 0 and 1"),
        (rename, r"no capture of the format vlmrate-capture/1 \(its metadata name: pt\)"),
        (misdescribe, "key colour"),
        (repeat, "a row's id stands there twice"),
    ],
)
def test_a_file_that_is_not_as_it_says_is_refused_in_a_sentence(
    change: Callable[..., None], words: str, written: Path
) -> None:
    """Missing tensors, other shapes and kinds, other metadata: each named, with the file."""
    with pytest.raises(ProbeError, match=words) as refused:
        open_capture(rewritten(written, change))
    assert "changed.safetensors" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"\xff" * 40, (4).to_bytes(8, "little") + b"[1]]", (4).to_bytes(8, "little") + b"[1] "],
)
def test_a_file_of_another_kind_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    """Whatever is no safetensors file is told from one without a traceback."""
    file = tmp_path / "other.safetensors"
    file.write_bytes(content)
    with pytest.raises(ProbeError, match="is no safetensors file, or a damaged one"):
        open_capture(file)


def test_a_file_that_is_not_there_or_cut_short_is_refused(written: Path, tmp_path: Path) -> None:
    """Both are told, the second with the sizes."""
    with pytest.raises(ProbeError, match="there is no capture"):
        open_capture(tmp_path / "none.safetensors")
    written.write_bytes(written.read_bytes()[:-1])
    with pytest.raises(ProbeError, match="is cut short"):
        open_capture(written)


def test_a_capture_of_another_model_is_refused(written: Path) -> None:
    """What is asked of one model is never answered from another's capture."""
    with pytest.raises(ProbeError, match=r"captured from another model \(small, digest abababababab, not 0000000"):
        open_capture(written, model_digest="00" * 32)


def test_what_a_capture_does_not_hold_is_told(written: Path) -> None:
    """Arrays, layers and prompts that are not there, with what is."""
    capture = open_capture(written)
    with pytest.raises(ProbeError, match="no array answer/valence; it has answer/emotion, vision"):
        capture.array("answer/valence")
    with pytest.raises(ProbeError, match="no layer 3, but 0 to 2"):
        capture.layer("answer/emotion", 3)
    with pytest.raises(ProbeError, match="before any prompt"):
        capture.prompts("vision")


def test_the_head_is_as_the_layout_says(written: Path, about: CaptureAbout) -> None:
    """Tensors follow each other without a gap up to the end, and wide numbers begin where they may."""
    offsets = sorted(entry["data_offsets"] for name, entry in header(written).items() if name != "__metadata__")
    assert offsets[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(offsets))
    made = layout(about)
    assert written.stat().st_size == made.size
    sizes = {"F32": 4, "F16": 2, "U8": 1}
    assert all(tensor.begin % sizes[tensor.kind] == 0 for tensor in made.tensors.values())


@pytest.mark.slow
def test_a_large_capture_streams_to_the_disk(tmp_path: Path, row: Callable[..., Row]) -> None:
    """1,440 pictures x 34 layers x 2,560 go to the disk, and a layer comes back, in far under 1 GB of memory."""
    program = """
import sys
from pathlib import Path
import numpy as np
from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.store import Row, open_capture, writing
array = ArrayAbout(position="answer", step="emotion", layers=34, width=2560)
rows = tuple(f"p{i:04}" for i in range(1440))
about = CaptureAbout(source="images", model="m", model_digest="d", arrays=(array,), rows=rows)
values = np.random.default_rng(0).normal(size=(34, 2560)).astype(np.float32)
file = Path(sys.argv[1])
with writing(file, about) as writer:
    for i in range(1440):
        writer.write(i, Row({array.name: values + i % 7}, {array.name: b"x" * 32}, b"y" * 32))
layer = open_capture(file).layer(array.name, 20)
assert layer.shape == (1440, 2560)
assert np.allclose(layer[1000], values[20] + 1000 % 7, atol=1e-2)
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
"""
    if not Path("/proc/self/status").exists():
        pytest.skip("what getrusage tells of a child may be its parent's memory, and this system has no other count")

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "large.safetensors")], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) * 1024 < 500 * 2**20


def test_arrays_are_named_by_position_and_step() -> None:
    """answer/emotion is read in a step, the picture's own positions in none."""
    assert ArrayAbout(position="answer", step="emotion", layers=1, width=1).name == "answer/emotion"
    assert ArrayAbout(position="picture-mean", layers=1, width=1).name == "picture-mean"
