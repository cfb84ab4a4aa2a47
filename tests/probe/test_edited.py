"""A model changed in arms: what batches give is what taps give one by one, and no change is none to the bit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("mlx_vlm")

from probe.one_by_one import SEED, arms_of, assert_alike, one_by_one, short, vector
from vlmrate.errors import ProbeError
from vlmrate.probe.arms import UNCHANGED, Arm, Placed
from vlmrate.probe.changes import Add, ProjectOut
from vlmrate.probe.edited import EditedRater
from vlmrate.probe.inside import inside
from vlmrate.probe.taps import Edit, tapped, unread
from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.protocol.records import Force
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.resources import configs_folder
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.probe.arms import Answers
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Study

    Answered = tuple[Answers, Answers]

FAMILIES = ("gemma3", "gemma3_4bit", "mllama", "mllama_4bit")


@pytest.fixture(scope="module")
def answered(rater: Callable[..., MlxRater], study: Study, protocol: Protocol) -> Callable[[str], Answered]:
    """Answers in all arms about a picture or two by a model's name: in batches, and the rater one by one."""

    @cache
    def answer(name: str) -> Answered:
        made = short(rater(name), study, protocol)
        edited = EditedRater(made, protocol, name, SEED)
        arms, stimuli = arms_of(edited.width), study.stimuli[1:] if name == "gemma3" else study.stimuli[1:2]
        return edited.rate(stimuli, arms), one_by_one(made, stimuli, protocol, arms)

    return answer


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_batches_give_what_taps_give_one_by_one(name: str, answered: Callable[[str], Answered]) -> None:
    """All arms at once, or asked apart from one another in the rater's own taps: the same answers in every family."""
    found, plain = answered(name)
    assert_alike(found, plain)
    moved = np.abs(found.items["emotion"].logprob[1:6] - found.items["emotion"].logprob[0])
    assert moved.max(axis=(1, 2)).min() > 0.01
    assert np.isfinite(found.items["arousal"].logprob).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_without_changes_it_is_the_rater_to_the_bit(name: str, answered: Callable[[str], Answered]) -> None:
    """No change, alpha 0, and a change at another step leave the same bytes as the rater's answers without taps."""
    found, plain = answered(name)
    for item, answers in plain.items.items():
        for arm in (0, 7) + ((6,) if item == "emotion" else ()):
            assert found.items[item].logprob[arm].tobytes() == answers.logprob[0].tobytes()
            assert found.items[item].given[arm].tobytes() == answers.given[0].tobytes()
    assert found.items["valence"].logprob[6].tobytes() != plain.items["valence"].logprob[0].tobytes()


