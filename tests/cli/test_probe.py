"""`vlmrate probe capture`, as a person runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from vlmrate.probe.store import open_capture

pytest.importorskip("mlx_vlm")

REPOSITORY = Path(__file__).resolve().parents[2]
VLMRATE = str(Path(sys.executable).with_name("vlmrate"))


def capture(*arguments: str, model: str = "tiny") -> subprocess.CompletedProcess[str]:
    """Run the installed command on the demo study."""
    return subprocess.run(
        [VLMRATE, "probe", "capture", "--model", model, *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_capture_says_what_it_made_and_goes_on(tmp_path: Path) -> None:
    """Pictures of the demo study into the results folder; the same command again finds everything done."""
    asked = ("--step", "emotion,arousal", "--positions", "vision,answer", "--limit", "3", "--results", str(tmp_path))
    done = capture(*asked)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "demo/tiny/captures/context-carry_emotion-arousal_answer-vision.safetensors"
    assert "tiny: answer/emotion, answer/arousal, vision of 3 images, 4 x 64 and 1 x 192 numbers each" in done.stdout
    assert "3 rows captured in" in done.stdout
    assert str(file) in done.stdout
    stored = open_capture(file)
    assert stored.ids == ("p01_happy", "p01_sad", "p01_angry")
    assert stored.about.study == "demo"
    again = capture(*asked, "--json")
    summary = json.loads(again.stdout)
    assert (summary["status"], summary["total"], summary["already_captured"]) == ("finished", 3, 3)
    assert summary["model_digest"] == stored.about.model_digest
    assert "0 rows captured" in again.stderr
    other = capture(*asked, "--only", "identity=p02", "--out", str(file))
    assert other.returncode == 2
    assert "was captured in another way (rows differ); name another file with --out" in other.stderr


@pytest.mark.slow
def test_texts_are_captured_without_pictures(tmp_path: Path) -> None:
    """A shipped concept file, found by its short name; no study is needed where the file is named."""
    done = capture("--text", "concepts/ko.yaml", "--out", str(tmp_path / "ko.safetensors"))
    assert done.returncode == 0, done.stderr
    assert "tiny: answer of 96 texts" in done.stdout
    assert open_capture(tmp_path / "ko.safetensors").about.concepts[-1] == "neutral"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--positions", "anser"), "--positions anser: there is no such position; did you mean 'answer'?"),
        (("--positions", "answer,"), "--positions 'answer,' has an empty place"),
        (("--step", "beauty"), "--step beauty: protocol context-carry asks no such item"),
        (("--step", "emotion", "--positions", "vision"), "add answer to --positions"),
        (("--out", "capture.npz"), "a capture is a .safetensors file"),
        (("--text", "concepts/en.yaml", "--step", "emotion"), "--step is for pictures and does not go with --text"),
        (("--text", "concepts/xx.yaml"), "there is no such file"),
        (("--only", "nobody"), "selects none"),
        (("--model", "nobody"), "there is no model called 'nobody'"),
    ],
)
def test_misuse_is_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    """What is wrong and what to do, exit code 2, no traceback, nothing written."""
    done = capture(*arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_captured(tmp_path: Path) -> None:
    """Interrupted in the middle: exit code 130 and a sentence; the same command finds those rows there."""
    file, unfinished = tmp_path / "capture.safetensors", tmp_path / ".capture.safetensors.partial"
    command = [VLMRATE, "probe", "capture", "--model", "tiny", "--positions", "vision", "--out", str(file)]
    # A shell that runs the tests in the background has its children ignore the signal.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, preexec_fn=heeding) as running:
        until = time.monotonic() + 120
        while time.monotonic() < until and not (unfinished.exists() and any(unfinished.read_bytes()[-144:])):
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Interrupted; what was captured is kept" in said
    assert not file.exists()
    done = capture("--positions", "vision", "--out", str(file), "--json")
    assert json.loads(done.stdout)["already_captured"] >= 16
    assert open_capture(file).missing == ()


def separability(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command on the demo study."""
    return subprocess.run(
        [VLMRATE, "probe", "separability", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_embedded_model_tells_emotions_apart_inside(tmp_path: Path) -> None:
    """On the demo study, by the vision tower's output alone: emotion far above guessing, on identities never seen."""
    file = str(tmp_path / "vision.safetensors")
    assert capture("--positions", "vision", "--out", file).returncode == 0
    quick = ("--permutations", "99", "--resamples", "200", "--results", str(tmp_path))
    drawn = tmp_path / "layers.svg"
    done = separability(file, *quick, "--figure", str(drawn))
    assert done.returncode == 0, done.stderr
    assert "<svg" in drawn.read_text(encoding="utf-8")
    assert "Table 1. Told from inside the model by a linear probe, on identities it never saw" in done.stdout
    assert "are statistics of a network, not feelings" in done.stdout
    assert (tmp_path / "demo/tiny/probe/separability.json").exists()
    assert "**skin**" in done.stdout
    (outcome,) = json.loads(separability(file, *quick, "--factor", "emotion", "--json").stdout)["separability"]
    (emotion,) = outcome["factors"]
    assert emotion["found"]["chosen"]["accuracy"]["value"] > 0.7
    assert emotion["found"]["chosen"]["p"] == 0.01
    unknown = separability(file, "--factor", "age")
    assert unknown.returncode == 2
    assert "--factor age: the stimuli of study demo have no such column; they have emotion" in unknown.stderr
    other = separability(file, "--array", "answer/emotion")
    assert other.returncode == 2
    assert "has no array answer/emotion; it has vision" in other.stderr


def test_a_file_that_is_no_capture_is_one_sentence(tmp_path: Path) -> None:
    """Another file, and one that is not there."""
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"nothing of the kind")
    for file, words in ((wrong, "is no safetensors file"), (tmp_path / "none", "there is no capture")):
        done = separability(str(file))
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
