"""`vlmrate probe steer`, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mlx_vlm")

REPOSITORY = Path(__file__).resolve().parents[2]
VLMRATE = str(Path(sys.executable).with_name("vlmrate"))


def probe(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command on the demo study with the embedded model."""
    return subprocess.run(
        [VLMRATE, "probe", command, "--model", "tiny", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_steering_along_happy_raises_valence(tmp_path: Path) -> None:
    """Eight pictures of the demo study: a capture, then a sweep whose slope is told, drawn and kept for the report."""
    pictures = [f"--only=p{who:02d}_{emotion}" for who in range(1, 5) for emotion in ("happy", "sad")]
    there = ("--results", str(tmp_path), *pictures)
    assert probe("capture", *there).returncode == 0
    quick = ("--direction", "happy", "--layer", "3", "--doses=-1,1", "--randoms", "2", "--resamples", "100")
    drawn = tmp_path / "steer.svg"
    done = probe("steer", *there, *quick, "--json", "--figure", str(drawn))
    assert done.returncode == 0, done.stderr
    (outcome,) = json.loads(done.stdout)["steer"]
    assert outcome["model"] == "tiny"
    (layer,) = outcome["found"]["directions"][0]["layers"]
    slopes = {
        response["reading"]["item"]: response["slope"]["slope"]
        for response in layer["responses"]
        if response["reading"]["kind"] == "expected"
    }
    assert slopes["valence"]["ci_low"] > 0.5
    assert "<svg" in drawn.read_text(encoding="utf-8")
    assert (tmp_path / "demo/tiny/probe/steer.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--doses", "1,two"), "--doses '1,two': doses are numbers with commas between"),
        (("--doses", "2,4"), "--doses: a slope needs a dose beside 0"),
        (("--step", "valence,"), "--step 'valence,' has an empty place"),
        ((), "make one with `vlmrate probe capture --model tiny --protocol context-carry`"),
    ],
)
def test_misuse_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """What is wrong and what to do, exit code 2, no traceback."""
    done = probe("steer", "--results", str(tmp_path), *arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
