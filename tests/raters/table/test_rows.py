"""Tables of predictions as they stand in files of every kind, and what is said of files that hold none."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from typing import TYPE_CHECKING

import pytest

from vlmrate.raters.table.rows import Table, is_missing, read_table
from vlmrate.study import csvfile

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [{"image_id": "007", "emotion": "happy"}, {"image_id": "b", "emotion": "sad"}]
CSV = "image_id,emotion\n007,happy\nb,sad\n"


def written(tmp_path: Path, text: str | bytes, name: str) -> Path:
    """The text as a file, compressed where its name says so."""
    file = tmp_path / name
    content = text if isinstance(text, bytes) else text.encode()
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return file


def sound(file: Path) -> Table:
    """The table of a file without a fault."""
    table, faults = read_table(file)
    assert [str(fault) for fault in faults] == []
    assert table is not None
    return table


@pytest.mark.parametrize(
    ("text", "name", "first"),
    [
        (CSV, "p.csv", 2),
        (CSV, "P.CSV", 2),
        (CSV, "p.csv.gz", 2),
        ("\ufeff" + CSV, "p.csv", 2),
        (CSV.replace("\n", "\r\n"), "p.csv", 2),
        ("image_id,emotion,\n007,happy,\nb,sad,\n", "p.csv", 2),
        (",image_id,emotion\n0,007,happy\n1,b,sad\n", "p.csv", 2),
        (json.dumps(ROWS), "p.json", 1),
        (json.dumps({row["image_id"]: {"emotion": row["emotion"]} for row in ROWS}), "p.json", 1),
        (json.dumps({row["image_id"]: row for row in ROWS}), "p.json.gz", 1),
        ("\n".join(map(json.dumps, ROWS)), "p.jsonl", 1),
        ("\n".join(map(json.dumps, ROWS)), "p.jsonl.gz", 1),
    ],
)
def test_every_format_gives_the_same_table(tmp_path: Path, text: str, name: str, first: int) -> None:
    """Ids keep their zeros, a byte order mark and a column without a name do no harm, rows are counted as people do."""
    file = written(tmp_path, text, name)
    table = sound(file)
    assert table.columns == ("image_id", "emotion")
    assert [dict(row.cells) for row in table.rows] == ROWS
    assert [row.number for row in table.rows] == [first, first + 1]
    assert table.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_blank_rows_are_passed_over_and_counted(tmp_path: Path) -> None:
    """The number of a row is the one that a spreadsheet or an editor shows."""
    assert [row.number for row in sound(written(tmp_path, "image_id,v\na,1\n,\n\nb,2\n", "p.csv")).rows] == [2, 5]
    assert [row.number for row in sound(written(tmp_path, '{"v": 1}\n\n{"v": 2}\n', "p.jsonl")).rows] == [1, 3]


def test_objects_inside_objects_have_columns_with_dots(tmp_path: Path) -> None:
    """What others nest can be named; what one object lacks is simply not there."""
    text = '[{"id": "a", "scores": {"happy": 0.9, "more": {"sad": null}}}, {"id": "b"}]'
    table = sound(written(tmp_path, text, "p.json"))
    assert table.columns == ("id", "scores.happy", "scores.more.sad")
    assert dict(table.rows[0].cells) == {"id": "a", "scores.happy": 0.9, "scores.more.sad": None}
    assert dict(table.rows[1].cells) == {"id": "b"}


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (CSV, "p.xlsx", "has another ending than .csv, .json and .jsonl"),
        ("", "p.csv", "is empty; the first row must name the columns"),
        ("image_id,emotion\n", "p.csv", "holds no predictions"),
        ("image_id;emotion\na;happy\n", "p.csv", "row 1: columns are separated by semicolons"),
        ("v,v\n1,2\n", "p.csv", "row 1, column v: two columns have this name"),
        ("image_id,v\na,1\nb,3,5\n", "p.csv", "row 3: has 3 cells where the header has 2 columns"),
        (b"image_id,emotion\na,fr\xf6hlich\n", "p.csv", "is not UTF-8 text; save it as UTF-8"),
        (b'{"a": "\xf6"}', "p.json", "is not UTF-8 text"),
        ("[]", "p.json", "holds no predictions"),
        ("{}", "p.json", "holds no predictions"),
        ("", "p.json", "is not JSON: Expecting value in line 1, column 1"),
        ('[{"a": 1},\n{"a": }]', "p.json", "is not JSON: Expecting value in line 2, column 7"),
        ("3", "p.json", "is neither a list of objects nor an object of images"),
        ("[3]", "p.json", "row 1: is not an object of columns"),
        ('{"a.jpg": "happy"}', "p.json", "row 1: is not an object of columns"),
        ('{"a": {"v": 1}, "a": {"v": 2}}', "p.json", "'a' stands twice in one object; keep one"),
        ('{"a": {"image_id": "b"}}', "p.json", "row 1: stands under 'a' and says that it is of 'b'"),
        ("[" * 100_000, "p.json", "is not JSON that can be read"),
        ('[{"a": ' + "9" * 5_000 + "}]", "p.json", "is not JSON that can be read"),
        ('{"v": 1}\n{"v": \n', "p.jsonl", "row 2: is not JSON"),
        ('{"v": 1}\n[1]\n', "p.jsonl", "row 2: is not an object of columns"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_place(
    tmp_path: Path, text: str | bytes, name: str, said: str
) -> None:
    """One sentence with the file and, where it has one, the row."""
    file = written(tmp_path, text, name)
    table, faults = read_table(file)
    assert table is None
    assert said in str(faults[0])
    assert file.name in str(faults[0])


def test_every_wrong_row_is_told_at_once(tmp_path: Path) -> None:
    """A person corrects the file once."""
    _, faults = read_table(written(tmp_path, "image_id,v\na\nb,1\nc\n", "p.csv"))
    assert [fault.row for fault in faults] == [2, 4]


def test_a_file_that_is_not_there_or_broken_is_told(tmp_path: Path) -> None:
    """A missing file, a folder and half a .gz file."""
    assert "there is no such file" in str(read_table(tmp_path / "none.csv")[1][0])
    (tmp_path / "folder.csv").mkdir()
    assert "cannot be read" in str(read_table(tmp_path / "folder.csv")[1][0])
    whole = written(tmp_path, CSV, "p.csv.gz")
    whole.write_bytes(whole.read_bytes()[:-12])
    assert "is no whole .gz file" in str(read_table(whole)[1][0])


@pytest.mark.parametrize(
    ("name", "row"), [("p.csv.gz", "a,happy\n"), ("p.json.gz", " " * 8), ("p.jsonl.gz", '{"image_id": "a"}\n')]
)
def test_a_small_file_that_unpacks_to_gigabytes_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, row: str
) -> None:
    """Reading ends soon after the limit, whatever the format; the same table not compressed is read."""
    limit = 2**20
    monkeypatch.setattr(csvfile, "MAX_UNPACKED", limit)
    said = "cannot be read: it unpacks to more than 1 MiB; unpack it yourself if it is to be trusted"
    rows = row * (limit // len(row) + 1)
    file = written(tmp_path, rows, name)
    assert file.stat().st_size < limit / 100
    table, faults = read_table(file)
    assert table is None
    assert str(faults[0]).endswith(said)
    assert not any(said in str(fault) for fault in read_table(written(tmp_path, rows, name.removesuffix(".gz")))[1])


@pytest.mark.parametrize(
    ("cell", "missing"),
    [("", True), (" ", True), ("NA", True), ("nan", True), ("NaN", True), (None, True), (math.nan, True),
     ("0", False), (0, False), (False, False), ("none", False), ([], False)],
)  # fmt: skip
def test_what_counts_as_missing(cell: object, missing: bool) -> None:
    """What programs write for nothing, and nothing else."""
    assert is_missing(cell) is missing
