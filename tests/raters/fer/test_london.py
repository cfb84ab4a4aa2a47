"""Both networks of the shared folder on the London faces, and a study of them from the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[4] / "shared"
LONDON, NETWORKS = SHARED / "data" / "london", SHARED / "models" / "fer"
VLMRATE = str(Path(sys.executable).with_name("vlmrate"))
WITHIN = 3
"""Images by which a count may differ from the one told: the faces were cut out in another way there."""

STUDY = f"""\
name: london
stimuli: {LONDON}/stimuli.csv
ratings: {LONDON}/human_ratings.csv.gz
items:
  expression: {{options: [happy, sad, angry, fear, disgust, neutral], intended: emotion}}
  attractiveness: {{low: 1, high: 7}}
factors: {{emotion: emotion, identity: identity, groups: [race, gender]}}
"""

pytestmark = pytest.mark.skipif(not LONDON.is_dir(), reason="the London faces are not beside the repository")


def vlmrate(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command, 80 columns wide."""
    return subprocess.run(
        [VLMRATE, *arguments],
        cwd=folder,
        env=os.environ | {"COLUMNS": "80"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def rated(folder: Path, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Every image's posed emotion and its stored step."""
    ratings = (folder / "results" / "london" / name / "native" / "ratings").glob("*.json")
    stored = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(ratings)]
    return [("happy" if rating["image_id"].endswith("_08") else "neutral", rating["steps"][0]) for rating in stored]


def right(steps: list[tuple[str, dict[str, Any]]]) -> Counter[str]:
    """Images seen as they were posed, by what was posed."""
    return Counter(posed for posed, step in steps if step["answers"][0]["value"] == posed)


@pytest.mark.slow
@pytest.mark.parametrize(("network", "neutral", "happy"), [("faceapi", 100, 61), ("mini-xception", 93, 45)])
def test_a_network_sees_what_it_is_known_to_see(network: str, neutral: int, happy: int, tmp_path: Path) -> None:
    """As shipped in models.yaml, of 102 neutral and 102 smiling faces as many are seen so as is known of it."""
    weights = tmp_path / ".cache" / "vlmrate" / "fer" / "mini_xception_64.onnx"
    if network == "mini-xception":
        if not NETWORKS.is_dir():
            pytest.skip("the network is not beside the repository")
        weights.parent.mkdir(parents=True)
        shutil.copyfile(NETWORKS / "mini_xception_64.onnx", weights)
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    done = vlmrate(tmp_path, "infer", "--model", f"fer:{network}", "--json", HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rated"] == 204

    steps = rated(tmp_path, network)
    seen = right(steps)
    assert abs(seen["neutral"] - neutral) <= WITHIN
    assert abs(seen["happy"] - happy) <= WITHIN
    assert all(step["text"].count("; face at ") == 1 for _, step in steps)
    assert all(sum(step["answers"][0]["probabilities"].values()) == pytest.approx(1) for _, step in steps)

    again = vlmrate(tmp_path, "infer", "--model", f"fer:{network}", HOME=str(tmp_path))
    assert "Nothing to do: all 204 ratings are in" in again.stdout


@pytest.mark.slow
def test_a_study_is_rated_and_analyzed_from_the_command_line(tmp_path: Path) -> None:
    """Six faces: the network answers the expression alone, is asked nothing in words, and stands in the report."""
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    chosen = [f"{who}_{pose}" for who in ("001", "002", "003") for pose in ("03", "08")]
    only = [word for image in chosen for word in ("--only", image)]
    done = vlmrate(tmp_path, "infer", "--model", "fer:faceapi", "--as", "network", *only)
    assert done.returncode == 0, done.stderr
    assert "network rates 6 images of study london with protocol native" in done.stdout
    assert "Note: network sees seven posed expressions in photographs" in " ".join(done.stdout.split())
    assert "6 ratings made in" in done.stdout

    manifest = json.loads((tmp_path / "results/london/network/native/manifest.json").read_text(encoding="utf-8"))
    assert list(manifest["scales"]) == ["expression"]
    assert manifest["recipe"]["settings"]["kind"] == "fer"
    assert {"onnxruntime", "opencv-python"} <= manifest["runs"][0]["versions"].keys()
    for _, step in rated(tmp_path, "network"):
        assert step["prompt"] == ""
        assert step["answers"][0]["route"] in ("native", "off-list")

    analyzed = vlmrate(tmp_path, "analyze", "--tables-only")
    assert analyzed.returncode == 0, analyzed.stderr
    assert "network" in analyzed.stdout


def test_one_protocol_is_enough(tmp_path: Path) -> None:
    """A network is not asked in words, so that no protocol can be chosen."""
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    done = vlmrate(tmp_path, "infer", "--model", "fer:faceapi", "--protocol", "single-shot")
    assert done.returncode == 2
    assert "fer:faceapi answers by itself and is not asked in words; leave --protocol out" in " ".join(
        (done.stdout + done.stderr).split()
    )
