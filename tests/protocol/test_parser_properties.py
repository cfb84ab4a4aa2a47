"""What holds of every answer, however strange."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from vlmrate.protocol.parser import Reading, read_answer, read_answers
from vlmrate.study.records import Item, Labels, Likert

ITEMS = (
    Item("emotion", Labels(("happy", "sad", "angry", "fear", "disgust", "neutral"))),
    Item("valence", Likert(1, 9)),
    Item("slider", Likert(-50, 50)),
    Item("표정", Labels(("행복", "very sad", "sad"))),
)
PIECES = st.sampled_from(
    [
        *("happy", "Happiness", "sad", "very sad", "fearful", "anger", "neutral", "행복", "not", "isn't", "or", "and"),
        *("7", "12", "-3", "7.5", "7/9", "1 to 9", "out of 9", "seven", "9-point", "%", "more than", "1e400", "07"),
        *("{", "}", "[", "]", ":", ",", '"', "'", "\\", "\\u0061", "```json\n", "```", "\n", ".", " ", "=", "-", "—"),
        *('"emotion"', '"valence"', "emotion:", "Valence:", '"표정":', '"rating": ', "true", "null", "입니다", "아니"),
        *("I can't help", "I'm sorry, but I cannot", "ſad", "ı", "İ", "ß", "７", "٧", "\ud800", "\x00", "\u200b"),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join), st.lists(PIECES, max_size=14).map(" ".join)
)
FORMS = st.sampled_from(["text", "json"])


def check(text: str, item: Item, reading: Reading) -> None:
    """What every reading must hold to."""
    scale = item.scale
    if reading.value is None:
        assert reading.route in ("invalid", "refused")
        assert reading.span is None
        assert reading.clamped_from is None
        return
    assert reading.route in ("exact", "json", "fence", "regex", "prefix")
    if isinstance(scale, Labels):
        assert reading.value in scale.options
    else:
        assert isinstance(reading.value, int)
        assert scale.low <= reading.value <= scale.high
    assert reading.clamped_from is None or math.isfinite(reading.clamped_from)
    if reading.span is not None:
        again = read_answer(text[slice(*reading.span)], item)
        assert again.value == reading.value
        assert again.clamped_from == reading.clamped_from


@given(TEXTS, st.sampled_from(ITEMS), FORMS)
def test_one_item(text: str, item: Item, form: str) -> None:
    """Reading never raises; a value is always on the scale; its span reads to the same value on its own."""
    check(text, item, read_answer(text, item, form))  # type: ignore[arg-type]


@given(TEXTS, FORMS)
def test_several_items(text: str, form: str) -> None:
    """The same holds of a step that asks several items, and each item gets exactly one reading, in order."""
    readings = read_answers(text, ITEMS, form)  # type: ignore[arg-type]
    assert [reading.item for reading in readings] == [item.name for item in ITEMS]
    for item, reading in zip(ITEMS, readings, strict=True):
        check(text, item, reading)


@given(st.sampled_from(ITEMS), st.data())
def test_every_answer_on_the_scale_is_read_exactly(item: Item, data: st.DataObject) -> None:
    """Each valid answer, as it is spoken, is read as itself: plain, and as JSON under the item's name."""
    answer = data.draw(st.sampled_from(item.answers))
    plain = read_answer(answer, item)
    named = read_answer(f'{{"{item.name}": "{answer}"}}', item, "json")
    assert (str(plain.value), plain.route) == (answer, "exact")
    assert (str(named.value), named.route) == (answer, "json")
