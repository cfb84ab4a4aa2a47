"""Where in a table each item is answered, and what is said where that is not clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlmrate.raters.table.mapping import Columns
from vlmrate.raters.table.rows import Row, Table
from vlmrate.raters.table.sources import Source, find_sources
from vlmrate.study.records import Item, Labels, Likert

ITEMS = (Item("emotion", Labels(("happy", "sad"))), Item("valence", Likert(1, 3)))


def table(*columns: str) -> Table:
    """A table with these columns and one row."""
    return Table(Path("p.csv"), "", columns, (Row(2, dict.fromkeys(columns, "")),))


def sources(given: Table, columns: Columns) -> dict[str, Source]:
    """The sources by item, where nothing is wrong."""
    _, found, faults = find_sources(given, ITEMS, columns)
    assert [str(fault) for fault in faults] == []
    return {source.item.name: source for source in found}


def faults(given: Table, columns: Columns) -> list[str]:
    """What is wrong, as sentences."""
    return [str(fault) for fault in find_sources(given, ITEMS, columns)[2]]


def test_columns_called_like_items_are_found_and_others_left_out() -> None:
    """An item that the table does not answer is no fault."""
    found = sources(table("image_id", "valence", "seconds"), Columns())
    assert {name: source.column for name, source in found.items()} == {"valence": "valence"}


def test_columns_can_be_named_and_left_out() -> None:
    """Nothing after the equals sign leaves an item out, even where its column is there."""
    found = sources(table("file", "top", "valence"), Columns(columns={"emotion": "top", "valence": ""}, image="file"))
    assert {name: source.column for name, source in found.items()} == {"emotion": "top"}


def test_the_likeliest_answer_may_go_before_a_column() -> None:
    """With nothing after the equals sign the item's column is passed over, and its probabilities are read."""
    columns = Columns(columns={"emotion": ""}, probabilities={"emotion": "p_"})
    found = sources(table("image_id", "emotion", "p_happy", "p_sad"), columns)
    assert found["emotion"].column is None


def test_probabilities_are_found_by_their_beginning_and_translated() -> None:
    """Two of theirs may be one of ours, and a column of answers is none of probabilities."""
    columns = Columns(
        columns={"emotion": "p_top"},
        labels={"emotion": {"joy": "happy", "contempt": ""}},
        probabilities={"emotion": "p_", "valence": "v"},
    )
    found = sources(table("image_id", "p_top", "p_happy", "p_joy", "p_sad", "p_contempt", "v1", "v2", "v3"), columns)
    assert found["emotion"].column == "p_top"
    assert found["emotion"].probabilities == {"p_happy": "happy", "p_joy": "happy", "p_sad": "sad", "p_contempt": None}
    assert found["valence"].column is None
    assert found["valence"].probabilities == {"v1": "1", "v2": "2", "v3": "3"}
    assert found["emotion"].columns == ("p_top", "p_happy", "p_joy", "p_sad", "p_contempt")


def test_probabilities_without_a_beginning_are_the_answers_alone() -> None:
    """Where columns are called like the answers, no other column is taken for one."""
    found = sources(table("image_id", "happy", "sad", "age"), Columns(probabilities={"emotion": ""}))
    assert found["emotion"].probabilities == {"happy": "happy", "sad": "sad"}


@pytest.mark.parametrize(
    ("columns", "given", "said"),
    [
        (
            ("filename", "valence"),
            Columns(),
            "column image_id: the column is missing; if 'filename' names the images, pass --image filename",
        ),
        (("File Name", "valence"), Columns(), "pass --image 'File Name'"),
        (
            ("file", "image", "valence"),
            Columns(),
            "say which names the images with --image COLUMN; the columns are file, image",
        ),
        (("a", "valence"), Columns(), "say which names the images with --image COLUMN"),
        (
            ("files", "valence"),
            Columns(image="file"),
            "column file: the column is missing; did you mean it by 'files'?",
        ),
        (("image_id", "age"), Columns(), "has no column of an item (emotion, valence)"),
        (("image_id", "Emotion", "valence"), Columns(), "is nearly the item emotion; pass --column emotion=Emotion"),
        (("image_id", "valence"), Columns(columns={"emotion": "top"}), "column top: the column is missing"),
        (
            ("image_id", "valence"),
            Columns(ranges={"valence": (0, 1)}, labels={"emotion": {"a": "sad"}}),
            "column emotion: the column is missing",
        ),
        (("image_id", "valence"), Columns(repeat="run"), "column run: the column is missing"),
        (
            ("image_id", "v1", "v2", "v3"),
            Columns(ranges={"valence": (0, 1)}, probabilities={"valence": "v"}),
            "column valence: the column is missing",
        ),
        (
            ("image_id", "p_happy"),
            Columns(probabilities={"emotion": "p_"}),
            "column p_sad: the column is missing; every answer of the study needs one, so if theirs is called "
            "otherwise pass --label emotion.THEIRS=sad",
        ),
        (("image_id", "v1", "v2"), Columns(probabilities={"valence": "v"}), "column v3: the column is missing"),
        (
            ("image_id", "p_happy", "p_sad", "p_contempt"),
            Columns(probabilities={"emotion": "p_"}),
            "column p_contempt: 'contempt' is no answer to emotion; say which it is with --label emotion.contempt=OURS",
        ),
    ],
)
def test_what_is_not_clear_is_told_with_what_to_type(columns: tuple[str, ...], given: Columns, said: str) -> None:
    """Nothing is guessed: a likely column is suggested."""
    assert said in " ".join(faults(table(*columns), given))


def test_answers_that_the_study_does_not_offer_may_be_kept() -> None:
    """They count as none of its answers."""
    columns = Columns(probabilities={"emotion": "p_"}, off_list="keep")
    found = sources(table("image_id", "p_happy", "p_sad", "p_contempt"), columns)
    assert found["emotion"].probabilities["p_contempt"] is None
