from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from vlmrate.errors import StudyError
from vlmrate.study.load import load_study
from vlmrate.study.starter import start_study
from vlmrate.study.starter_ids import image_ids
from vlmrate.study.validate import faults


def pictures(folder: Path, *names: str) -> Path:
    """A folder with small pictures of these names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    """The rows of the stimuli table."""
    with (folder / "stimuli.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_sub_folders_become_factors(tmp_path: Path) -> None:
    """Levels that are emotions or genders name the factor; the study is sound and its emotion intended."""
    images = pictures(tmp_path / "faces", "happy/female/1.png", "happy/male/2.jpg", "sad/female/3.png")
    started = start_study(tmp_path / "pilot", images)
    assert started.factors == {"emotion": ("happy", "sad"), "gender": ("female", "male")}
    assert faults(started.study_file) == ()
    study = load_study(started.study_file)
    assert (study.name, study.factors.emotion, study.factors.groups) == ("pilot", "emotion", ("gender",))
    assert study.item("emotion").answers == ("happy", "sad", "angry", "fear", "disgust", "neutral")
    assert rows(tmp_path / "pilot")[0] == {
        "image_id": "1",
        "path": "../faces/happy/female/1.png",
        "emotion": "happy",
        "gender": "female",
    }


def test_named_folders_and_a_pattern_become_factors(tmp_path: Path) -> None:
    """Both sources together; '-' passes a folder over, and the identity gets its part."""
    images = pictures(tmp_path / "faces", "set1/old/BM01_fear.png", "set1/young/KW02_sad.png")
    started = start_study(
        tmp_path / "s", images, r"(?P<race>[BK])[MW](?P<identity>\d+)_(?P<emotion>[a-z]+)", ["-", "age"]
    )
    assert started.factors == {
        "age": ("old", "young"),
        "race": ("B", "K"),
        "identity": ("01", "02"),
        "emotion": ("fear", "sad"),
    }
    study = load_study(started.study_file)
    assert study.factors.identity == "identity"
    assert study.factors.groups == ("age", "race")


def test_levels_outside_the_six_become_the_options(tmp_path: Path) -> None:
    """A study with other emotions than the six still passes, even where YAML would read a level as a truth value."""
    images = pictures(tmp_path / "faces", "joy/1.png", "no/2.png", "angry/3.png")
    started = start_study(tmp_path / "s", images, folders=["emotion"])
    assert faults(started.study_file) == ()
    assert load_study(started.study_file).item("emotion").answers == ("angry", "joy", "no")


def test_a_flat_folder_has_no_factors(tmp_path: Path) -> None:
    """Pictures without sub-folders make a study without factors, and a folder with one level tells nothing apart."""
    images = pictures(tmp_path / "faces", "only/a.png", "only/b.png")
    started = start_study(tmp_path / "s", images)
    assert started.factors == {}
    assert faults(started.study_file) == ()


def test_hidden_and_unreadable_pictures_are_left_out(tmp_path: Path) -> None:
    """What macOS puts beside pictures is no stimulus; what cannot be read is left out and named."""
    images = pictures(tmp_path / "faces", "a.png", ".hidden/c.png")
    (images / "._a.png").write_bytes(b"resource fork")
    (images / "bad.jpg").write_bytes(b"nothing")
    started = start_study(tmp_path / "s", images)
    assert started.images == 1
    assert len(started.left_out) == 1
    assert "bad.jpg" in started.left_out[0]
    assert faults(started.study_file) == ()


@pytest.mark.parametrize("name", ["study.yaml", "stimuli.csv", "study.schema.json"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    """Where any of the files stands already, nothing is written and the error names it."""
    images = pictures(tmp_path / "faces", "a.png")
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / name).write_text("mine", encoding="utf-8")
    with pytest.raises(StudyError, match=f"{name} already exists"):
        start_study(folder, images)
    assert [(path.name, path.read_text(encoding="utf-8")) for path in folder.iterdir()] == [(name, "mine")]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "no regular expression"),
        (r"\d+", "names no factor"),
        (r"(?P<emotion>\d+)", "does not fit the file name 'a.png'"),
        (r"(?P<emotion>x?)a", "the group 'emotion' is empty"),
        (r"(?P<path>a)", "cannot be called 'path'"),
    ],
)
def test_a_pattern_that_does_not_work_is_refused_in_words(tmp_path: Path, pattern: str, words: str) -> None:
    """A pattern must compile, name a factor, fit every file and find something; else nothing is written."""
    images = pictures(tmp_path / "faces", "a.png")
    with pytest.raises(StudyError) as caught:
        start_study(tmp_path / "s", images, pattern)
    assert words in str(caught.value)
    assert not (tmp_path / "s").exists()


def test_folders_that_do_not_fit_are_refused_in_words(tmp_path: Path) -> None:
    """More names than folders, names that cannot be columns, levels that differ in case alone, no pictures at all."""
    images = pictures(tmp_path / "faces", "happy/a.png", "Happy/b.png")
    with pytest.raises(StudyError, match="names 2 levels of folders, but"):
        start_study(tmp_path / "s", images, folders=["emotion", "gender"])
    with pytest.raises(StudyError, match="'image_id' cannot be a factor"):
        start_study(tmp_path / "s", images, folders=["image_id"])
    with pytest.raises(StudyError, match="differ in case alone"):
        start_study(tmp_path / "s", images)
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudyError, match="holds no pictures"):
        start_study(tmp_path / "s", tmp_path / "empty")
    with pytest.raises(StudyError, match="no such folder"):
        start_study(tmp_path / "s", tmp_path / "nowhere")


def test_ids_are_made_different_and_safe() -> None:
    """Clashing names get their folders, then their ending, then a number; unsafe signs are replaced."""
    assert image_ids([Path("a.jpg"), Path("x/b.jpg")]) == ["a", "b"]
    assert image_ids([Path("x/a.jpg"), Path("y/A.jpg")]) == ["x_a", "y_A"]
    assert image_ids([Path("a.jpg"), Path("a.png")]) == ["a_jpg", "a_png"]
    assert image_ids([Path("x/a_b.jpg"), Path("x_a/b.jpg"), Path("b.jpg")]) == ["x_a_b_jpg", "x_a_b_jpg_2", "b_jpg"]
    assert image_ids([Path("face~2.png"), Path("a\x07b.png")]) == ["face_2", "a_b"]
    assert len(image_ids([Path("é" * 200 + ".png")])[0].encode()) <= 180
