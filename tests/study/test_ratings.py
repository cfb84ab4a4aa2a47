from __future__ import annotations

import gzip
import math
from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import StudyError
from vlmrate.study.ratings import HumanRatings, read_ratings
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.study.faults import Fault

VALENCE = Item("valence", Likert(1, 9))
EMOTION = Item("emotion", Labels(("happy", "sad")))
ITEMS = (EMOTION, VALENCE)
IMAGES = ("001", "b")


def written(tmp_path: Path, text: str, name: str = "ratings.csv") -> Path:
    """The text as a file, compressed where its name says so."""
    file = tmp_path / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return file


def sound(file: Path) -> HumanRatings:
    """The ratings of a file without a fault."""
    ratings, faults = read_ratings(file, ITEMS, IMAGES)
    assert [str(fault) for fault in faults] == []
    assert ratings is not None
    return ratings


def faulty(file: Path) -> tuple[Fault, ...]:
    """The faults of a file that cannot be used."""
    ratings, faults = read_ratings(file, ITEMS, IMAGES)
    assert ratings is None
    return faults


RAW = "rater_id,image_id,valence,emotion,seconds\nr1,001,8,happy,1.5\nr1,b,2,sad,2\nr2,001,5,NA,1\nr2,b,,happy,\n"


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.csv.gz"])
def test_raw_ratings_give_singles_means_and_votes(tmp_path: Path, name: str) -> None:
    """Plain or compressed: missing cells are left out, ids keep their zeros, extra columns are kept."""
    ratings = sound(written(tmp_path, RAW, name))
    assert ratings.items == ("emotion", "valence")
    assert ratings.has_singles
    assert ratings.singles("valence").to_dict("list") == {
        "rater_id": ["r1", "r1", "r2"],
        "image_id": ["001", "b", "001"],
        "value": [8.0, 2.0, 5.0],
    }
    means = ratings.means("valence")
    assert means.loc["001"].to_dict() == {"mean": 6.5, "sd": pytest.approx(math.sqrt(4.5)), "n": 2}
    assert math.isnan(means.loc["b", "sd"])
    assert ratings.votes("emotion").loc["b"].to_dict() == {"happy": 1, "sad": 1}
    assert "seconds" in ratings.table.columns


def test_a_mean_of_labels_is_refused(tmp_path: Path) -> None:
    """Labels have votes and no mean."""
    with pytest.raises(StudyError, match="votes"):
        sound(written(tmp_path, RAW)).means("emotion")


def test_an_item_that_people_did_not_rate_is_named(tmp_path: Path) -> None:
    """Asking for it says what they did rate."""
    ratings = sound(written(tmp_path, "rater_id,image_id,valence\nr1,b,3\n"))
    with pytest.raises(StudyError, match=r"emotion \(they rated valence\)"):
        ratings.singles("emotion")


AGGREGATED = "image_id,item,mean,sd,n\nb,valence,2.5,1.2,40\n001,valence,7,,1\n"


def test_aggregated_ratings_give_means_but_no_singles(tmp_path: Path) -> None:
    """They are told from raw ones by their columns; single ratings are refused in words."""
    ratings = sound(written(tmp_path, AGGREGATED))
    assert ratings.items == ("valence",)
    assert not ratings.has_singles
    means = ratings.means("valence")
    assert list(means.index) == ["001", "b"]
    assert means.loc["b"].to_dict() == {"mean": 2.5, "sd": 1.2, "n": 40}
    with pytest.raises(StudyError, match="aggregated"):
        ratings.singles("valence")


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("r1,x,3,sad,1", "image_id", "unknown image 'x'"),
        ("r1,,3,sad,1", "image_id", "is missing"),
        (",001,3,sad,1", "rater_id", "is missing"),
        ("r1,001,10,sad,1", "valence", "10 is off the scale 1 to 9"),
        ("r1,001,0,sad,1", "valence", "0 is off the scale"),
        ("r1,001,inf,sad,1", "valence", "inf is off the scale"),
        ("r1,001,4.5,sad,1", "valence", "between two points"),
        ("r1,001,five,sad,1", "valence", "'five' is not a number"),
        ("r1,001,5,sda,1", "emotion", "did you mean 'sad'?"),
        ("r0,b,5,sad,1", "image_id", "already rated the image in row 2"),
    ],
)
def test_a_wrong_cell_is_named_with_row_and_column(tmp_path: Path, row: str, column: str, words: str) -> None:
    """The row counts as in the file, header and blank rows included."""
    header = "rater_id,image_id,valence,emotion,seconds\n"
    faults = faulty(written(tmp_path, f"{header}r0,b,1,sad,2\n\n{row}\n"))
    assert [(fault.row, fault.column) for fault in faults] == [(4, column)]
    assert words in faults[0].message


