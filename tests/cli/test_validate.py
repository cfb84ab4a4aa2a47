from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from vlmrate.cli import init as init_command
from vlmrate.cli import validate as validate_command
from vlmrate.errors import StudyError
from vlmrate.study.file import schema_text

REPOSITORY = Path(__file__).resolve().parents[2]
STUDY = """\
name: s
stimuli: stimuli.csv
ratings: ratings.csv
items:
  valence: {low: 1, high: 9}
factors: {emotion: emotion}
protocol: ./one
"""
PROTOCOL = """\
description: One question.
steps:
  - asks: [valence]
    template: valence.txt
"""


def run(*arguments: str) -> Result:
    """The two commands alone, 80 columns wide."""
    app = typer.Typer(pretty_exceptions_enable=False)
    validate_command.register(app)
    init_command.register(app)
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "80", "NO_COLOR": "1"})


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A sound study of two pictures."""
    for name in ("a", "b"):
        Image.new("RGB", (4, 4)).save(tmp_path / f"{name}.png")
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "stimuli.csv").write_text("image_id,path,emotion\na,a.png,happy\nb,b.png,sad\n", encoding="utf-8")
    (tmp_path / "ratings.csv").write_text("rater_id,image_id,valence\nr1,a,8\nr2,a,6\n", encoding="utf-8")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "protocol.yaml").write_text(PROTOCOL, encoding="utf-8")
    (tmp_path / "one" / "valence.txt").write_text("How pleasant, {valence.low} to {valence.high}?", encoding="utf-8")
    return tmp_path / "study.yaml"


def test_the_design_is_printed_within_eighty_columns() -> None:
    """The demo's levels, cells and raters are shown, and no line is wider than the terminal."""
    result = run("validate", "--study", str(REPOSITORY / "configs" / "study.yaml"))
    assert result.exit_code == 0
    for words in ("144 images", "simulated", "medium", "happy:24", "Raters an image: 40 each", "No faults."):
        assert words in result.output
    assert max(len(line) for line in result.output.splitlines()[2:]) <= 80


def test_images_without_ratings_are_named(study: Path) -> None:
    """An image that nobody rated is no fault, but it is said."""
    result = run("validate", "--study", str(study))
    assert result.exit_code == 0
    assert "Images without ratings: 1 (b)." in result.output


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "words"),
    [
        ("one/valence.txt", "valence.low", "valence.lo", "study.yaml, key protocol", "one/valence.txt"),
        ("study.yaml", "high: 9", "hihg: 9", "study.yaml, line 5, key items.valence.hihg", "did you mean 'high'?"),
        (
            "study.yaml",
            "emotion: emotion",
            "emotion: emo",
            "study.yaml, line 6, key factors.emotion",
            "no factor column",
        ),
        ("stimuli.csv", "\nb,", "\nA,", "stimuli.csv, row 3, column image_id", "already that of row 2"),
        ("stimuli.csv", "\nb,", "\n../b,", "stimuli.csv, row 3, column image_id", "would leave its folder"),
        ("stimuli.csv", "b.png", "c.png", "stimuli.csv, row 3, column path", "no such picture"),
        ("stimuli.csv", "b.png", "stimuli.csv", "stimuli.csv, row 3, column path", "is not a picture"),
        ("ratings.csv", "r2,a,6", "r2,a,66", "ratings.csv, row 3, column valence", "off the scale 1 to 9"),
        ("ratings.csv", "r2,a,6", "r2,c,6", "ratings.csv, row 3, column image_id", "unknown image 'c'"),
        ("ratings.csv", "r2,a,6", "r1,a,6", "ratings.csv, row 3, column image_id", "already rated"),
    ],
)
def test_a_fault_is_one_line_with_its_place_and_exit_code_two(
    study: Path, name: str, old: str, new: str, place: str, words: str
) -> None:
    """Whatever is wrong, one line says where and what, and the command ends with an error of exit code 2."""
    file = study.parent / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    result = run("validate", "--study", str(study))
    assert isinstance(result.exception, StudyError)
    assert result.exception.exit_code == 2
    assert any(f"{place}: " in line and words in line for line in result.output.splitlines()), result.output


def test_all_faults_are_printed(study: Path) -> None:
    """Three faults in three files give three lines and a count."""
    for name, old, new in (
        ("study.yaml", "emotion: emotion", "emotion: emo"),
        ("stimuli.csv", "b.png", "c.png"),
        ("ratings.csv", "r2,a,6", "r2,a,66"),
    ):
        file = study.parent / name
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    result = run("validate", "--study", str(study))
    assert str(result.exception) == "3 faults in the study, listed above"
    assert sum(", column " in line or ", key " in line for line in result.output.splitlines()) == 3


def test_json_is_for_programs(study: Path) -> None:
    """--json prints one object with the design and every fault, and nothing else on standard output."""
    sound = json.loads(run("validate", "--study", str(study), "--json").stdout)
    assert sound["valid"] is True
    assert sound["design"]["images"] == 2
    (study.parent / "ratings.csv").write_text("rater_id,image_id,valence\nr1,a,10\n", encoding="utf-8")
    faulty = json.loads(run("validate", "--study", str(study), "--json").stdout)
    assert faulty["valid"] is False
    assert (faulty["faults"][0]["row"], faulty["faults"][0]["column"]) == (2, "valence")


def test_the_schema_is_printed_without_a_study() -> None:
    """--schema needs no study and prints what configs/study.schema.json holds."""
    assert run("validate", "--schema").stdout == schema_text()


def test_init_makes_a_study_that_validates_and_says_what_comes_next(tmp_path: Path) -> None:
    """After init the named next command finds no fault; a second init overwrites nothing."""
    for emotion in ("happy", "sad"):
        (tmp_path / "faces" / emotion).mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(tmp_path / "faces" / emotion / "1.png")
    made = run("init", str(tmp_path / "pilot"), "--images", str(tmp_path / "faces"))
    assert made.exit_code == 0, made.output
    assert "Found 2 pictures." in made.output
    assert "emotion: happy, sad" in made.output
    study = tmp_path / "pilot" / "study.yaml"
    assert f"Next: vlmrate validate --study {study}" in made.output
    assert run("validate", "--study", str(study)).exit_code == 0
    before = study.read_bytes()
    again = run("init", str(tmp_path / "pilot"), "--images", str(tmp_path / "faces"))
    assert isinstance(again.exception, StudyError)
    assert "already exists" in str(again.exception)
    assert study.read_bytes() == before


def test_the_commands_load_nothing_heavy_for_their_help() -> None:
    """Neither pandas, pydantic nor rich's tables are imported before a command runs."""
    code = (
        "import sys, vlmrate.cli.validate, vlmrate.cli.init\n"
        "sys.exit(' '.join(sorted({'pandas', 'pydantic', 'numpy', 'PIL', 'rich.table'} & set(sys.modules))) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False)
    assert (done.returncode, done.stderr) == (0, "")
