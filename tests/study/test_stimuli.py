from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.study.names import MAX_NAME_BYTES
from vlmrate.study.records import Item, Labels
from vlmrate.study.stimuli import level_faults, read_stimuli

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.conftest import StudyOnDisk


def table(tmp_path: Path, text: str) -> Path:
    """A stimuli table on disk."""
    file = tmp_path / "stimuli.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_table_becomes_stimuli_with_their_factors(small: StudyOnDisk) -> None:
    """Ids, paths beside the table, and every further column as a factor; blank rows and spaces do not matter."""
    small.spoil("stimuli.csv", "a_sad,", "\n a_sad ,")
    read, faults = read_stimuli(small.folder / "stimuli.csv")
    assert faults == ()
    assert read is not None
    assert read.columns == ("emotion", "who", "hair")
    second = read.rows[1]
    assert second.number == 4
    assert second.stimulus.image_id == "a_sad"
    assert second.stimulus.path == small.folder / "images" / "a_sad.png"
    assert dict(second.stimulus.factors) == {"emotion": "sad", "who": "a", "hair": "short"}


def test_an_absolute_path_stays_as_it_is(tmp_path: Path) -> None:
    """Pictures may lie anywhere on the machine."""
    picture = tmp_path / "elsewhere" / "x.png"
    read, _ = read_stimuli(table(tmp_path, f"image_id,path\nx,{picture}\n"))
    assert read is not None
    assert read.stimuli[0].path == picture


@pytest.mark.parametrize(
    ("image_id", "words"),
    [
        ("", "is blank"),
        ("../x", "would leave its folder"),
        ("a/b", "would leave its folder"),
        ("a\\b", "would leave its folder"),
        ("/etc/x", "would leave its folder"),
        ("..", "begins with a dot"),
        (".x", "begins with a dot"),
        ("a\x07b", "invisible sign"),
        ("a\u200bb", "invisible sign"),
        ("face~2", "marks repeats"),
        ("é" * MAX_NAME_BYTES, "is longer than"),
    ],
)
def test_an_id_that_is_no_plain_file_name_is_refused(tmp_path: Path, image_id: str, words: str) -> None:
    """Ids become files in the results folder, so none may leave it, hide, clash with a repeat or be too long."""
    _, faults = read_stimuli(table(tmp_path, f"image_id,path\nok,x.png\n{image_id},y.png\n"))
    assert [(fault.row, fault.column) for fault in faults] == [(3, "image_id")]
    assert words in faults[0].message


@pytest.mark.parametrize("twin", ["face", "FACE", "Face"])
def test_ids_that_are_one_file_on_a_mac_are_refused(tmp_path: Path, twin: str) -> None:
    """Ids that differ in case alone would overwrite each other's ratings."""
    _, faults = read_stimuli(table(tmp_path, f"image_id,path\nface,x.png\nother,x.png\n{twin},y.png\n"))
    assert [(fault.row, fault.column) for fault in faults] == [(4, "image_id")]
    assert "row 2" in faults[0].message


def test_ids_in_two_unicode_forms_are_one(tmp_path: Path) -> None:
    """The same letters composed and decomposed name one file on macOS."""
    _, faults = read_stimuli(table(tmp_path, "image_id,path\ncaf\u00e9,x.png\ncafe\u0301,y.png\n"))
    assert [(fault.row, fault.column) for fault in faults] == [(3, "image_id")]


def test_every_fault_is_found_with_its_row_and_column(tmp_path: Path) -> None:
    """A duplicate, a missing path and a row of the wrong length are all reported at once."""
    _, faults = read_stimuli(table(tmp_path, "image_id,path,hair\na,x.png,long\na,y.png,long\nb,,long\nc,z.png\n"))
    assert [(fault.row, fault.column) for fault in faults] == [(3, "image_id"), (4, "path"), (5, None)]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", None, "is empty"),
        ("image_id,path\n", None, "holds no stimuli"),
        ("image,path\na,x.png\n", "image_id", "did you mean it by 'image'?"),
        ("image_id;path\na;x.png\n", None, "separated by semicolons"),
        ("image_id,path,hair,hair\na,x.png,1,2\n", "hair", "two columns"),
        ("image_id,path,\na,x.png,1\n", None, "column 3 has no name"),
    ],
)
def test_a_table_without_its_columns_is_refused(tmp_path: Path, text: str, column: str | None, words: str) -> None:
    """A header that cannot be used says which column is wrong, and how."""
    _, faults = read_stimuli(table(tmp_path, text))
    assert faults[0].column == column
    assert words in faults[0].message


def test_a_missing_table_is_a_fault_not_an_exception(tmp_path: Path) -> None:
    """A file that is not there is named."""
    read, faults = read_stimuli(tmp_path / "none.csv")
    assert read is None
    assert "there is no such file" in str(faults[0])
    assert "none.csv" in str(faults[0])


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path: Path) -> None:
    """Spreadsheets save 'CSV UTF-8' with a mark in front."""
    file = tmp_path / "stimuli.csv"
    file.write_bytes("\ufeffimage_id,path\na,x.png\n".encode())
    _, faults = read_stimuli(file)
    assert faults == ()


def test_unknown_and_blank_levels_are_found(small: StudyOnDisk) -> None:
    """An intended answer must be an option of its item, and a factor must have a level for every image."""
    small.spoil("stimuli.csv", "a_sad.png,sad,a,short", "a_sad.png,sda,a,")
    read, _ = read_stimuli(small.folder / "stimuli.csv")
    assert read is not None
    faults = level_faults(read, ["emotion", "hair"], [Item("emotion", Labels(("happy", "sad")), "emotion")])
    assert {(fault.row, fault.column) for fault in faults} == {(3, "emotion"), (3, "hair")}
    assert any("did you mean 'sad'?" in fault.message for fault in faults)
