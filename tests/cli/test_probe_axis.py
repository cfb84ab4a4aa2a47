"""`vlmrate probe axis`, as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from probe.planted import PlantedModel, planted_units
from vlmrate.study.load import load_study

REPOSITORY = Path(__file__).resolve().parents[2]
EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")


def axis(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the demo study."""
    command = [sys.executable, "-m", "vlmrate", "probe", "axis", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_axes_of_the_demo_study_are_told_drawn_and_kept(tmp_path: Path) -> None:
    """Captures of two planted models, without ratings of theirs; texts are refused in a sentence."""
    study = load_study(REPOSITORY / "configs/study.yaml")
    units = planted_units(EMOTIONS, 16, {}, seed=0)
    files = []
    for seed, name in enumerate(("first", "second")):
        model = PlantedModel(study, units, dict.fromkeys(EMOTIONS, 3.0), seed=seed, name=name)
        files.append(str(model.capture(tmp_path / f"{name}.safetensors").file))
    quick = ("--permutations", "19", "--resamples", "100", "--results", str(tmp_path), "--array", "answer/valence")
    drawn = tmp_path / "axis.svg"
    done = axis(*files, *quick, "--figure", str(drawn))
    assert done.returncode == 0, done.stderr
    assert "<svg" in drawn.read_text(encoding="utf-8")
    assert "| first, answer/valence | 144 |" in done.stdout
    assert "the capture names no protocol, so no answers belong to it" in done.stdout
    assert "Table 4. Are the same emotions alike inside two models" in done.stdout
    assert "are statistics of a network, not feelings" in done.stdout
    assert (tmp_path / "demo/first/probe/axis.json").exists()
    (found,) = json.loads(axis(files[0], *quick, "--json").stdout)["axis"]
    (array,) = found["arrays"]
    valence = array["items"][0]["found"]
    assert valence["r"]["value"] > 0.8
    assert abs(valence["r_within"]["value"]) < 0.3
    assert valence["ceiling"]["within"]["value"] < valence["ceiling"]["overall"]["value"]
