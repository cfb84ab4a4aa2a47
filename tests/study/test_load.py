from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import StudyError
from vlmrate.study.design import describe
from vlmrate.study.load import find_study, load_study
from vlmrate.study.validate import faults

if TYPE_CHECKING:
    from tests.study.conftest import StudyOnDisk

REPOSITORY = Path(__file__).resolve().parents[2]
LONDON = REPOSITORY.parent / "shared" / "data" / "london"


def test_a_sound_study_loads(small: StudyOnDisk) -> None:
    """Stimuli, items, ratings, protocol and the results folder beside the study file."""
    study = load_study(small.file)
    assert [stimulus.image_id for stimulus in study.stimuli] == ["a_happy", "a_sad", "b_happy", "b_sad"]
    assert study.ratings is not None
    assert study.ratings.items == ("emotion", "valence")
    assert (study.protocol, study.results, study.simulated_people) == (
        "context-carry",
        small.folder / "results",
        False,
    )
    assert faults(small.file) == ()


def test_a_study_needs_no_ratings(small: StudyOnDisk) -> None:
    """People's ratings may come later."""
    small.spoil("study.yaml", "ratings: ratings.csv\n", "")
    assert load_study(small.file).ratings is None


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [
        ("study.yaml", "groups: [hair]", "groups: [hiar]", "study.yaml, line 7, key factors.groups[1]"),
        ("study.yaml", "intended: emotion", "intended: emotions", "study.yaml, line 5, key items.emotion.intended"),
        ("study.yaml", "protocol: context-carry", "protocol: context-cary", "study.yaml, line 8, key protocol"),
        ("stimuli.csv", "b_sad,images", "../b_sad,images", "stimuli.csv, row 5, column image_id"),
        ("stimuli.csv", "sad,b,long", "bad,b,long", "stimuli.csv, row 5, column emotion"),
        ("ratings.csv", "sad,2,1.0", "sad,22,1.0", "ratings.csv, row 3, column valence"),
        ("study.yaml", "ratings: ratings.csv", "ratings: none.csv", "none.csv"),
        ("study.yaml", "stimuli: stimuli.csv", "stimuli: none.csv", "none.csv"),
        ("study.yaml", "ratings: ratings.csv", "response_time: seconds", "study.yaml, line 3, key response_time"),
        (
            "study.yaml",
            "ratings: ratings.csv",
            "ratings: ratings.csv\nresponse_time: x",
            "ratings.csv, row 1, column x",
        ),
    ],
)
def test_a_fault_anywhere_stops_loading_with_its_place(
    small: StudyOnDisk, name: str, old: str, new: str, place: str
) -> None:
    """Whatever the file, the error is one sentence that begins with file, row and column."""
    small.spoil(name, old, new)
    with pytest.raises(StudyError) as caught:
        load_study(small.file)
    assert f"{place}: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_message_says_how_many_faults_there_are(small: StudyOnDisk) -> None:
    """The first fault is told, the others are counted, and the command that lists them is named."""
    small.spoil("ratings.csv", "sad,2,1.0", "sad,22,1.0")
    small.spoil("ratings.csv", "happy,7,2.5", "happy,seven,2.5")
    small.spoil("stimuli.csv", "sad,b,long", "bad,b,long")
    with pytest.raises(StudyError, match=r"… and 2 more; `vlmrate validate` lists them$"):
        load_study(small.file)


def test_pictures_are_left_to_validate(small: StudyOnDisk) -> None:
    """Ratings can be analyzed where the pictures are not at hand; validate finds all that is wrong with them."""
    (small.folder / "images" / "a_sad.png").unlink()
    (small.folder / "images" / "b_sad.png").write_bytes(b"nothing")
    assert len(load_study(small.file).stimuli) == 4
    found = faults(small.file)
    assert [(fault.file.name, fault.row, fault.column) for fault in found] == [
        ("stimuli.csv", 3, "path"),
        ("stimuli.csv", 5, "path"),
    ]
    assert "no such picture" in found[0].message
    assert "not a picture" in found[1].message


