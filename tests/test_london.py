"""A study of another kind, without any change of code: attractiveness of real faces on a scale from 1 to 7."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import forked
from stats.tolerances import TOLERANCE

if TYPE_CHECKING:
    import subprocess

PUBLISHED_ICC = {"agreement": 0.2398, "consistency": 0.3349, "agreement_k": 0.9987}
"""ICC(2,1), ICC(3,1) and ICC(2,k) of these 102 faces by 2,513 raters, to four decimals."""
LONDON = Path(__file__).resolve().parents[2] / "shared" / "data" / "london"

STUDY = """\
name: london
stimuli: {data}/stimuli.csv
ratings: {data}/human_ratings.csv.gz
items:
  attractiveness: {{low: 1, high: 7, low_anchor: much less attractive, high_anchor: much more attractive}}
factors: {{emotion: emotion, identity: identity, groups: [race, gender]}}
protocol: ./attractiveness
"""
PROTOCOL = """\
description: One question on one scale.
steps:
  - asks: [attractiveness]
    template: attractiveness.txt
"""
TEMPLATE = (
    "How attractive is this face? Rate from {attractiveness.low} to {attractiveness.high} where "
    "{attractiveness.low} is {attractiveness.low_anchor} and {attractiveness.high} is {attractiveness.high_anchor} "
    "than average. Answer with a single number only.\n"
)


def vlmrate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a study's folder."""
    return forked.vlmrate(arguments, cwd=folder, environment={"COLUMNS": "80"})


@pytest.mark.slow
@pytest.mark.skipif(not LONDON.is_dir(), reason="the London faces and their ratings are not beside the repository")
def test_attractiveness_of_real_faces_validates_infers_and_analyzes(tmp_path: Path) -> None:
    """256,326 ratings of 102 neutral faces: the design is found, tiny answers on the scale for 20 images, and the
    analysis gives what can be had and says what cannot."""
    (tmp_path / "study.yaml").write_text(STUDY.format(data=LONDON), encoding="utf-8")
    (tmp_path / "attractiveness").mkdir()
    (tmp_path / "attractiveness" / "protocol.yaml").write_text(PROTOCOL, encoding="utf-8")
    (tmp_path / "attractiveness" / "attractiveness.txt").write_text(TEMPLATE, encoding="utf-8")

    validated = vlmrate(tmp_path, "validate", "--json")
    assert validated.returncode == 0, validated.stdout
    design = json.loads(validated.stdout)["design"]
    assert design["images"] == 204

    inferred = vlmrate(tmp_path, "infer", "--model", "tiny", "--limit", "20", "--json")
    assert inferred.returncode == 0, inferred.stderr
    assert json.loads(inferred.stdout)["rated"] == 20
    stored = sorted((tmp_path / "results" / "london" / "tiny" / "attractiveness" / "ratings").glob("*.json"))
    answers = [json.loads(file.read_text(encoding="utf-8"))["steps"][0]["answers"][0] for file in stored]
    assert len(answers) == 20
    for answer in answers:
        assert answer["value"] is None or 1 <= answer["value"] <= 7
        assert list(answer["probabilities"]) == list("1234567")

    analyzed = vlmrate(tmp_path, "analyze")
    assert analyzed.returncode == 0, analyzed.stderr
    report = (tmp_path / "results" / "london" / "report" / "report.md").read_text(encoding="utf-8")
    assert "attractiveness" in report.lower()
    assert "256,326" in report
    analysis = json.loads((tmp_path / "results" / "london" / "report" / "analysis.json").read_text(encoding="utf-8"))
    (people,) = analysis["reliability"]
    for form, published in PUBLISHED_ICC.items():
        assert people["icc"][form]["value"] == pytest.approx(published, abs=TOLERANCE.printed4)
    assert "| attractiveness | 2,513.00 | .240 [.196, .298] | .240 [.196, .298] | .335 [.280, .404] |" in report
    assert "Classification: no item of the study is answered with labels." in report
