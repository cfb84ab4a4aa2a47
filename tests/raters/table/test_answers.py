"""One row's answers: labels, numbers and probabilities, as given and as they stand on the study's scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrate.raters.table.answers import TableAnswer, read_answer
from vlmrate.raters.table.sources import Source
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.raters.table.mapping import OffList, OffScale

EMOTION = Item("emotion", Labels(("happy", "sad", "NA")))
VALENCE = Item("valence", Likert(1, 9))
LABELS = Source(EMOTION, "top", {"Joy": "happy", "contempt": "", "0": "sad"}, None, {})
NUMBERS = Source(VALENCE, "v", {}, None, {})
RESCALED = replace(NUMBERS, their_range=(-1.0, 1.0))
SHARES = replace(
    LABELS, column=None, probabilities={"p_happy": "happy", "p_joy": "happy", "p_sad": "sad", "p_NA": "NA", "p_x": None}
)
OF_NUMBERS = Source(Item("liking", Likert(1, 3)), None, {}, None, {"1": "1", "2": "2", "3": "3"})


def read(
    cells: Mapping[str, object], source: Source, *, off_list: OffList = "fault", off_scale: OffScale = "fault"
) -> tuple[TableAnswer, list[str]]:
    """The answer, and the faults as "column: message"."""
    told: list[str] = []
    answer = read_answer(
        cells,
        source,
        off_list=off_list,
        off_scale=off_scale,
        tell=lambda column, message: told.append(f"{column}: {message}"),
    )
    return answer, told


@pytest.mark.parametrize(
    ("cell", "value", "route"),
    [
        ("happy", "happy", "native"),
        (" sad ", "sad", "native"),
        ("Joy", "happy", "native"),
        ("NA", "NA", "native"),
        (0, "sad", "native"),
        ("contempt", None, "off-list"),
        ("", None, "invalid"),
        (None, None, "invalid"),
        ("nan", None, "invalid"),
    ],
)
def test_labels(cell: object, value: str | None, route: str) -> None:
    """The study's own and translated ones; a blank is no answer, but a study may offer NA."""
    answer, told = read({"top": cell}, LABELS)
    assert ((answer.value, answer.route), told) == ((value, route), [])


def test_an_unknown_label_is_a_fault_or_off_the_list() -> None:
    """It is told the nearest and what to type; only where it is asked for does it count as an answer of its own."""
    answer, told = read({"top": "hapy"}, LABELS)
    assert (answer.value, answer.route) == (None, "invalid")
    assert told == [
        "top: unknown label 'hapy' (did you mean 'happy'?); translate it with --label emotion.hapy=OURS, or pass "
        "--off-list keep to count it as one that the study does not offer"
    ]
    answer, told = read({"top": "hapy"}, LABELS, off_list="keep")
    assert ((answer.value, answer.route), told) == ((None, "off-list"), [])


@pytest.mark.parametrize("cell", [True, [1], 1.5j])
def test_what_is_no_word_is_no_label(cell: object) -> None:
    """JSON has other things than texts and numbers."""
    assert "is no label" in read({"top": cell}, LABELS, off_list="keep")[1][0]


@pytest.mark.parametrize(
    ("cell", "value"), [("1", 1.0), (9, 9.0), ("5.25", 5.25), (" 3 ", 3.0), ("+2", 2.0), ("2e0", 2.0), (".9e1", 9.0)]
)
def test_numbers_are_kept_unrounded(cell: object, value: float) -> None:
    """However they are written."""
    answer, told = read({"v": cell}, NUMBERS)
    assert ((answer.value, answer.route, answer.clamped_from), told) == ((value, "native", None), [])


@pytest.mark.parametrize("cell", ["high", "3,5", "1_0", "inf", "0x5", True, [3], "5 of 9", "٣"])
def test_what_is_no_number_is_a_fault(cell: object) -> None:
    """Nothing is read out of it."""
    answer, told = read({"v": cell}, NUMBERS, off_scale="clamp")
    assert answer.value is None
    assert told == [f"v: {cell!r} is not a number"]


@pytest.mark.parametrize(("cell", "value"), [("-1", 1.0), ("1", 9.0), ("0", 5.0), (-0.5, 3.0), ("0.25", 6.0)])
def test_another_scale_lands_exactly(cell: object, value: float) -> None:
    """[-1, 1] on a scale from 1 to 9 is (v + 1) / 2 x 8 + 1."""
    assert read({"v": cell}, RESCALED)[0].value == value


@given(st.floats(-1, 1))
def test_a_rescaled_number_is_on_the_scale(number: float) -> None:
    """Rounding never takes it over an end."""
    value = read({"v": number}, RESCALED)[0].value
    assert isinstance(value, float)
    assert 1 <= value <= 9
    assert value == pytest.approx((number + 1) / 2 * 8 + 1)


