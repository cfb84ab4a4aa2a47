"""Templates: what they may name, and what is said of a name that is not known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrate.errors import ProtocolError
from vlmrate.protocol.template import Scope, Template, read_template
from vlmrate.study.records import Item, Labels, Likert, Stimulus

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[str | bytes], Template]

FACE = Stimulus("one.png", Path("one.png"), {"felt": "sad", "face type": "round {x}", "blank": " "})
ITEMS = {
    "emotion": Item("emotion", Labels(("happy", "sad")), intended="felt"),
    "valence": Item("valence", Likert(1, 9, low_anchor="bad")),
    "posed": Item("posed", Labels(("yes", "no")), intended="posed_column"),
    "naturalness": Item("naturalness", Likert(1, 5)),
}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a text as the template of a protocol's second step: emotion was asked, valence is being asked."""

    def read_text(text: str | bytes) -> Template:
        file = tmp_path / "step.txt"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_template(file, Scope(ITEMS, ("emotion",), ("emotion", "valence"), (FACE,)))

    return read_text


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("It is {emotion}.", "It is ANSWER."),
        ("One of {emotion.options}", "One of happy, sad"),
        ("{valence.low} ({valence.low_anchor}) to {valence.high}", "1 (bad) to 9"),
        ("{naturalness.high}", "5"),
        ("{intended.emotion}", "sad"),
        ("{stimulus.felt} {stimulus.image_id}", "sad one.png"),
        ("{stimulus.face type}", "round {x}"),
        ('{{"valence": {valence.low}}}', '{"valence": 1}'),
        ("{emotion}{emotion}", "ANSWERANSWER"),
        ("one\n", "one"),
        ("one\r\n", "one"),
        ("one\n\n", "one\n"),
        (" one \ntwo", " one \ntwo"),
        ("어떤 표정?", "어떤 표정?"),
        (b"\xef\xbb\xbfone", "one"),
    ],
)
def test_rendered(read: Read, text: str | bytes, prompt: str) -> None:
    """Names are filled in and nothing else changes, but for one line end at the end of the file."""
    assert read(text).render({"emotion": "ANSWER"}, FACE) == prompt


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{emotoin}", ["{emotoin} is not known", "did you mean {emotion}?", "{valence.low}", "{stimulus.felt}"]),
        ("{valence}", ["{valence} is asked in this step or a later one"]),
        ("{naturalness}", ["this protocol does not ask it"]),
        ("{valence.high_anchor}", ["no high_anchor"]),
        ("{valence.options}", ["{valence.options} is not known"]),
        ("{emotion.low}", ["{emotion.low} is not known"]),
        ("{intended.valence}", ["needs a right answer", "'valence'"]),
        ("{intended.emotoin}", ["{intended.emotoin} is not known", "did you mean {intended.emotion}?"]),
        ("{intended.posed}", ["needs a column 'posed_column'"]),
        ("{stimulus.fellt}", ["needs a column 'fellt'", "did you mean {stimulus.felt}?"]),
        ("{stimulus.blank}", ["image 'one.png' has nothing in column 'blank'"]),
        ("{emotion.__class__}", ["{emotion.__class__} is not known"]),
        ("{emotion[0]}", ["{emotion[0]} is not known"]),
        ("{emotion!r}", ["takes no format"]),
        ("{emotion:>10}", ["takes no format"]),
        ("{}", ["{} is not known"]),
        ("{emotion", ["braces do not match", "{{ or }}"]),
        ('{"emotion": 1}', ["takes no format"]),
        ("a } b", ["braces do not match"]),
        ("", ["is empty"]),
        (" \n", ["is empty"]),
        (b"\xff\xfe", ["not UTF-8"]),
    ],
)
def test_refused(read: Read, text: str | bytes, says: list[str]) -> None:
    """A name that cannot be filled in is an error before anything is asked; it names the file and what is known."""
    with pytest.raises(ProtocolError) as caught:
        read(text)
    assert "step.txt" in str(caught.value)
    assert caught.value.exit_code == 2
    for part in says:
        assert part in str(caught.value)


def test_no_guess_where_the_name_is_right(read: Read) -> None:
    """A name that is well spelt but cannot be filled in here gets its reason, and no other name proposed."""
    for text in ("{valence}", "{valence.high_anchor}", "{naturalness}", "{intended.valence}"):
        with pytest.raises(ProtocolError) as caught:
            read(text)
        assert "did you mean" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    """A template that is not there is an error of the protocol, naming the file."""
    with pytest.raises(ProtocolError, match=r"none\.txt: the template cannot be read"):
        read_template(tmp_path / "none.txt", Scope(ITEMS, (), (), (FACE,)))


def test_names(read: Read) -> None:
    """`names` gives every name once, in the order of the file, as it is written there."""
    template = read("{emotion} {valence.low} {emotion} {intended.emotion}")
    assert template.names() == ("emotion", "valence.low", "intended.emotion")


@given(answer=st.text())
def test_answers_are_never_filled_in_again(answer: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a rater answered stands in the next prompt as it is, braces and names included."""
    file = tmp_path_factory.mktemp("template") / "step.txt"
    file.write_text("<{emotion}>", encoding="utf-8")
    template = read_template(file, Scope(ITEMS, ("emotion",), ("emotion",), (FACE,)))
    assert template.render({"emotion": answer}, FACE) == f"<{answer}>"
