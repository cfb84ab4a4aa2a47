"""A whole file of predictions against a study's images and items, with every fault at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vlmrate.raters.table.mapping import Columns
from vlmrate.raters.table.predictions import Predictions, read_predictions
from vlmrate.study.records import Item, Labels, Likert, Stimulus

ITEMS = (Item("emotion", Labels(("happy", "sad"))), Item("valence", Likert(1, 9)))
STIMULI = tuple(Stimulus(image_id, Path(f"/pictures/{image_id}.jpg"), {}) for image_id in ("a", "b", "c"))


def read(
    folder: Path, text: str, columns: Columns | None = None, name: str = "p.csv"
) -> tuple[Predictions | None, list[str]]:
    """The predictions of a file, and its faults as places and sentences."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    predictions, faults = read_predictions(file, STIMULI, ITEMS, columns or Columns())
    return predictions, [f"{fault.place}: {fault.message}" for fault in faults]


def test_rows_are_predictions_with_what_was_said(tmp_path: Path) -> None:
    """Images, answers, routes and the cells as written; images that the file lacks are named."""
    text = "image_id,emotion,valence,note\nfaces/b.jpg,contempt,3,x\na,happy,,y\n"
    predictions, faults = read(tmp_path, text, Columns(off_list="keep"))
    assert faults == []
    assert predictions is not None
    first, second = predictions.rows
    assert (first.stimulus.image_id, first.repeat, json.loads(first.said)) == (
        "b", 1, {"emotion": "contempt", "valence": "3"},
    )  # fmt: skip
    assert [(answer.item, answer.value, answer.route) for row in (first, second) for answer in row.answers] == [
        ("emotion", None, "off-list"), ("valence", 3.0, "native"),
        ("emotion", "happy", "native"), ("valence", None, "invalid"),
    ]  # fmt: skip
    assert predictions.unrated == ("c",)
    assert predictions.loosely == (("faces/b.jpg", "b"),)
    assert dict(predictions.count("emotion")) == {"off-list": 1, "native": 1}
    assert predictions.settings["kind"] == "table"
    assert predictions.settings["file"] == "p.csv"


def test_repeats_stand_side_by_side(tmp_path: Path) -> None:
    """An image may be rated several times where a column says which time it was."""
    text = "image_id,valence,run\na,3,1\na,4,2\nb,5,1.0\n"
    predictions, faults = read(tmp_path, text, Columns(repeat="run"))
    assert faults == []
    assert predictions is not None
    assert [(row.stimulus.image_id, row.repeat) for row in predictions.rows] == [("a", 1), ("a", 2), ("b", 1)]


NO_REPEAT = "is no number of a repeat (1, 2, … to 9,999)"


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("image_id,valence\nz,3\n", Columns(), ["row 2, column image_id: unknown image 'z', not in the stimuli table"]),
        ("image_id,valence\n,3\n", Columns(), ["row 2, column image_id: the name of the image is missing"]),
        (
            "image_id,valence\na,3\nb,2\na.png,4\n",
            Columns(),
            [
                "row 4, column image_id: a stands in row 2 already; keep one, or pass --repeat COLUMN if the image was "
                "rated several times"
            ],
        ),
        (
            "image_id,valence,run\na,3,1\na,4,1\n",
            Columns(repeat="run"),
            ["row 3, column image_id: this repeat of a stands in row 2 already; keep one"],
        ),
        (
            "image_id,valence,run\na,3,0\nb,3,x\nc,1,1.5\n",
            Columns(repeat="run"),
            [
                f"row 2, column run: '0' {NO_REPEAT}",
                f"row 3, column run: 'x' {NO_REPEAT}",
                f"row 4, column run: '1.5' {NO_REPEAT}",
            ],
        ),
        ("image_id,valence,run\na,3,\n", Columns(repeat="run"), [f"row 2, column run: '' {NO_REPEAT}"]),
        (
            "image_id,valence\na,high\nb,12\n",
            Columns(),
            [
                "row 2, column valence: 'high' is not a number",
                "row 3, column valence: 12 is off the scale 1 to 9; if theirs is another scale, pass --range "
                "valence=LOW:HIGH",
            ],
        ),
        (
            "image_id,valence\na,high\nb,high\nc,high\n",
            Columns(),
            ["row 2 (also 3, 4), column valence: 'high' is not a number"],
        ),
    ],
)
def test_every_fault_is_told_with_row_and_column(tmp_path: Path, text: str, columns: Columns, said: list[str]) -> None:
    """All of them at once, the same one in several rows once."""
    predictions, faults = read(tmp_path, text, columns)
    assert predictions is None
    assert faults == said


def test_the_entry_of_a_json_file_is_its_row(tmp_path: Path) -> None:
    """Counted from 1."""
    _, faults = read(tmp_path, '{"a": {"valence": 3}, "b": {"valence": [4]}}', name="p.json")
    assert faults == ["row 2, column valence: [4] is not a number"]
    _, faults = read(tmp_path, '[{"image_id": ["a"], "valence": 3}]', name="p.json")
    assert faults == ["row 1, column image_id: ['a'] is no name"]


def test_words_that_are_no_unicode_are_stored_all_the_same(tmp_path: Path) -> None:
    """JSON can hold half a sign; it is kept as written."""
    predictions, faults = read(tmp_path, '{"a": {"emotion": "\\ud800"}}', Columns(off_list="keep"), name="p.json")
    assert faults == []
    assert predictions is not None
    assert predictions.rows[0].said.encode() == b'{"emotion": "\\ud800"}'
