"""A protocol carried out: what is asked next, what is carried on, when it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import AskError
from vlmrate.protocol.conduct import CARRY_LIMIT, Outcome, conduct, read_reply
from vlmrate.protocol.load import load_protocol
from vlmrate.protocol.parser import Given
from vlmrate.protocol.records import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from vlmrate.protocol.records import Protocol
    from vlmrate.study.records import Study

    Write = Callable[[str, Mapping[str, str]], Path]

STEPS = """description: Three steps.
steps:
  - {asks: [emotion], template: a.txt}
  - {asks: [valence], template: b.txt}
  - {asks: [arousal], template: c.txt}
"""
FILES = {"a.txt": "Which?", "b.txt": "<{emotion}>", "c.txt": "<{emotion}|{valence}>"}


@dataclass(frozen=True)
class Said:
    """A reply of a scripted rater."""

    text: str
    refused: bool = False
    given: Mapping[str, Given] | None = None


def ask_all(protocol: Protocol, study: Study, *answers: str) -> tuple[list[str], Outcome[Said]]:
    """Carry the protocol out on the first image with a rater that gives these answers; the prompts it saw."""
    script = iter(answers)
    flow: Generator[Question, Said, Outcome[Said]] = conduct(protocol, study.stimuli[0])
    prompts = []
    try:
        question = next(flow)
        while True:
            prompts.append(question.prompt)
            question = flow.send(Said(next(script)))
    except StopIteration as end:
        return prompts, end.value


@pytest.fixture
def three_steps(study: Study, write_protocol: Write) -> Callable[[str], Protocol]:
    """A protocol of three steps, with the given `on_invalid`."""

    def of(on_invalid: str) -> Protocol:
        write_protocol("three", {"protocol.yaml": f"{STEPS}on_invalid: {on_invalid}\n", **FILES})
        return load_protocol("three", study)

    return of


def test_answers_are_carried_as_read(study: Study, three_steps: Callable[[str], Protocol]) -> None:
    """A label is carried as the study writes it and a number as it was clamped; nothing is left out of the outcome."""
    prompts, outcome = ask_all(three_steps("carry-text"), study, "**Happiness**", "I would rate it 12", "5.")
    assert prompts == ["Which?", "<happy>", "<happy|9>"]
    assert [reading.value for reading in outcome.readings] == ["happy", 9, 5]
    assert [turn.reply.text for turn in outcome.turns] == ["**Happiness**", "I would rate it 12", "5."]
    assert [turn.question.prompt for turn in outcome.turns] == prompts
    assert not outcome.stopped


def test_unreadable_answer_is_carried_as_said(study: Study, three_steps: Callable[[str], Protocol]) -> None:
    """With carry-text the words of an unreadable answer go into the later prompts, in one line, and it stays None."""
    prompts, outcome = ask_all(three_steps("carry-text"), study, "Joyful,\n  {valence} ", "3 or 4", "5")
    assert prompts[1:] == ["<Joyful, {valence}>", "<Joyful, {valence}|3 or 4>"]
    assert [(reading.value, reading.route) for reading in outcome.readings] == [
        (None, "invalid"),
        (None, "invalid"),
        (5, "exact"),
    ]
    assert not outcome.stopped


def test_long_unreadable_answer_is_cut(study: Study, three_steps: Callable[[str], Protocol]) -> None:
    """No more than CARRY_LIMIT characters of an unreadable answer are carried; the reply keeps all of them."""
    prompts, outcome = ask_all(three_steps("carry-text"), study, "x" * 5000, "5", "5")
    assert prompts[1] == f"<{'x' * CARRY_LIMIT}>"
    assert outcome.turns[0].reply.text == "x" * 5000


@pytest.mark.parametrize("answer", ["Joyful", "I can't help with that."])
def test_stop(study: Study, three_steps: Callable[[str], Protocol], answer: str) -> None:
    """With stop nothing is asked after an unreadable or refused answer, and the outcome says that it stopped."""
    prompts, outcome = ask_all(three_steps("stop"), study, answer)
    assert prompts == ["Which?"]
    assert outcome.stopped
    assert [reading.value for reading in outcome.readings] == [None]


def test_stop_on_the_last_step_leaves_nothing_unasked(study: Study, three_steps: Callable[[str], Protocol]) -> None:
    """An unreadable last answer ends nothing early."""
    prompts, outcome = ask_all(three_steps("stop"), study, "sad", "2", "no idea")
    assert len(prompts) == 3
    assert not outcome.stopped


def test_stop_goes_on_where_all_is_read(study: Study, three_steps: Callable[[str], Protocol]) -> None:
    """Readable answers never stop a protocol."""
    prompts, _ = ask_all(three_steps("stop"), study, "sad", "2", "3")
    assert prompts[2] == "<sad|2>"


def test_several_items_in_one_step(study: Study) -> None:
    """single-shot asks once and reads all three items, in the study's order, from one reply."""
    prompts, outcome = ask_all(
        load_protocol("single-shot", study), study, '{"emotion": "sad", "valence": 2, "arousal": "high"}'
    )
    assert len(prompts) == 1
    assert [(reading.item, reading.value) for reading in outcome.readings] == [
        ("emotion", "sad"),
        ("valence", 2),
        ("arousal", None),
    ]
    assert outcome.readings[2].said == "high"