def test_the_same_fault_in_many_rows_is_one_fault_with_all_its_rows(tmp_path: Path) -> None:
    """A wrong scale in a long table does not print a line a row."""
    rows = "".join(f"r{number},b,12\n" for number in range(50))
    faults = faulty(written(tmp_path, f"rater_id,image_id,valence\n{rows}"))
    assert len(faults) == 1
    assert (faults[0].row, faults[0].also_rows) == (2, tuple(range(3, 52)))
    assert "(also 3, 4, 5, 6, 7 and 44 more)" in str(faults[0])


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("x,valence,3,1,9", "image_id", "unknown image"),
        ("b,valnce,3,1,9", "item", "did you mean 'valence'?"),
        ("b,emotion,3,1,9", "item", "labels"),
        ("b,valence,9.5,1,9", "mean", "off the scale"),
        ("b,valence,,1,9", "mean", "is missing"),
        ("b,valence,x,1,9", "mean", "not a number"),
        ("b,valence,3,-1,9", "sd", "SD"),
        ("b,valence,3,x,9", "sd", "SD"),
        ("b,valence,3,1,0", "n", "whole number from 1"),
        ("b,valence,3,1,2.5", "n", "whole number from 1"),
        ("b,valence,3,1,", "n", "whole number from 1"),
        ("001,valence,3,1,9", "item", "already stands in row 2"),
    ],
)
def test_a_wrong_aggregate_is_named_with_row_and_column(tmp_path: Path, row: str, column: str, words: str) -> None:
    """Means must lie on the scale, SDs be 0 or more, counts whole numbers from 1, pairs single."""
    faults = faulty(written(tmp_path, f"image_id,item,mean,sd,n\n001,valence,2.5,1.2,40\n{row}\n"))
    assert [(fault.row, fault.column) for fault in faults] == [(3, column)]
    assert words in faults[0].message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"rater_id,image_id,valence\n", "holds no ratings"),
        (b"rater,image_id,valence\nr,b,1\n", "did you mean it by 'rater'?"),
        (b"rater_id,image_id,arousal\nr,b,1\n", "has no column of an item"),
        (b"rater_id,image_id,Valence\nr,b,1\n", "is nearly the item valence"),
        (b"rater_id;image_id;valence\nr;b;1\n", "separated by semicolons"),
        (b"rater_id,image_id,valence\nr,b,1\nr,001,1,7\n", "more cells than the header"),
        (b"rater_id,image_id,valence\nr,b,1,7\nr,001,1,7\n", "more cells than the header"),
        ("rater_id,image_id,valence\nKöln,b,1\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    """Wrong headers, ragged rows, other separators and encodings each give a clear fault."""
    file = tmp_path / "ratings.csv"
    file.write_bytes(content)
    assert words in str(faulty(file)[0])


@pytest.mark.parametrize("content", [b"no gzip at all", gzip.compress(RAW.encode(), mtime=0)[:-20]])
def test_a_damaged_gz_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    """A file that only claims to be compressed, or was cut off while copying, is no crash."""
    file = tmp_path / "ratings.csv.gz"
    file.write_bytes(content)
    assert "no whole .gz file" in str(faulty(file)[0])


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path: Path) -> None:
    """Spreadsheets save 'CSV UTF-8' with a mark in front."""
    ratings = sound(written(tmp_path, "\ufeffrater_id,image_id,valence\nr1,001,5\n"))
    assert ratings.singles("valence")["rater_id"].tolist() == ["r1"]


def test_ids_that_all_look_like_numbers_stay_text(tmp_path: Path) -> None:
    """Image 001 is not image 1, in raw and in aggregated tables, even where every id is made of digits."""
    raw = sound(written(tmp_path, "rater_id,image_id,valence\n01,001,5\n02,001,6\n"))
    assert raw.singles("valence")["rater_id"].tolist() == ["01", "02"]
    assert raw.means("valence").index.tolist() == ["001"]
    aggregated = sound(written(tmp_path, "image_id,item,mean,sd,n\n001,valence,5,1,2\n"))
    assert aggregated.means("valence").index.tolist() == ["001"]


TIMED = "rater_id,image_id,valence,seconds\nr1,001,8,1\nr2,001,5,100\nr3,001,5,10\nr1,b,2,\nr2,b,2,NA\n"


def test_response_times_are_medians_of_logs(tmp_path: Path) -> None:
    """Of each image with any; blank ones are left out, and a study that names no column has none."""
    file = written(tmp_path, TIMED)
    ratings, faults = read_ratings(file, ITEMS, IMAGES, response_time="seconds")
    assert faults == ()
    assert ratings is not None
    assert ratings.log_times().to_dict() == {"001": pytest.approx(math.log(10))}
    with pytest.raises(StudyError, match="response_time"):
        sound(file).log_times()


@pytest.mark.parametrize(
    ("old", "new", "column", "said"),
    [
        ("5,100", "5,0", "seconds", "row 3, column seconds: 0 is no response time above 0"),
        ("5,100", "5,-2", "seconds", "row 3, column seconds: -2 is no response time above 0"),
        ("5,100", "5,inf", "seconds", "row 3, column seconds: inf is no response time above 0"),
        ("5,100", "5,quick", "seconds", "row 3, column seconds: 'quick' is not a number"),
        ("", "", "second", "row 1, column second: the column of response times is missing; did you mean 'seconds'?"),
        ("", "", "valence", "row 1, column valence: is an id or an item"),
        ("", "", "rater_id", "row 1, column rater_id: is an id or an item"),
    ],
)
def test_response_times_that_cannot_be_used_are_named(
    tmp_path: Path, old: str, new: str, column: str, said: str
) -> None:
    """A time that is none has its row and column, a column that is not there or is something else its name."""
    ratings, faults = read_ratings(written(tmp_path, TIMED.replace(old, new)), ITEMS, IMAGES, response_time=column)
    assert ratings is None
    assert said in str(faults[0])


def test_means_have_no_response_times(tmp_path: Path) -> None:
    """Aggregated ratings and a column of response times do not go together."""
    file = written(tmp_path, "image_id,item,mean,sd,n\n001,valence,5,1,10\n")
    ratings, faults = read_ratings(file, ITEMS, IMAGES, response_time="seconds")
    assert ratings is None
    assert "means of ratings have no response times" in str(faults[0])