def test_answers_that_are_drawn_are_drawn_as_by_the_rater(
    rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """Above temperature 0 nothing is read ahead; the seed draws the same answers as one by one."""
    made = short(rater("gemma3"), study, protocol, temperature=0.9)
    arms = arms_of(64)[:3]
    found = EditedRater(made, protocol, "drawn", SEED).rate(study.stimuli[:1], arms)
    assert_alike(found, one_by_one(made, study.stimuli[:1], protocol, arms))


def test_at_the_picture_it_is_read_anew_and_changed_at_its_tokens(
    rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """As by hand on a picture that was not read yet, in every step; other arms and later pictures are not touched."""
    made = short(rater("gemma3"), study, protocol)
    edited, change = EditedRater(made, protocol, "picture", SEED), Add(0, vector(64), 2.0)
    arms = [Arm("seen", (Placed(change),), at="picture"), Arm("none", (Placed(Add(0, vector(64), 0.0)),), at="picture")]
    found = edited.rate(study.stimuli[:2], [*arms, UNCHANGED])
    plain = one_by_one(made, study.stimuli[:2], protocol, [UNCHANGED])
    for item, answers in found.items.items():
        assert answers.logprob[1:].tobytes() == plain.items[item].logprob[[0, 0]].tobytes()
        assert np.abs(answers.logprob[0] - answers.logprob[2]).max() > 1e-3
    opened = inside(made)
    for number, stimulus in enumerate(study.stimuli[:2]):
        asking: Any = conduct(protocol, stimulus)
        question, picture = next(asking), made.view(stimulus.path, 0).picture
        for item in ("emotion", "valence"):
            at = opened.picture(opened.tokens(made.written(question.prompt)))
            with tapped(opened, edits=[Edit(change, at)]):
                reply = made.answer(unread(picture), question, 0)
            options = reply.options[item]
            by_hand = np.log(
                [options.probabilities[answer] * options.valid_mass for answer in study.item(item).answers]
            )
            np.testing.assert_allclose(found.items[item].logprob[0, number], by_hand, atol=1e-6)
            question = asking.send(reply)


def test_a_model_without_picture_tokens_cannot_be_changed_at_them(
    rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """Llama looks by cross-attention: one sentence, and nothing is read."""
    arm = Arm("seen", (Placed(Add(0, vector(128))),), at="picture")
    with pytest.raises(ProbeError, match="looks at the picture by cross-attention and has none in its prompt"):
        EditedRater(rater("mllama"), protocol, "mllama").rate(study.stimuli, [arm])


@pytest.mark.parametrize(
    ("arms", "words"),
    [
        ([UNCHANGED, Arm("unchanged")], "two arms are called unchanged"),
        ([Arm("far", (Placed(Add(3, np.ones(64))),))], "there is no block 3: the model has 3"),
        ([Arm("thin", (Placed(ProjectOut(0, np.ones(8))),))], "8 numbers does not fit a residual stream of width 64"),
        ([Arm("odd", (Placed(Add(0, np.ones(64)), "mood"),))], "step mood, which protocol context-carry has not"),
        ([Arm("seen", (Placed(Add(0, np.ones(64)), "emotion"),), at="picture")], "every step reads the same picture"),
    ],
)
def test_arms_that_cannot_be_are_refused(
    arms: list[Arm], words: str, rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """One sentence each, before anything is read."""
    with pytest.raises(ProbeError, match=words):
        EditedRater(rater("gemma3"), protocol, "gemma3").rate(study.stimuli, arms)


def test_a_protocol_that_asks_once_for_every_forced_answer_is_refused(
    rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """An arm asks about a picture once; one forced answer is forced in every arm."""
    each = replace(protocol, forces=(Force(study.items[0], "each"),))
    with pytest.raises(ProbeError, match="asks about a picture once for every answer that it forces"):
        EditedRater(rater("gemma3"), each, "gemma3").rate(study.stimuli, [UNCHANGED])


def test_a_step_that_is_not_asked_has_no_answer_and_progress_is_told(
    rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """A protocol that stops at an unreadable answer leaves the later steps empty; every picture is reported."""
    made, told = short(rater("gemma3"), study, protocol), []
    stopping = replace(protocol, on_invalid="stop")
    found = EditedRater(made, stopping, "stops").rate(study.stimuli[:2], arms_of(64)[:2], told.append)
    assert (found.items["emotion"].given == -1).all()
    assert np.isfinite(found.items["emotion"].logprob).all()
    for item in ("valence", "arousal"):
        assert np.isnan(found.items[item].logprob).all()
        assert (found.items[item].given == -1).all()
    assert [(one.total, one.rated, one.left, one.invalid_answers) for one in told] == [(2, 1, 1, 2), (2, 2, 0, 4)]


def test_the_embedded_model_s_answers_are_those_of_its_taps() -> None:
    """Trained, it says what can be read, and what is carried on differs between arms: labels, digits, rambling."""
    study = load_study(configs_folder() / "study.yaml")
    protocol = load_protocol("context-carry", study)
    request = Request(items=study.items, likely_prompts=likely_prompts(protocol, study.stimuli[0]))
    made: Any = find_model("tiny").make([request])[0]
    edited = EditedRater(made, protocol, "tiny", SEED)
    words = np.array(made.loaded.model.language_model.lm_head.weight)
    happy, sad = (words[made._encode(word)[0]] for word in ("happy", "sad"))
    arms = [Arm(f"{dose}", (Placed(Add(3, happy - sad, dose)),)) for dose in (-8.0, -2.0, 2.0, 8.0)]
    found = edited.rate(study.stimuli[:2], arms)
    assert_alike(found, one_by_one(made, study.stimuli[:2], protocol, arms))
    assert set(found.items["emotion"].given.ravel()) >= {0, 1}
    assert np.all(np.diff(found.items["emotion"].logprob[:, :, 0], axis=0)[:2] > 0)
