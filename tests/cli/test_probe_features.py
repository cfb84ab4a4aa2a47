"""`vlmrate probe features`, as a person runs it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from probe.planted import PlantedModel, planted_units
from vlmrate.cli.main import run
from vlmrate.probe.sparse.store import open_dictionary
from vlmrate.resources import configs_folder
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.probe.store import Capture

pytest.importorskip("mlx")

REPOSITORY = Path(__file__).resolve().parents[2]
EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = ("--permutations", "99", "--resamples", "100")


@dataclass(frozen=True)
class Done:
    """How the command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def features(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs the command on the demo study, in this process: to start another takes longer than all it does."""

    def run_with(*arguments: str | Path) -> Done:
        monkeypatch.chdir(REPOSITORY)
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr(sys, "argv", ["vlmrate", "probe", "features", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run_with


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """A planted model's capture of the demo study."""
    units = planted_units(EMOTIONS, 16, {}, seed=4)
    model = PlantedModel(load_study(configs_folder() / "study.yaml"), units, dict.fromkeys(EMOTIONS, 6.0))
    return model.capture(tmp_path_factory.mktemp("captures") / "planted.safetensors")


def test_a_dictionary_is_trained_and_its_features_listed(
    features: Callable[..., Done], capture: Capture, tmp_path: Path
) -> None:
    """From a capture to a file, to tables, a figure and a contact sheet, kept for the report."""
    results = ("--results", tmp_path)
    small = ("--layer", "2", "--k", "2", *results)
    done = features("train", capture.file, *small, "--size", "24", "--steps", "120")
    assert done.returncode == 0, done.stderr
    assert "planted: 24 features of answer/emotion, layer 2, 2 of them an image, trained on 114 rows" in done.stdout
    assert "On 30 rows of 5 identities held out: share of variance explained ." in done.stdout
    file = tmp_path / "demo/planted/dictionaries/answer-emotion_layer2_top2of24.safetensors"
    assert open_dictionary(file).about.made["how"] == "trained"
    shown = ("--figure", tmp_path / "f.svg", "--sheet", tmp_path / "s.png", "--top", "3")
    listed = features("list", file, capture.file, *results, *QUICK, *shown)
    assert listed.returncode == 0, listed.stderr
    assert "Features enriched for emotions and groups" in listed.stdout
    assert (tmp_path / "f.svg").exists()
    assert (tmp_path / "s.png").exists()
    (told,) = json.loads((tmp_path / "demo/planted/probe/features.json").read_text(encoding="utf-8"))["found"]
    assert told["factors"][0]["found"]["enriched"] >= 6
    sized = features("sizes", capture.file, *small, "--sizes", "8,16", "--steps", "60", *QUICK, "--json")
    assert sized.returncode == 0, sized.stderr
    ((outcome,),) = json.loads(sized.stdout).values()
    assert [one["size"] for one in outcome["sizes"]] == [8, 16]


def test_weights_of_others_are_brought_in(features: Callable[..., Done], capture: Capture, tmp_path: Path) -> None:
    """By Gemma Scope's names, of the capture's width; of another width it is one sentence."""
    rng = np.random.default_rng(0)

    def stored(width: int) -> Path:
        shapes: dict[str, Any] = {"W_enc": (width, 9), "b_enc": 9, "W_dec": (9, width), "b_dec": width, "threshold": 9}
        np.savez(tmp_path / f"w{width}.npz", **{name: rng.uniform(size=shape) for name, shape in shapes.items()})
        return tmp_path / f"w{width}.npz"

    asked = ("--keys", "gemma-scope.yaml", "--layer", "2", "--capture", capture.file)
    done = features("import", stored(16), *asked)
    assert done.returncode == 0, done.stderr
    assert "9 features 16 wide, each above its own threshold." in done.stdout
    assert open_dictionary(tmp_path / "w16-dictionary.safetensors").about.model == "planted"
    other = features("import", stored(64), *asked)
    assert other.returncode == 2
    assert "is for a layer 64 wide, and answer/emotion of planted is 16 wide" in " ".join(other.stderr.split())
    assert len(other.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "w.npz", "--keys", "k.yaml", "--layer", "1"), "name a capture of it with --capture, or its digest"),
        (("import", "w.npz", "--keys", "k.yaml", "--layer", "1", "--model-digest", "ab"), "64 hexadecimal digits"),
        (("train", "c.safetensors", "--layer", "1", "--out", "d.npz"), "a dictionary is a .safetensors file"),
        (("train", "c.safetensors", "--layer", "1", "--k", "300"), "a dictionary of 256 features cannot keep so many"),
        (("sizes", "c.safetensors", "--layer", "1", "--sizes", "8,x"), "sizes are up to 12 whole numbers with commas"),
        (("list", "d.safetensors", "c.safetensors", "--sheet", "s.jpg"), "a contact sheet is written as .png"),
    ],
)
def test_misuse_is_one_sentence(features: Callable[..., Done], arguments: tuple[str, ...], words: str) -> None:
    """What is wrong and what to do, exit code 2, no traceback."""
    done = features(*arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_dictionary_takes_no_other_files_place(
    features: Callable[..., Done], capture: Capture, tmp_path: Path
) -> None:
    """Not the capture's, whose name ends alike; that it takes an earlier dictionary's is said."""
    own = tmp_path / "c.safetensors"
    own.write_bytes(capture.file.read_bytes())
    small = ("--layer", "2", "--k", "2", "--size", "8", "--steps", "20", "--results", tmp_path)
    refused = features("train", own, *small, "--out", own)
    assert refused.returncode == 2
    assert "is there and is no dictionary, so it is not replaced" in " ".join(refused.stderr.split())
    assert own.read_bytes() == capture.file.read_bytes()
    said = [features("train", own, *small, "--out", tmp_path / "d.safetensors", "--seed", seed).stdout for seed in "01"]
    assert ["in place of an earlier one" in words for words in said] == [False, True]