def test_validate_finds_faults_in_every_file_at_once(small: StudyOnDisk) -> None:
    """A wrong key part, a wrong id, a wrong rating and a bad picture are all in one list, file by file."""
    small.spoil("study.yaml", "groups: [hair]", "groups: [hiar]")
    small.spoil("stimuli.csv", "b_happy,", "b/happy,")
    small.spoil("ratings.csv", "sad,2,1.0", "sad,22,1.0")
    (small.folder / "images" / "b_happy.png").unlink()
    places = [(fault.file.name, fault.row, fault.column) for fault in faults(small.file)]
    assert places == [
        ("study.yaml", 7, "factors.groups[1]"),
        ("stimuli.csv", 4, "image_id"),
        ("stimuli.csv", 4, "path"),
        ("ratings.csv", 3, "valence"),
    ]


def test_a_folder_of_one_s_own_is_a_protocol(small: StudyOnDisk) -> None:
    """The protocol may be a folder beside the study file."""
    small.spoil("study.yaml", "protocol: context-carry", "protocol: mine")
    with pytest.raises(StudyError, match="no shipped protocol"):
        load_study(small.file)
    (small.folder / "mine").mkdir()
    (small.folder / "mine" / "protocol.yaml").write_text("steps: []\n", encoding="utf-8")
    assert load_study(small.file).protocol == "mine"


def test_the_study_is_looked_for_where_one_stands(tmp_path: Path) -> None:
    """--study first (file or folder), then study.yaml here, then configs/study.yaml here."""
    with pytest.raises(StudyError, match="vlmrate init"):
        find_study(None, tmp_path)
    (tmp_path / "configs").mkdir()
    default = tmp_path / "configs" / "study.yaml"
    default.touch()
    assert find_study(None, tmp_path) == default
    here = tmp_path / "study.yaml"
    here.touch()
    assert find_study(None, tmp_path) == here
    assert find_study(default, tmp_path) == default
    assert find_study(tmp_path / "configs", tmp_path) == default
    with pytest.raises(StudyError, match=r"none\.yaml: there is no such study file"):
        find_study(tmp_path / "none.yaml", tmp_path)


def test_the_demo_study_is_sound() -> None:
    """configs/study.yaml loads and validates, says that its people are simulated, and is fully crossed."""
    file = REPOSITORY / "configs" / "study.yaml"
    assert faults(file) == ()
    study = load_study(file)
    assert study.simulated_people
    design = describe(study)
    assert design.identities_in_every_emotion
    assert design.crossing is not None
    assert {(cell.images, cell.identities) for cell in design.crossing.cells} == {(4, 4)}


@pytest.mark.skipif(not LONDON.is_dir(), reason="the London faces lie beside the repository, not in it")
def test_the_london_faces_load_in_seconds_and_validate(tmp_path: Path) -> None:
    """A quarter of a million real ratings load without a fault; half of the pictures have none."""
    file = tmp_path / "study.yaml"
    file.write_text(
        f"name: london\nstimuli: {LONDON}/stimuli.csv\nratings: {LONDON}/human_ratings.csv.gz\n"
        "items:\n  attractiveness: {low: 1, high: 7}\n"
        "factors: {emotion: emotion, identity: identity, groups: [race, gender]}\n",
        encoding="utf-8",
    )
    begun = time.perf_counter()
    study = load_study(file)
    assert time.perf_counter() - begun < 5  # about 0.3 s alone; the margin is for a busy machine
    assert faults(file) == ()
    ratings = describe(study).ratings
    assert ratings is not None
    assert (ratings.ratings, ratings.raters, len(ratings.images_without)) == (256_326, 2_513, 102)
    assert study.ratings is not None
    assert study.ratings.means("attractiveness")["n"].unique().tolist() == [2_513]
