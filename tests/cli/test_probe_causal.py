"""`vlmrate probe causal`, as a person runs it."""

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


def probe(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command on the demo study."""
    return subprocess.run(
        [VLMRATE, "probe", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_embedded_model_loses_happy_with_its_direction(tmp_path: Path) -> None:
    """More than with any random direction, on identities that had no part in it; kept beside the ratings, and drawn."""
    few = ("--model", "tiny", "--only", "p0?_happy", "--only", "p0?_sad", "--limit", "8", "--results", str(tmp_path))
    assert probe("capture", *few).returncode == 0
    quick = ("--direction", "happy", "--layer", "3", "--randoms", "3", "--over", "directions", "--resamples", "200")
    drawn = tmp_path / "causal.svg"
    done = probe("causal", *few, *quick, "--json", "--figure", str(drawn))
    assert done.returncode == 0, done.stderr
    (outcome,) = json.loads(done.stdout)["causal"]
    assert outcome["model"] == "tiny"
    (happy,) = outcome["found"]["directions"]
    random = happy["found"]["layers"][0]["random"]
    assert random["difference"]["ci_high"] < 0
    assert random["as_low"] == 0
    assert random["p"] < 0.05
    assert len(outcome["found"]["carriers"]["labels"]) == 6
    assert "<svg" in drawn.read_text(encoding="utf-8")
    assert (tmp_path / "demo/tiny/probe/causal.json").exists()


def test_without_a_capture_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    """One sentence, before any model is loaded."""
    lacking = probe("causal", "--model", "tiny", "--results", str(tmp_path))
    assert lacking.returncode == 2
    assert "make one with `vlmrate probe capture --model tiny" in " ".join(lacking.stderr.split())
    assert "Traceback" not in lacking.stderr
