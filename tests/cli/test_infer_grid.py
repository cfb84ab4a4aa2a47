"""Several protocols and temperatures in one command, as a person runs them."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import forked

if TYPE_CHECKING:
    import subprocess

REPOSITORY = Path(__file__).resolve().parents[2]
WAYS = ("--protocol", "context-carry,anchor", "--temperature", "0,0.7")
FOLDERS = {"tiny/context-carry/": 2, "tiny/anchor/": 18, "tiny-t0.7/context-carry/": 2, "tiny-t0.7/anchor/": 18}


def command(results: Path, *more: str) -> list[str]:
    """The arguments of the run."""
    study = str(REPOSITORY / "configs" / "study.yaml")
    return ["infer", "--model", "tiny", "--study", study, "--results", str(results), *more]


def stored(results: Path) -> dict[str, Any]:
    """All ratings by folder and file name, without what tells one run from another."""
    found = {}
    for file in sorted(results.glob("demo/*/*/ratings/*.json")):
        rating = json.loads(file.read_text(encoding="utf-8"))
        rating.pop("run")
        for step in rating["steps"]:
            step.pop("seconds")
        found["/".join(file.parts[-4:])] = rating
    return found


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Two protocols, one of them forcing answers, at two temperatures on one image, twice."""
    results = tmp_path_factory.mktemp("results")
    typed = command(results, *WAYS, "--repeats", "2", "--limit", "1")
    return results, forked.vlmrate(typed, cwd=REPOSITORY, environment={"COLUMNS": "80"})


def test_every_way_is_announced_and_counted(grid: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The prompts with what is forced left open, how often an image is asked, and one time for all ways together."""
    _, done = grid
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Note: tiny knows drawn faces only") == 1
    assert done.stdout.count("knows drawn faces only") == 1
    said = " ".join(done.stdout.split())
    assert "tiny-t0.7 rates 1 images of study demo with protocol anchor" in said
    assert "Forced: valence is carried as every valid answer in turn, whatever the rater says." in said
    assert "Every image is rated 18 times." in said
    assert "with pleasantness {forced.valence} out of 9" in said
    assert "All together: 40 ratings in" in said


def test_every_way_has_its_folder(grid: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The model's own temperature keeps its name; forced answers are numbered through over both repeats."""
    results, _ = grid
    count = {folder: sum(name.startswith(folder) for name in stored(results)) for folder in FOLDERS}
    assert count == FOLDERS


def test_a_program_is_told_a_list(grid: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """With --json one object a way, in the order of the run."""
    results, _ = grid
    done = forked.vlmrate(command(results, *WAYS, "--repeats", "2", "--limit", "1", "--json"), cwd=REPOSITORY)
    told = json.loads(done.stdout)
    assert [(one["rater"], one["protocol"], one["already_rated"]) for one in told] == [
        ("tiny", "context-carry", 2),
        ("tiny-t0.7", "context-carry", 2),
        ("tiny", "anchor", 18),
        ("tiny-t0.7", "anchor", 18),
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_grid_that_is_killed_again_and_again_ends_as_if_unbroken(tmp_path: Path) -> None:
    """Killed five times at random moments, a grid ends with every rating once, equal to those of an unbroken grid."""
    ways = [*WAYS, "--limit", "6"]
    moment = random.Random(5)
    for _ in range(5):
        before = len(stored(tmp_path / "killed"))
        running = forked.begin(command(tmp_path / "killed", *ways), cwd=REPOSITORY)
        enough, deadline = before + moment.randint(3, 18), time.monotonic() + 90
        while (ended := running.poll()) is None and time.monotonic() < deadline:
            if len(list((tmp_path / "killed").glob("demo/*/*/ratings/*.json"))) >= enough:
                break
            time.sleep(0.002)
        time.sleep(moment.uniform(0, 0.08))
        if ended is None:
            os.kill(running.pid, signal.SIGKILL)
            running.wait()
    for name in ("killed", "whole"):
        assert forked.vlmrate(command(tmp_path / name, *ways), cwd=REPOSITORY).returncode == 0
    killed, whole = stored(tmp_path / "killed"), stored(tmp_path / "whole")
    assert len(whole) == 6 * (1 + 9) * 2
    assert killed == whole
