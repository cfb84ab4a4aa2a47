"""Answers put into a rater's mouth: which they are, where they may stand, and what is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protocol.conftest import EMOTION, EMOTIONS, VALENCE
from vlmrate.errors import ProtocolError
from vlmrate.protocol.forced import conditions, possible_conditions, wrong_label
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.study.records import Item, Labels, Stimulus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vlmrate.study.records import Study

    Write = Callable[[str, Mapping[str, str]], Path]

STEPS = "description: x\nsteps:\n  - {asks: [arousal], template: a.txt}\n"


def face(number: int, emotion: str = "sad") -> Stimulus:
    """One of many pictures."""
    return Stimulus(f"face{number}", Path("x"), {"emotion": emotion})


def test_a_wrong_label_is_never_the_right_one_and_all_others_come_up_equally_often() -> None:
    """Of 5,000 sad faces each of the five other emotions is told to a fifth, within 3.5 standard errors."""
    told = Counter(wrong_label(EMOTION, face(number)) for number in range(5000))
    assert set(told) == set(EMOTIONS) - {"sad"}
    assert all(abs(n - 1000) < 3.5 * (5000 * 0.2 * 0.8) ** 0.5 for n in told.values())


def test_an_image_is_told_the_same_wrong_label_for_ever() -> None:
    """It hangs on the item's name and the image's id alone: these are fixed, so that stored ratings stay valid."""
    assert [wrong_label(EMOTION, face(number)) for number in range(4)] == ["angry", "fear", "happy", "happy"]


def test_conditions_are_crossed(study: Study, write_protocol: Write) -> None:
    """A wrong label with every valence: nine times an image; nothing forced: once, with nothing told."""
    write_protocol("mine", {"protocol.yaml": STEPS + "forces: {emotion: wrong, valence: each}\n",
                            "a.txt": "{forced.emotion} {forced.valence}"})  # fmt: skip
    protocol = load_protocol("mine", study)
    told = conditions(protocol, study.stimuli[0])
    assert [entry["valence"] for entry in told] == list("123456789")
    assert {entry["emotion"] for entry in told} == {wrong_label(EMOTION, study.stimuli[0])}
    assert len(possible_conditions(protocol)) == 54
    assert conditions(load_protocol("context-carry", study), study.stimuli[0]) == ({},)


def test_likely_prompts_hold_everything_that_may_be_forced(study: Study) -> None:
    """Whatever an image is told, the prompts that it leads to begin with what was found in common."""
    asked = likely_prompts(load_protocol("false-label", study), study.stimuli[0])
    for emotion in EMOTIONS:
        assert any(prompt.startswith(f"You identified this face as {emotion}.") for prompt in asked)


@pytest.mark.parametrize(
    ("text", "template", "says"),
    [
        ("forces: {emotion: right}", "x", ["forces.emotion", "'each' or 'wrong'"]),
        ("forces: {emotoin: each}", "x", ["forces.emotoin", "did you mean 'emotion'?"]),
        ("forces: {valence: wrong}", "{forced.valence}", ["forces.valence", "none is wrong", "`each`"]),
        ("forces: {emotion: wrong}", "Which?", ["forces.emotion", "no template names {forced.emotion}"]),
        ("", "{forced.emotion}", ["a.txt: {forced.emotion} needs `forces: {emotion: each}`"]),
        ("forces: {emotion: wrong}", "{forced.emotoin}", ["{forced.emotoin} is not known", "{forced.emotion}?"]),
        ("forces: {emotion: wrong}", "{forced.valence}", ["{forced.valence} needs `forces: {valence: each}`"]),
    ],
)
def test_refused(study: Study, write_protocol: Write, text: str, template: str, says: list[str]) -> None:
    """What cannot be forced, or would not be told, is said in one sentence with the file and the key."""
    write_protocol("mine", {"protocol.yaml": f"{STEPS}{text}\n", "a.txt": template})
    with pytest.raises(ProtocolError) as caught:
        load_protocol("mine", study)
    assert "\n" not in str(caught.value)
    for part in says:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (replace(EMOTION, intended=None), "no `intended` column"),
        (replace(EMOTION, intended="posed"), "lacks the column 'posed'"),
        (Item("emotion", Labels(("sad",)), intended="emotion"), "has one option"),
    ],
)
def test_a_wrong_label_needs_a_right_one(study: Study, item: Item, says: str) -> None:
    """Without intended answers no label is known to be wrong."""
    with pytest.raises(ProtocolError, match=says):
        load_protocol("false-label", replace(study, items=(item, *study.items[1:])))


def test_what_is_forced_is_in_the_digest(study: Study, write_protocol: Write) -> None:
    """Another way to force, another scale of the forced item and another column of right answers all change it."""

    def digest(how: str, changed: Study) -> str:
        files = {"protocol.yaml": f"{STEPS}forces: {{emotion: {how}}}\n", "a.txt": "{forced.emotion}"}
        write_protocol("mine", files)
        return load_protocol("mine", changed).digest

    fewer = replace(study, items=(replace(EMOTION, scale=Labels(EMOTIONS[:5])), *study.items[1:]))
    other = replace(study, items=(replace(EMOTION, intended="race"), *study.items[1:]))
    unasked = replace(study, items=(EMOTION, replace(VALENCE, name="naturalness"), study.items[2]))
    assert len({digest("wrong", one) for one in (study, fewer, other)} | {digest("each", study)}) == 4
    assert digest("each", other) == digest("each", study)
    assert digest("wrong", unasked) == digest("wrong", study)
