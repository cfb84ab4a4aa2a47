"""The protocols that come with vlmrate: their words, and that they load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.protocol.load import load_protocol, shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.study.records import Study

ASK_ALL = (
    *("context-carry", "context-carry-json", "context-carry-ko", "human-wording", "independent", "option-order"),
    *("oracle-carry", "persona", "reworded", "single-shot"),
)
ALL = tuple(sorted((*ASK_ALL, "anchor", "false-label")))
FIRST = (
    "What is the facial expression in this image? Choose one from: happy, sad, angry, fear, disgust, neutral. "
    "Answer with a single word only."
)
SECOND = (
    "You identified this face as happy. How pleasant is this facial expression? Rate from 1 to 9 where 1 is very "
    "unpleasant and 9 is very pleasant. Answer with a single number only."
)
THIRD = (
    "You identified this face as happy with pleasantness 7 out of 9. How intense or activated is the emotion in "
    "this face? Rate from 1 to 9 where 1 is very calm and 9 is very excited. Answer with a single number only."
)


def prompts(
    name: str, study: Study, emotion: str = "happy", valence: str = "7", forced: Mapping[str, str] | None = None
) -> list[str]:
    """Every prompt of a shipped protocol for the first image, with these answers carried, and these forced."""
    answers = {"emotion": emotion, "valence": valence}
    return [step.template.render(answers, study.stimuli[0], forced or {}) for step in load_protocol(name, study).steps]


def test_names() -> None:
    """The six protocols of the study, one in Korean and five ablations are shipped, under these names."""
    assert shipped() == ALL


@pytest.mark.parametrize("name", ASK_ALL)
def test_loads(name: str, study: Study) -> None:
    """Each loads for a study of emotion, valence and arousal, asks all three once, and bears its folder's name."""
    protocol = load_protocol(name, study)
    assert protocol.name == name
    assert protocol.description
    assert [item.name for step in protocol.steps for item in step.asks] == ["emotion", "valence", "arousal"]
    assert protocol.on_invalid == "carry-text"
    assert len(protocol.digest) == 64


def test_context_carry_word_for_word(study: Study) -> None:
    """The three prompts of context-carry are the published ones, to the character."""
    assert prompts("context-carry", study) == [FIRST, SECOND, THIRD]


def test_oracle_carry_names_the_intended_emotion(study: Study) -> None:
    """Whatever was answered, the intended emotion of the image (sad) is carried; the rest is context-carry."""
    answered_happy = prompts("oracle-carry", study)
    assert answered_happy == [FIRST, SECOND.replace("happy", "sad"), THIRD.replace("happy", "sad")]
    assert prompts("oracle-carry", study, emotion="angry") == answered_happy


def test_independent_carries_nothing(study: Study) -> None:
    """The prompts of `independent` do not depend on earlier answers, and ask in context-carry's words."""
    one = prompts("independent", study)
    assert one == prompts("independent", study, emotion="fear", valence="2")
    assert one[0] == FIRST
    assert one[1] == SECOND.removeprefix("You identified this face as happy. ")


def test_human_wording_uses_the_anchors_people_saw(study: Study) -> None:
    """Valence and arousal are asked with the anchors of the study's scales."""
    _, valence, arousal = prompts("human-wording", study)
    assert "where 1 is extremely negative and 9 is extremely positive" in valence
    assert "where 1 is not at all aroused and 9 is highly aroused" in arousal


def test_json_protocols_show_the_object_they_ask_for(study: Study) -> None:
    """Doubled braces reach the rater as single ones, and the steps say that JSON is asked for."""
    assert prompts("context-carry-json", study)[1].endswith('Answer with JSON only: {"valence": ...}')
    (single,) = prompts("single-shot", study)
    assert single.endswith('{"emotion": "...", "valence": ..., "arousal": ...}')
    for name in ("context-carry-json", "single-shot"):
        assert {step.answer for step in load_protocol(name, study).steps} == {"json"}


def test_false_label_carries_what_it_forces_and_asks_the_label_again(study: Study) -> None:
    """Valence and arousal are asked in context-carry's words with the false label; then the label, which is told."""
    asked = prompts("false-label", study, valence="3", forced={"emotion": "fear"})
    told = "You identified this face as fear. "
    assert asked[0] == SECOND.replace("happy", "fear")
    assert asked[1] == THIRD.replace("happy", "fear").replace("pleasantness 7", "pleasantness 3")
    assert asked[2] == told + FIRST


def test_anchor_differs_from_context_carry_in_the_number_alone(study: Study) -> None:
    """The answer to the emotion is carried, the valence is the forced one, and valence is not asked."""
    assert prompts("anchor", study, forced={"valence": "2"}) == [FIRST, THIRD.replace("7", "2")]


def test_option_order_differs_in_the_order_alone(study: Study) -> None:
    """The labels are offered from last to first; the other prompts are context-carry's."""
    backwards = "neutral, disgust, fear, angry, sad, happy"
    first = FIRST.replace("happy, sad, angry, fear, disgust, neutral", backwards)
    assert prompts("option-order", study) == [first, SECOND, THIRD]


def test_persona_begins_with_who_is_asked(study: Study) -> None:
    """Its prompts are context-carry's after one sentence."""
    who = "You are a cheerful person who sees the good in everyone. "
    assert prompts("persona", study) == [who + usual for usual in (FIRST, SECOND, THIRD)]


def test_reworded_carries_the_same_in_other_words(study: Study) -> None:
    """Every prompt differs from context-carry's and names the same options, answers and ends of the scales."""
    for other, usual in zip(prompts("reworded", study), (FIRST, SECOND, THIRD), strict=True):
        assert other != usual
        for word in ("happy, sad, angry, fear, disgust, neutral", "happy", "7", "very unpleasant", "very calm"):
            assert (word in other) == (word in usual)


def test_korean_carries_the_same_in_korean(study: Study) -> None:
    """Every prompt is Korean and names the same options, answers and ends of the scales as context-carry."""
    for other, usual in zip(prompts("context-carry-ko", study), (FIRST, SECOND, THIRD), strict=True):
        assert any("\uac00" <= sign <= "\ud7a3" for sign in other)
        for word in ("happy, sad, angry, fear, disgust, neutral", "happy", "7", "1", "9"):
            assert (word in other) == (word in usual)
