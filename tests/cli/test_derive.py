"""`vlmrate derive` as a person runs it, on the demo study and what the embedded model said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import forked
from vlmrate.cli.main import app

if TYPE_CHECKING:
    import subprocess

REPOSITORY = Path(__file__).resolve().parents[2]


def vlmrate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the repository, 100 columns wide."""
    return forked.vlmrate(arguments, cwd=REPOSITORY, environment={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Twenty-four images of the demo study (four identities), rated by the embedded model."""
    folder = str(tmp_path_factory.mktemp("results"))
    done = vlmrate("infer", "--model", "tiny", "--results", folder, "--limit", "24")
    assert done.returncode == 0, done.stderr
    return folder


def at_once(*arguments: str) -> str:
    """Run a command in this process, which is imported already; what it printed."""
    done = CliRunner().invoke(app, [*arguments, "--study", str(REPOSITORY / "configs/study.yaml")])
    assert done.exit_code == 0, done.exception
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_raters_are_derived_analyzed_and_told_apart(results: str) -> None:
    """Every kind is made of a real model's ratings or of people's; analyze lists all, and what each gains."""
    for kind, *others in (
        ("calibrated", "--from", "tiny", "--by", "none", "--as", "mended"),
        ("expected", "--from", "tiny", "--as", "weighted"),
        ("hybrid", "--from", "tiny:emotion,valence", "--from", "weighted:arousal", "--as", "mixed"),
        ("ensemble", "--from", "tiny/context-carry", "--from", "weighted", "--as", "both"),
        ("label-only", "--from", "tiny", "--as", "words"),
        ("category-mean", "--as", "posed"),
        ("person", "--as", "someone"),
    ):
        told = at_once("derive", kind, *others, "--results", results)
        assert "0 failed, 0 answers are missing" in told
    assert "one person rated the image itself" in told
    at_once("analyze", "--tables-only", "--resamples", "100", "--results", results)
    report = (Path(results) / "demo/report/report.md").read_text(encoding="utf-8")
    for way, source, item in (
        ("calibrated", "tiny", "valence"),
        ("expected", "tiny", "arousal"),
        ("hybrid", "weighted", "arousal"),
        ("ensemble", "weighted", "valence"),
        ("label-only", "tiny", "arousal"),
    ):
        assert f"| {way} | {source} | {item} | 24 |" in report
    assert "posed is no model: it is an oracle" in report
    expected = json.loads((Path(results) / "demo/weighted/derived/ratings/p01_happy.json").read_text(encoding="utf-8"))
    spoken = json.loads((Path(results) / "demo/tiny/context-carry/ratings/p01_happy.json").read_text(encoding="utf-8"))
    told = {answer["item"]: answer for step in spoken["steps"] for answer in step["answers"]}
    weighted = sum(float(option) * p for option, p in told["valence"]["probabilities"].items())
    (step,) = expected["steps"]
    assert step["answers"][1]["value"] == pytest.approx(weighted)


@pytest.mark.slow
def test_json_and_refusals(results: str) -> None:
    """--json prints one object; a mistake is one sentence and exit code 2; the same again does nothing."""
    arguments = ("derive", "calibrated", "--from", "tiny", "--by", "none", "--as", "again", "--results", results)
    first = vlmrate(*arguments, "--json")
    told = json.loads(first.stdout)
    assert (told["method"], told["sources"], told["rated"]) == ("calibrated", ["tiny/context-carry"], 24)
    assert told["notes"] == ["120 of 144 images are left out: nobody rated them"]
    assert "Nothing to do: all 24 ratings are in" in vlmrate(*arguments).stdout
    other = vlmrate(*arguments, "--folds", "3")
    assert other.returncode == 2
    assert "folds: 5 there, 3 now" in other.stderr
    assert "Traceback" not in other.stderr
