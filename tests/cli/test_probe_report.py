"""`vlmrate probe directions` and `bias` on the demo study, and the report's section of all that was found."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import forked
from probe.planted import PlantedModel, planted_units
from vlmrate.study.load import load_study

REPOSITORY = Path(__file__).resolve().parents[2]
if TYPE_CHECKING:
    import subprocess

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = ("--permutations", "99", "--resamples", "100")


def vlmrate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the repository."""
    return forked.vlmrate(arguments, cwd=REPOSITORY)


def ratings(file: Path) -> Path:
    """Predictions of every picture of the demo study: its own emotion, and numbers that go with it."""
    study = load_study(REPOSITORY / "configs/study.yaml")
    with file.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["image_id", "emotion", "valence", "arousal"])
        for stimulus in study.stimuli:
            place = EMOTIONS.index(stimulus.factors["emotion"])
            rows.writerow([stimulus.image_id, stimulus.factors["emotion"], 2 + place, 8 - place])
    return file


@pytest.mark.slow
def test_what_commands_found_stands_in_the_report(tmp_path: Path) -> None:
    """Directions and angles of a planted model are told, drawn and kept; analyze has their tables and figures."""
    study = load_study(REPOSITORY / "configs/study.yaml")
    units = planted_units(EMOTIONS, 16, {}, seed=0)
    model = PlantedModel(study, units, dict.fromkeys(EMOTIONS, 4.0), name="planted")
    file = str(model.capture(tmp_path / "planted.safetensors").file)
    here = ("--results", str(tmp_path))
    told = vlmrate("probe", "directions", file, *QUICK, "--figure", str(tmp_path / "d.svg"), *here)
    assert told.returncode == 0, told.stderr
    assert "What sets each emotion apart inside the model" in told.stdout
    assert "<svg" in (tmp_path / "d.svg").read_text(encoding="utf-8")
    angles = vlmrate("probe", "bias", file, "--array", "answer/emotion", *QUICK, "--json", *here)
    assert angles.returncode == 0, angles.stderr
    (outcome,) = json.loads(angles.stdout)["bias"]
    cells = outcome["found"]["cells"]
    assert {(cell["emotion"], cell["group"]) for cell in cells} >= {("happy", "skin=dark"), ("sad", "hair=long")}
    assert all(cell["p_holm"] > 0.05 for cell in cells if cell["p_holm"] is not None)
    brought = vlmrate("import", str(ratings(tmp_path / "r.csv")), "--rater", "elsewhere", *here)
    assert brought.returncode == 0, brought.stderr
    done = vlmrate("analyze", "--resamples", "100", *here)
    assert done.returncode == 0, done.stderr
    report = (tmp_path / "demo/report/report.md").read_text(encoding="utf-8")
    section = report[report.index("## Inside the model") :]
    for words in (
        "are statistics of a network, not feelings",
        "What sets each emotion apart inside the model",
        "Directions of emotions and of groups of people shown: their cosines",
        "figures/fig-directions",
        "figures/fig-bias-angles",
    ):
        assert words in section
