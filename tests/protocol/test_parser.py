"""The table of answers: what is read from each, and by which way."""

from __future__ import annotations

import time

import pytest

from vlmrate.protocol.parser import Reading, read_answer, read_answers
from vlmrate.protocol.prose import READ_LIMIT
from vlmrate.study.records import Item, Labels, Likert

EMOTION = Item("emotion", Labels(("happy", "sad", "angry", "fear", "disgust", "neutral")))
VALENCE = Item("valence", Likert(1, 9))
AROUSAL = Item("arousal", Likert(1, 9))
ATTRACTIVENESS = Item("attractiveness", Likert(1, 7))
SLIDER = Item("pleasantness", Likert(-50, 50))
PERCENT = Item("confidence", Likert(0, 100))
KOREAN = Item("emotion", Labels(("행복", "슬픔")))
MOOD = Item("mood", Labels(("happy", "very happy", "unhappy")))

LABELS = [
    ("happy", "happy", "exact"),
    ("Happy", "happy", "exact"),
    (" HAPPY.\n", "happy", "exact"),
    ("**Happy**", "happy", "exact"),
    ('"happy"', "happy", "exact"),
    ("“happy”", "happy", "exact"),
    ("`happy`!", "happy", "exact"),
    ("ｈａｐｐｙ", "happy", "exact"),
    ("```\nhappy\n```", "happy", "exact"),
    ('{"emotion": "happy"}', "happy", "json"),
    ('{"EMOTION": "Happy."}', "happy", "json"),
    ("{“emotion”: “happy”}", "happy", "json"),
    ('[{"emotion": "happy"}]', "happy", "json"),
    ('{"answer": {"emotion": "happy"}}', "happy", "json"),
    ('{"emotion": {"label": "happy"}}', "happy", "json"),
    ('{"emotion": ["happy"]}', "happy", "json"),
    ('{"emotion": "happy", "note": "not sad, not angry"}', "happy", "json"),
    ('Here you are: {"emotion": "happy"} Anything else?', "happy", "json"),
    ('{"label": "happy", "score": 0.93}', "happy", "json"),
    ('{"emotion": "happy", "emotion": "HAPPY"}', "happy", "json"),
    ('```json\n{"emotion": "happy"}\n```', "happy", "fence"),
    ('Sure!\n```\n{"emotion": "happy"}\n```\nThe mouth smiles.', "happy", "fence"),
    ('```json\n{"emotion": "happy"}', "happy", "fence"),
    ('{"emotion": "Happiness"}', "happy", "prefix"),
    ('{"emotion": "a happy face"}', "happy", "regex"),
    ('{"emotion": "happy", "val', "happy", "regex"),
    ('{"emotion": "happy"', "happy", "regex"),
    ("{'emotion': 'happy'}", "happy", "regex"),
    ("{emotion: happy}", "happy", "regex"),
    ("Emotion: happy", "happy", "regex"),
    ("**Emotion:** happy\nValence: 7", "happy", "regex"),
    ("The face is happy.", "happy", "regex"),
    ("happy, very happy", "happy", "regex"),
    ("표정은 happy 입니다", "happy", "regex"),
    ("happy입니다", "happy", "regex"),
    ("The person is not smiling; the expression is neutral.", "neutral", "regex"),
    ("I can't identify the person, but the expression is happy.", "happy", "regex"),
    ("The face displays joy, I say happy", "happy", "regex"),
    ("Happiness", "happy", "prefix"),
    ("Fearful", "fear", "prefix"),
    ("angrily", "angry", "prefix"),
    ("Disgusted.", "disgust", "prefix"),
    ("very fearful", "fear", "prefix"),
    ("slightly saddened face", "sad", "prefix"),
    ("not happy", None, "invalid"),
    ("isn't particularly happy", None, "invalid"),
    ("not fearful", None, "invalid"),
    ("happy가 아닙니다", None, "invalid"),
    ("happy or sad", None, "invalid"),
    ("happy/sad", None, "invalid"),
    ("not happy but sad", None, "invalid"),
    ("It is fear or anger.", None, "invalid"),
    ("happiness and sadness", None, "invalid"),
    ("fearless", None, "invalid"),
    ("unhappy", None, "invalid"),
    ("joyful", None, "invalid"),
    ("gender-neutral", None, "invalid"),
    ("sadly, I think this person looks content", None, "invalid"),
    ("happy, sad, angry, fear, disgust, neutral", None, "invalid"),
    ("Emotion: happy\nBut it could be sad", None, "invalid"),
    ("Emotion: happy\nEmotion: sad", None, "invalid"),
    ('{"emotion": "joyful"} I mean happy', None, "invalid"),
    ('{"emotion": "happy", "emotion": "sad"}', None, "invalid"),
    ('[{"emotion": "happy"}, {"emotion": "sad"}]', None, "invalid"),
    ('{"emotion": ["happy", "sad"]}', None, "invalid"),
    ('{"emotion": null}', None, "invalid"),
    ('{"emotion": 3}', None, "invalid"),
    ('{"emotion": "hap', None, "invalid"),
    ('{"emotion":', None, "invalid"),
    ("7", None, "invalid"),
    ("", None, "invalid"),
    (" \n ", None, "invalid"),
    ("I can't help with that.", None, "refused"),
    ("I can’t assist with this request.", None, "refused"),
    ("I'm sorry, but I cannot identify emotions. It might be happy.", None, "refused"),
    ("I am sorry, I am unable to do so.", None, "refused"),
    ("I cannot determine whether the face is happy or sad.", None, "refused"),
    ("I'm not able to provide an assessment.", None, "refused"),
    ("I must decline.", None, "refused"),
]