def test_values_that_a_rater_gives_are_taken_as_they_are(study: Study) -> None:
    """Nothing is read from its words: label, number, the number it was before it was moved onto the scale, or why there
    is none."""
    given = {
        "emotion": Given(None, "off-list"),
        "valence": Given(9.0, clamped_from=9.75),
        "arousal": Given(4.3),
    }
    readings = read_reply(Said("surprise; 2 of 9", given=given), Question("", study.items))
    assert [(reading.item, reading.value, reading.route, reading.clamped_from) for reading in readings] == [
        ("emotion", None, "off-list", None),
        ("valence", 9.0, "native", 9.75),
        ("arousal", 4.3, "native", None),
    ]


def test_questions_say_what_is_asked(study: Study) -> None:
    """A question names its items and the form of answer, so that a rater can score the options."""
    flow: Generator[Question, Said, Outcome[Said]] = conduct(
        load_protocol("context-carry-json", study), study.stimuli[0]
    )
    question = next(flow)
    assert [item.name for item in question.items] == ["emotion"]
    assert question.answer == "json"


def test_invalid_json_value_is_carried_without_its_braces(study: Study) -> None:
    """From an object whose value cannot be read, the value is carried and not the object."""
    prompts, _ = ask_all(
        load_protocol("context-carry-json", study), study, '{"emotion": "joyful"}', '{"valence": 7}', '{"arousal": 5}'
    )
    assert prompts[1].startswith("You identified this face as joyful. How pleasant")


@pytest.mark.parametrize(
    ("item", "given"),
    [
        ("emotion", Given("joy")),
        ("emotion", Given(1)),
        ("emotion", Given(None)),
        ("emotion", Given("sad", "off-list")),
        ("valence", Given(9.5)),
        ("valence", Given(0)),
        ("valence", Given(float("nan"))),
        ("valence", Given(float("inf"))),
        ("valence", Given("7")),
        ("valence", Given(True)),
        ("valence", Given(None, "native")),
        ("valence", None),
    ],
)
def test_a_value_that_is_no_answer_is_refused(study: Study, item: str, given: Given | None) -> None:
    """One such value on disk would keep a whole study from being analyzed; the sentence names the item."""
    told = {"emotion": Given("sad"), "valence": Given(6.37), "arousal": Given(5)}
    told = {name: value for name, value in (told | {item: given}).items() if value is not None}
    with pytest.raises(AskError, match=f"answer to {item}; it must"):
        read_reply(Said("", given=told), Question("", study.items))


def test_values_that_are_given_are_not_read_from_words(study: Study) -> None:
    """A rater that gives values is taken at its value, decimals kept, whatever its text says."""
    given = {"emotion": Given("sad"), "valence": Given(6.37), "arousal": Given(None, "no-face")}
    readings = read_reply(Said("happy 9", given=given), Question("", study.items))
    assert [(r.item, r.value, r.route) for r in readings] == [
        ("emotion", "sad", "native"),
        ("valence", 6.37, "native"),
        ("arousal", None, "no-face"),
    ]


def test_a_refusal_beside_the_text_is_a_refusal(study: Study) -> None:
    """What a server withheld is refused, and no label in the words that explain it is taken for the answer."""
    items = {item.name: item for item in study.items}
    (reading,) = read_reply(Said("This face may look happy.", refused=True), Question("Which?", (items["emotion"],)))
    assert (reading.value, reading.route) == (None, "refused")
