"""`vlmrate probe debias` and `compare`, as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vlmrate.cli.probe.main import probe as commands

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
def test_the_embedded_model_is_changed_while_it_rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On some pictures of the demo study: hair taken out, happy beside a persona; both stand in the report's files."""
    monkeypatch.chdir(REPOSITORY)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(commands, [*arguments, "--model", "tiny", "--results", str(tmp_path)])
        assert done.exit_code == 0, done.output
        return done.stdout

    run("capture", "--only", "*_happy", "--only", "*_sad", "--limit", "16")
    quick = ("--resamples", "100", "--layer", "3")
    told = run(
        "debias",
        *quick,
        "--only",
        "*_happy",
        "--group",
        "hair",
        "--how",
        "project-out",
        "--permutations",
        "19",
        "--json",
    )
    found = json.loads(told)["debias"][0]["found"]
    (way,) = found["ways"]
    assert (found["images"], found["layers"], found["rank"]) == (8, [3, 3], [1, 1])
    assert [one["measure"] for one in way["costs"]] == ["kappa", "MAE", "MAE", "invalid"]
    assert [one["layer"] for one in way["left"]] == ["edited (3)"]
    shown = run("compare", *quick, "--only", "*_happy", "--direction", "happy", "--figure", str(tmp_path / "c.svg"))
    for words in ("persona", "temperature 0.7", "happy up", "happy down", "random, mean of 9", "false-label"):
        assert words in shown
    assert (tmp_path / "c.svg").exists()
    kept = sorted(file.name for file in (tmp_path / "demo/tiny/probe").iterdir())
    assert kept == ["compare.json", "debias.json"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("debias", "--how", "ablate"), "--how ablate: 'ablate' is no way; name some of project-out, clamp, subtract"),
        (("debias",), "make one with `vlmrate probe capture --model tiny --protocol context-carry`"),
        (("compare", "--direction", "happy", "--figure", "x.gif"), "a figure is written as .svg, .pdf or .png"),
    ],
)
def test_misuse_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """What is wrong and what to do, exit code 2, no traceback."""
    done = probe(*arguments, "--model", "tiny", "--results", str(tmp_path))
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
