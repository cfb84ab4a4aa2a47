"""`vlmrate check`, as a person runs it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from cli.test_infer import REPOSITORY, vlmrate

if TYPE_CHECKING:
    from pathlib import Path

BASELINE = REPOSITORY / "data" / "baseline" / "demo-tiny-context-carry.json"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda text: text[:500], "is not whole JSON"),
        (lambda text: text.replace('"sad"', '"happy"', 3), "was edited"),
        (lambda text: text.replace("vlmrate-baseline/1", "vlmrate-baseline/0"), "is of the older format"),
        (None, "there is no baseline"),
    ],
)
def test_a_baseline_that_cannot_be_trusted_is_exit_2(tmp_path: Path, spoil: object, sentence: str) -> None:
    """Truncated, edited, older, missing: one sentence, no traceback, nothing rated."""
    file = tmp_path / "baseline.json"
    if spoil is not None:
        file.write_text(spoil(BASELINE.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]
    output = tmp_path / "out"
    output.mkdir()
    (output / "check.json").write_text("an earlier pass", encoding="utf-8")
    done = vlmrate("check", "--model", "tiny", "--baseline", str(file), "--output", str(output))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (output / "check.json").exists()


def test_misuse_is_exit_2(tmp_path: Path) -> None:
    """Options that do not go together, a model that is not there, a history that is not there yet."""
    for arguments, sentence in (
        (("--update", "--history", "--model", "tiny"), "name one of them"),
        (("--images", "40"), "give it with --update"),
        (("--model", "nobody"), "there is no model called 'nobody'"),
        (("--history", "--output", str(tmp_path)), "there is no history"),
        (("--model", "tiny", "--update", "--images", "3"), "ask for --images 36 or more"),
    ):
        done = vlmrate("check", *arguments)
        assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr


@pytest.mark.slow
def test_the_committed_baseline_passes_twice_and_its_history_is_drawn(tmp_path: Path) -> None:
    """The command of .ci/run: passes on whatever machine this is, is recorded, and adds to GitHub's summary."""
    summary = tmp_path / "summary.md"
    for number in (1, 2):
        start = time.monotonic()
        done = vlmrate("check", "--output", str(tmp_path / "out"), "--json", GITHUB_STEP_SUMMARY=str(summary))
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["verdict"] == "pass"
        assert summary.read_text(encoding="utf-8").count("pass: tiny on demo") == number
        assert time.monotonic() - start < 240
    drawn = vlmrate("check", "--history", "--output", str(tmp_path / "out"))
    assert drawn.returncode == 0, drawn.stderr
    assert "2 checks from" in drawn.stdout
    assert "▄▄" in drawn.stdout
    assert (tmp_path / "out" / "history.svg").is_file()
