"""What a person says of someone else's columns, labels and numbers."""

from __future__ import annotations

import pytest

from vlmrate.errors import RaterError
from vlmrate.raters.table.mapping import Said, parse_columns
from vlmrate.study.records import Item, Labels, Likert

ITEMS = (Item("emotion", Labels(("happy", "sad"))), Item("valence", Likert(1, 9)))


def test_options_are_read_and_flat_settings_say_all_of_them() -> None:
    """Every option lands where it belongs; equals signs and dots may stand in labels and columns."""
    columns = parse_columns(
        Said(
            ("emotion=top=1", "valence="),
            ("emotion.a.b=c=happy", "emotion.contempt="),
            ("valence=-1:1.5",),
            ("emotion=p_",),
        ),
        ITEMS,
        image="file",
        off_list="keep",
    )
    assert columns.columns == {"emotion": "top=1", "valence": ""}
    assert columns.labels == {"emotion": {"a.b=c": "happy", "contempt": ""}}
    assert columns.ranges == {"valence": (-1.0, 1.5)}
    assert columns.settings == {
        "column.emotion": "top=1",
        "column.valence": "",
        "label.emotion.a.b=c": "happy",
        "label.emotion.contempt": "",
        "range.valence": "-1.0:1.5",
        "probabilities.emotion": "p_",
        "image": "file",
        "repeat": None,
        "off_list": "keep",
        "off_scale": "fault",
    }


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Said(columns=("emotion",)), "--column 'emotion' is not written ITEM=COLUMN"),
        (Said(columns=("emotoin=x",)), "the study has no item 'emotoin'; did you mean 'emotion'"),
        (Said(columns=("emotion=x", "emotion=y")), "emotion has been given already"),
        (Said(labels=("emotion.joy",)), "is not written ITEM.THEIRS=OURS"),
        (Said(labels=("emotion=happy",)), "is not written ITEM.THEIRS=OURS"),
        (Said(labels=("emotion.=happy",)), "is not written ITEM.THEIRS=OURS"),
        (Said(labels=("emotion.joy=hapy",)), "emotion has no label 'hapy'; did you mean 'happy'"),
        (Said(labels=("emotion.joy=happy", "emotion.joy=sad")), "'joy' has already been given another meaning"),
        (Said(labels=("valence.high=9",)), "valence is answered with numbers; --range"),
        (Said(ranges=("emotion=0:1",)), "emotion is answered with labels; --label"),
        (Said(ranges=("valence=0-1",)), "is not written ITEM=LOW:HIGH"),
        (Said(ranges=("valence=0:1:2",)), "is not written ITEM=LOW:HIGH"),
        (Said(ranges=("valence=1:1",)), "the first number must be below the second"),
        (Said(ranges=("valence=-1:1e999",)), "the first number must be below the second"),
        (Said(ranges=("valence=nan:1",)), "is not written ITEM=LOW:HIGH"),
        (Said(probabilities=("mood=p_",)), "the study has no item 'mood'"),
    ],
)
def test_what_does_not_suit_is_refused_with_the_option(said: Said, message: str) -> None:
    """One sentence names the option as typed and what is wrong with it."""
    with pytest.raises(RaterError) as refused:
        parse_columns(said, ITEMS)
    assert message in str(refused.value)