NUMBERS = [
    ("7", 7, "exact", None),
    ("7.", 7, "exact", None),
    ("**7**", 7, "exact", None),
    ("(7)", 7, "exact", None),
    ("７", 7, "exact", None),
    ("٧", 7, "exact", None),
    ("7.0", 7, "exact", None),
    ("7.4", 7, "exact", 7.4),
    ("7.5", 8, "exact", 7.5),
    ("12", 9, "exact", 12),
    ("0", 1, "exact", 0),
    ("-3", 1, "exact", -3),
    ("−3", 1, "exact", -3),
    ('{"valence": 7}', 7, "json", None),
    ('{"valence": "7"}', 7, "json", None),
    ('{"valence": 7.4}', 7, "json", 7.4),
    ('{"valence": 12}', 9, "json", 12),
    ('{"rating": 7, "reason": "2 wrinkles"}', 7, "json", None),
    ('```json\n{"valence": 7}\n```', 7, "fence", None),
    ('{"valence": "7 out of 9"}', 7, "regex", None),
    ('{"valence": 7/9}', 7, "regex", None),
    ('{"valence": 7', 7, "regex", None),
    ('{"valence": 7, "arousal": 5', 7, "regex", None),
    ("Valence: 7\nArousal: 5", 7, "regex", None),
    ("Valence: 7 (1 = very unpleasant, 9 = very pleasant)", 7, "regex", None),
    ("7/9", 7, "regex", None),
    ("7 out of 9", 7, "regex", None),
    ("9/9", 9, "regex", None),
    ("I rate it 7 on a scale from 1 to 9", 7, "regex", None),
    ("On a scale of 1–9, I say 7.", 7, "regex", None),
    ("Between 1 and 9, where 1 is very unpleasant and 9 is very pleasant, 7", 7, "regex", None),
    ("on a 9-point scale: 5", 5, "regex", None),
    ("7점입니다", 7, "regex", None),
    ("7 - very pleasant", 7, "regex", None),
    ("The 35 years old man gets a 7", 7, "regex", None),
    ("I would rate this 12", 9, "regex", 12),
    ("seven", 7, "regex", None),
    ("One.", 1, "regex", None),
    ("I would rate this a seven out of nine.", 7, "regex", None),
    ("between 3 and 5", None, "invalid", None),
    ("3-5", None, "invalid", None),
    ("3–5", None, "invalid", None),
    ("3 or 4", None, "invalid", None),
    ("six or seven", None, "invalid", None),
    ("1 to 9", None, "invalid", None),
    ("7/10", None, "invalid", None),
    ("8/8", None, "invalid", None),
    ("7-point scale", None, "invalid", None),
    ("7,5", None, "invalid", None),
    ("70%", None, "invalid", None),
    ("more than 5", None, "invalid", None),
    ("at least 6", None, "invalid", None),
    ("<5", None, "invalid", None),
    ("7 or higher", None, "invalid", None),
    ("not 7", None, "invalid", None),
    ("The person is 35 years old", None, "invalid", None),
    ("I see 35 wrinkles around the eyes", None, "invalid", None),
    ("no one smiles", None, "invalid", None),
    ("two people", None, "invalid", None),
    ("seven point five", None, "invalid", None),
    ("Valence: 7\nOr rather 5", None, "invalid", None),
    ('{"valence": true}', None, "invalid", None),
    ('{"valence": 7, "valence": 5}', None, "invalid", None),
    ('{"valence": 1e400}', None, "invalid", None),
    ("1e400", None, "invalid", None),
    ("9" * 5000, None, "invalid", None),
    ("happy", None, "invalid", None),
    ("I cannot provide a rating from 1 to 9.", None, "refused", None),
]


