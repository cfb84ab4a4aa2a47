"""The drawn faces of the demo rated by the network for photographs: every way in which it can answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
VLMRATE = str(Path(sys.executable).with_name("vlmrate"))


@pytest.mark.slow
def test_drawn_faces_are_rated_or_it_is_said_why_not(tmp_path: Path) -> None:
    """Of 144 drawings most look like a face; a label off the list and a face not found are invalid answers, each of
    its own kind, and none is a failure."""
    done = subprocess.run(
        [VLMRATE, "infer", "--model", "fer:faceapi", "--results", str(tmp_path), "--json"],
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["rated"], summary["failed"]) == (144, 0)

    files = sorted((tmp_path / "demo" / "faceapi" / "native" / "ratings").glob("*.json"))
    answers = [json.loads(file.read_text(encoding="utf-8"))["steps"][0]["answers"][0] for file in files]
    routes = Counter(answer["route"] for answer in answers)
    assert set(routes) == {"native", "off-list", "no-face"}
    assert routes["native"] > 72
    assert summary["invalid_answers"] == routes["off-list"] + routes["no-face"]
    for answer in answers:
        assert (answer["value"] is None) == (answer["route"] != "native")
        assert (answer["probabilities"] is None) == (answer["route"] == "no-face")