@pytest.mark.parametrize(
    ("cell", "source", "said", "held", "was"),
    [
        ("0.2", NUMBERS, "0.2 is off the scale 1 to 9; if theirs is another scale, pass --range valence=", 1.0, 0.2),
        (10, NUMBERS, "10 is off the scale 1 to 9", 9.0, 10.0),
        ("1.25", RESCALED, "1.25 is off the scale -1 to 1; --off-scale clamp holds", 9.0, 10.0),
        ("-1.5", RESCALED, "-1.5 is off the scale -1 to 1", 1.0, -1.0),
    ],
)
def test_a_number_off_the_scale_is_a_fault_or_held_at_its_end(
    cell: object, source: Source, said: str, held: float, was: float
) -> None:
    """Held only where it is asked for, and what was said is kept in the study's units."""
    answer, told = read({"v": cell}, source)
    assert (answer.value, answer.route) == (None, "invalid")
    assert said in told[0]
    answer, told = read({"v": cell}, source, off_scale="clamp")
    assert ((answer.value, answer.clamped_from), told) == ((held, was), [])


def test_infinity_is_held_nowhere() -> None:
    """A number too large to be one stays a fault."""
    for number in ("1e999", 10**400):
        assert "inf is off the scale" in read({"v": number}, NUMBERS, off_scale="clamp")[1][0]


def test_probabilities_are_those_of_the_study_and_the_likeliest_counts() -> None:
    """Two of theirs may be one of ours; what the study does not offer lowers the mass of valid answers."""
    answer, told = read({"p_happy": "0.3", "p_joy": 0.1, "p_sad": "0.35", "p_NA": 0.05, "p_x": 0.2}, SHARES)
    assert told == []
    assert (answer.value, answer.route) == ("happy", "native")
    assert answer.options is not None
    assert answer.options.probabilities == pytest.approx({"happy": 0.5, "sad": 0.4375, "NA": 0.0625})
    assert sum(answer.options.probabilities.values()) == pytest.approx(1)
    assert answer.options.valid_mass == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("shares", "value", "route"),
    [
        ((0.1, 0.0, 0.2, 0.0, 0.7), None, "off-list"),
        ((0.4, 0.0, 0.4, 0.0, 0.2), None, "invalid"),
        ((0.4, 0.0, 0.2, 0.0, 0.4), None, "invalid"),
        ((0.2, 0.3, 0.4, 0.0, 0.1), "happy", "native"),
        ((None, None, None, None, None), None, "invalid"),
    ],
)
def test_no_answer_is_guessed_between_equals(shares: tuple[float | None, ...], value: str | None, route: str) -> None:
    """Of two equally likely answers none is the likeliest; one that the study does not offer is off its list."""
    answer, told = read(dict(zip(SHARES.probabilities, shares, strict=True)), SHARES)
    assert ((answer.value, answer.route), told) == ((value, route), [])


def test_digits_have_probabilities_too() -> None:
    """Without a column of answers a scale's likeliest number counts, and the expected one follows from them."""
    answer, told = read({"1": 0.2, "2": 0.2, "3": 0.6}, OF_NUMBERS)
    assert ((answer.value, answer.route), told) == ((3.0, "native"), [])


def test_a_column_of_answers_goes_before_the_likeliest() -> None:
    """What was answered is what counts; the probabilities are kept beside it."""
    answer, told = read(
        {"top": "sad", "p_happy": 1, "p_joy": 0, "p_sad": 0, "p_NA": 0, "p_x": 0}, replace(SHARES, column="top")
    )
    assert ((answer.value, answer.route), told) == (("sad", "native"), [])
    assert answer.options is not None
    assert answer.options.probabilities["happy"] == 1


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((0.5, 0.0, 0.2, 0.0, 0.0), "p_happy: the row's probabilities of emotion sum to 0.7 and not to 1"),
        ((0.9, 0.2, 0.2, 0.0, 0.0), "p_happy: the row's probabilities of emotion sum to 1.3 and not to 1"),
        ((90, 0, 10, 0, 0), "p_happy: 90 is no probability from 0 to 1"),
        ((-0.1, 0.5, 0.6, 0, 0), "p_happy: -0.1 is no probability from 0 to 1"),
        (("?", 0.5, 0.5, 0, 0), "p_happy: '?' is no probability from 0 to 1"),
        ((None, 0.5, 0.5, 0, 0), "p_happy: the probability is missing, while the row has others"),
    ],
)
def test_what_are_no_probabilities_is_a_fault(shares: tuple[object, ...], said: str) -> None:
    """Percentages, scores and gaps are told with their column."""
    answer, told = read(dict(zip(SHARES.probabilities, shares, strict=True)), SHARES)
    assert said in told
    assert answer.options is None


def test_rounded_probabilities_pass_and_a_missing_class_only_where_it_is_said() -> None:
    """Two decimals may miss 1 by a little; a larger rest must be known to be of answers that are not offered."""
    cells = dict(zip(SHARES.probabilities, (0.33, 0.0, 0.32, 0.32, 0.0), strict=True))
    assert read(cells, SHARES)[1] == []
    cells["p_happy"] = 0.1
    assert "sum to 0.74" in read(cells, SHARES)[1][0]
    answer, told = read(cells, SHARES, off_list="keep")
    assert told == []
    assert answer.options is not None
    assert answer.options.valid_mass == pytest.approx(0.74)