@pytest.mark.parametrize(("text", "value", "route"), LABELS)
def test_labels(text: str, value: str | None, route: str) -> None:
    """Each answer about the emotion is read as the table says, by the way the table says."""
    reading = read_answer(text, EMOTION)
    assert (reading.value, reading.route) == (value, route)


@pytest.mark.parametrize(("text", "value", "route", "clamped_from"), NUMBERS)
def test_numbers(text: str, value: int | None, route: str, clamped_from: float | None) -> None:
    """Each answer on the 1-9 scale is read as the table says, and what was clamped or rounded is recorded."""
    reading = read_answer(text, VALENCE)
    assert (reading.value, reading.route, reading.clamped_from) == (value, route, clamped_from)


@pytest.mark.parametrize(
    ("text", "item", "value", "route"),
    [
        ("8", ATTRACTIVENESS, 7, "exact"),
        ("5/7", ATTRACTIVENESS, 5, "regex"),
        ("5/9", ATTRACTIVENESS, None, "invalid"),
        ("-20", SLIDER, -20, "exact"),
        ("On a scale from -50 to 50: -20", SLIDER, -20, "regex"),
        ("-7.5", SLIDER, -8, "exact"),
        ('{"confidence": 7', PERCENT, None, "invalid"),
        ('{"confidence": 42', PERCENT, 42, "regex"),
        ("행복", KOREAN, "행복", "exact"),
        ("이 얼굴은 행복 입니다", KOREAN, "행복", "regex"),
        ('{"emotion": "\\ud589\\ubcf5"}', KOREAN, "행복", "json"),
        ("She is very happy today", MOOD, "very happy", "regex"),
        ("Very  Happy", MOOD, "very happy", "exact"),
        ("unhappy", MOOD, "unhappy", "exact"),
    ],
)
def test_other_scales(text: str, item: Item, value: str | int | None, route: str) -> None:
    """Nothing is made for emotion or 1-9: other scales, negative ends, labels of two words, Korean labels."""
    reading = read_answer(text, item)
    assert (reading.value, reading.route) == (value, route)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"emotion": "happy", "valence": 7, "arousal": 12}', ("happy", 7, 9)),
        ('```json\n{"Emotion": "sad", "Valence": "2", "Arousal": 3}\n```', ("sad", 2, 3)),
        ('{"emotion": "happy", "valence": 7, "ar', ("happy", 7, None)),
        ('{"emotion": "happy", "valence": 7}', ("happy", 7, None)),
        ("Emotion: happy\nValence: 7\nArousal: 5\nThe person smiles.", ("happy", 7, 5)),
        ("Emotion: happy. Valence: 7. Arousal: 5.", ("happy", 7, 5)),
        ("- **Emotion**: happy\n- **Valence**: 7/9\n- **Arousal**: 5/9", ("happy", 7, 5)),
        ("happy, 7, 5", (None, None, None)),
        ("happy", (None, None, None)),
        ("I'm sorry, but I can't assist with that.", (None, None, None)),
    ],
)
def test_several_items(text: str, values: tuple[str | int | None, ...]) -> None:
    """Several items are read by their names, never by their order; one unreadable item does not harm the others."""
    readings = read_answers(text, (EMOTION, VALENCE, AROUSAL), "json")
    assert tuple(reading.value for reading in readings) == values
    assert tuple(reading.item for reading in readings) == ("emotion", "valence", "arousal")


