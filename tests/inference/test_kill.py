"""A run that is killed again and again ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from forked import VLMRATE, begin

REPOSITORY = Path(__file__).resolve().parents[2]
KILLS = 20
IMAGES = 96
"""More than twenty kills let a run store: it is never done before the last of them."""


def infer(results: Path, *more: str) -> list[str]:
    """The arguments of the run."""
    study = str(REPOSITORY / "configs" / "study.yaml")
    return ["infer", "--model", "tiny", "--study", study, "--results", str(results), *more]


def ratings(results: Path) -> dict[str, dict[str, Any]]:
    """All stored ratings by file name, without what tells one run from another: times and the run's id."""
    files = sorted((results / "demo" / "tiny" / "context-carry" / "ratings").glob("*.json"))
    return {file.name: without_times(json.loads(file.read_text(encoding="utf-8"))) for file in files}


def without_times(rating: dict[str, Any]) -> dict[str, Any]:
    """A rating as any run would have made it."""
    steps = [{key: value for key, value in step.items() if key != "seconds"} for step in rating["steps"]]
    return {key: value for key, value in rating.items() if key != "run"} | {"steps": steps}


def kill_at_a_random_moment(results: Path, moment: random.Random) -> int:
    """Start the run, let it store a few ratings, kill it in the middle of whatever it does; its exit status."""
    folder = results / "demo" / "tiny" / "context-carry" / "ratings"
    before = len(list(folder.glob("*.json")))
    enough = before + moment.randint(1, 3)
    running = begin(infer(results, "--limit", str(IMAGES)), cwd=REPOSITORY)
    deadline = time.monotonic() + 60
    while (ended := running.poll()) is None and len(list(folder.glob("*.json"))) < enough:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    if ended is not None:
        return ended
    time.sleep(moment.uniform(0, 0.08))
    os.kill(running.pid, signal.SIGKILL)
    return running.wait()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_kills_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    """Killed at twenty random moments and resumed each time, a run ends with exactly one valid rating an image, equal
    to those of an unbroken run."""
    moment = random.Random(1)
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    statuses = [kill_at_a_random_moment(broken, moment) for _ in range(KILLS)]
    assert statuses == [-signal.SIGKILL] * KILLS
    for results in (broken, unbroken):
        subprocess.run([VLMRATE, *infer(results, "--limit", str(IMAGES))], check=True, stdout=subprocess.DEVNULL)
    assert len(ratings(unbroken)) == IMAGES
    assert ratings(broken) == ratings(unbroken)
    leftovers = [file.name for file in (broken / "demo").rglob("*") if file.name.endswith(".tmp")]
    assert leftovers == []
    manifest = json.loads((broken / "demo/tiny/context-carry/manifest.json").read_text(encoding="utf-8"))
    assert sum(run["rated"] for run in manifest["runs"]) == IMAGES
    assert [run["status"] for run in manifest["runs"]] == ["killed"] * KILLS + ["finished"]


@pytest.mark.slow
def test_ctrl_c_stores_the_image_in_hand(tmp_path: Path) -> None:
    """Interrupted, the run finishes its image, says how many are left, and exits with 130."""
    folder = tmp_path / "demo" / "tiny" / "context-carry" / "ratings"
    running = subprocess.Popen([VLMRATE, *infer(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "finishing what is in hand" in errors
    stored = len(list(folder.glob("*.json")))
    assert f"Interrupted with {144 - stored} ratings left" in output
    manifest = json.loads((folder.parent / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["runs"][0]["status"], manifest["runs"][0]["rated"]) == ("interrupted", stored)
