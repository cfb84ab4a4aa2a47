from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vlmrate.study.file import json_schema, read_study_file, schema_text
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from tests.study.conftest import StudyOnDisk

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_study_file_becomes_items_and_factors(small: StudyOnDisk) -> None:
    """Items keep their order, scales, anchors and intended column; factors their parts."""
    document, faults = read_study_file(small.file)
    assert faults == ()
    assert document is not None
    assert document.content.item_records() == (
        Item("emotion", Labels(("happy", "sad")), "emotion"),
        Item("valence", Likert(1, 9, "bad", "good")),
    )
    factors = document.content.factor_records()
    assert (factors.emotion, factors.identity, factors.groups) == ("emotion", "who", ("hair",))


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("ratings: ratings.csv", "ratngs: ratings.csv", 3, "ratngs", "did you mean 'ratings'?"),
        ("name: small", "name: ../small", 1, "name", "has a slash in it"),
        ("name: small", "name: 2024", 1, "name", "must be text, not 2024 (put it in quotes)"),
        ("name: small", "", None, "name", "the key 'name' is missing"),
        ("high: 9", "high: nine", 6, "items.valence.high", "must be a whole number, not 'nine'"),
        ("high: 9", "high: 9.0", 6, "items.valence.high", "must be a whole number, not 9.0"),
        ("high: 9", "high: 1", 6, "items.valence", "low (1) must be below high (1)"),
        ("high: 9", "high: 5000", 6, "items.valence", "more than 1,001 points"),
        ("high: 9", "hihg: 9", 6, "items.valence.hihg", "did you mean 'high'?"),
        ("low_anchor: bad", "intended: emotion", 6, "items.valence.intended", "does not fit"),
        ("[happy, sad]", "[happy, no]", 5, "items.emotion.options[2]", "put it in quotes"),
        ("[happy, sad]", "[happy]", 5, "items.emotion.options", "needs at least 2 entries"),
        ("[happy, sad]", "[happy, Happy]", 5, "items.emotion.options", "stands in the list twice"),
        ("[hair]", "hair", 7, "factors.groups", "must be a list"),
        ("[hair]", "[who]", 7, "factors", "the column 'who' is given two parts"),
        ("  valence:", "  my item:", 6, "items.my item", "is not a plain word"),
        ("  valence:", "  image_id:", 6, "items.image_id", "a meaning of its own"),
        ("  valence:", "  Emotion:", None, "items", "'emotion' and 'Emotion' differ by case alone"),
        ("  valence:", "  emotion:", 6, "items.emotion", "a second time (first on line 5)"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_line(
    small: StudyOnDisk, old: str, new: str, line: int | None, key: str, words: str
) -> None:
    """Each fault of study.yaml says on which line and at which key it is, and what would be right."""
    small.spoil("study.yaml", old, new)
    _, faults = read_study_file(small.file)
    matching = [fault for fault in faults if fault.column == key and words in fault.message]
    assert matching, [str(fault) for fault in faults]
    if line is not None:
        assert matching[0].row == line


def test_all_faults_of_a_file_are_found_at_once(small: StudyOnDisk) -> None:
    """Three unrelated mistakes give three faults, not the first alone."""
    small.spoil("study.yaml", "high: 9", "high: x")
    small.spoil("study.yaml", "protocol:", "protcol:")
    small.spoil("study.yaml", "name: small", "name: .small")
    _, faults = read_study_file(small.file)
    assert {fault.column for fault in faults} == {"items.valence.high", "protcol", "name"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("- a\n- b\n", "must be keys with values"),
        ("name: [a\nstimuli: b\n", "is not valid YAML"),
        ("name: a\n\tstimuli: b\n", "is not valid YAML"),
        ("name: \x07\n", "is not valid YAML"),
        ("name: 2024-13-45\n", "cannot read"),
        ("a: &a [*a]\n", "unknown key"),
        ("name: !!python/object/apply:os.getcwd []\n", "is not valid YAML"),
        ("a: " + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_no_study_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    """Broken, empty, hostile or shapeless YAML gives a fault and never an exception."""
    file = tmp_path / "study.yaml"
    file.write_text(text, encoding="utf-8")
    document, faults = read_study_file(file)
    assert document is None
    assert any(words in fault.message for fault in faults), [str(fault) for fault in faults]


def test_a_file_in_another_encoding_is_refused_in_words(tmp_path: Path) -> None:
    """Latin-1 text is told from UTF-8."""
    file = tmp_path / "study.yaml"
    file.write_bytes("name: Köln\n".encode("latin-1"))
    _, faults = read_study_file(file)
    assert "UTF-8" in faults[0].message


def test_the_schema_on_disk_is_the_model_s() -> None:
    """configs/study.schema.json is what the model says now; `vlmrate validate --schema` prints it anew."""
    assert (REPOSITORY / "configs" / "study.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_schema_knows_every_key_and_refuses_others() -> None:
    """Editors complete the keys of a study and mark unknown ones."""
    schema = json.loads(schema_text())
    assert schema == json_schema()
    assert set(schema["properties"]) >= {"name", "stimuli", "ratings", "items", "factors", "protocol", "results"}
    assert schema["additionalProperties"] is False


def test_the_demo_study_points_editors_to_the_schema() -> None:
    """The first line of configs/study.yaml names the schema beside it."""
    first = (REPOSITORY / "configs" / "study.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=study.schema.json"