def test_object_without_the_name() -> None:
    """Where JSON was asked for and came without the item's name, another field is not taken for the answer."""
    text = '{"mood": "happy"}'
    assert read_answer(text, EMOTION, "json").route == "invalid"
    assert read_answer(text, EMOTION, "text").value == "happy"
    assert read_answer("The face is happy.", EMOTION, "json").value == "happy"


@pytest.mark.parametrize(
    ("text", "item", "slice_"),
    [
        ('{"emotion": "happy", "note": "happy"}', EMOTION, "happy"),
        ("I think: Happiness!", EMOTION, "Happiness"),
        ("**Fearful**", EMOTION, "Fearful"),
        ("I rate it 7 of 9", VALENCE, "7"),
        ('{"valence": 12}', VALENCE, "12"),
        ("７점", VALENCE, "７"),
        ('{"emotion": "h\\u0061ppy"}', EMOTION, None),
    ],
)
def test_span(text: str, item: Item, slice_: str | None) -> None:
    """`span` is where the value stands in the text as given; a value written with escapes stands nowhere."""
    reading = read_answer(text, item)
    assert (text[slice(*reading.span)] if reading.span else None) == slice_


def test_what_was_said_is_kept() -> None:
    """An unreadable answer keeps its words: those under the item's name where there is one, else all of them."""
    assert read_answer('{"emotion": "joyful"}', EMOTION).said == "joyful"
    assert read_answer("Joyful, I guess", EMOTION).said == "Joyful, I guess"
    assert read_answer("7 out of 9", VALENCE) == Reading("valence", 7, "regex", None, (0, 1), "7")


def test_only_the_beginning_is_read() -> None:
    """Beyond READ_LIMIT nothing is read, and a word cut in two by the limit is not read as a shorter one."""
    filler = "so " * (READ_LIMIT // 3)
    assert read_answer(f"happy {filler}{filler} sad", EMOTION).value == "happy"
    assert read_answer(f"{filler}{filler} happy", EMOTION).value is None
    assert read_answer("x " * (READ_LIMIT // 2 - 1) + " 123", PERCENT).value is None


@pytest.mark.parametrize(
    "unit",
    [
        *(" ", "a", "7", "7 ", "happy ", "not ", '"', "\\", '"\\"', "{", "[", '{"emotion":', '"emotion":["', "```"),
        *("emotion: ", "emotion:\n", "1 to ", "I'm sorry ", "seven ", "a/", "a or ", ".", "- ", "\n", "행복"),
    ],
)
def test_long_answers_are_fast(unit: str) -> None:
    """Ten million characters of whatever repeats are read within two seconds of work, for labels, numbers and both."""
    text = unit * (10_000_000 // len(unit))
    start = time.process_time()
    readings = [read_answer(text, EMOTION), read_answer(text, VALENCE), *read_answers(text, (EMOTION, VALENCE), "json")]
    assert time.process_time() - start < 2
    assert len(readings) == 4
