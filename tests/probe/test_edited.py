"""A model changed in arms: what batches give is what taps give one by one, and no change is none to the bit."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("mlx_vlm")

from vlmrate.inference.asking import picture_seed
from vlmrate.probe.arms import UNCHANGED, Arm, Placed
from vlmrate.probe.changes import Add, Clamp, ProjectOut
from vlmrate.probe.edited import EditedRater
from vlmrate.probe.inside import Span, inside
from vlmrate.probe.sheet import Sheet
from vlmrate.probe.taps import Edit, tapped
from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.likely import likely_prompts
from vlmrate.raters.mlx.decoding import Decoding
from vlmrate.raters.mlx.rater import MlxRater

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.probe.arms import Answers
    from vlmrate.protocol.records import Protocol
    from vlmrate.study.records import Stimulus, Study

    Answered = tuple[Answers, Answers]

# Random weights ramble: what is said is cut short, so that the plain way stays payable.
SHORT = Decoding(max_tokens_text=3)
FAMILIES = ("gemma3", "gemma3_4bit", "mllama", "mllama_4bit")
SEED = 3


def vector(width: int, seed: int = 0) -> np.ndarray:
    """A vector as wide as the residual stream."""
    return np.random.default_rng(seed).normal(size=width)


def arms_of(width: int) -> list[Arm]:
    """Every kind of change, in several blocks, at one step and at all."""
    one, other = vector(width), vector(width, 1)
    return [
        UNCHANGED,
        Arm("up", (Placed(Add(0, one, 2.0)),)),
        Arm("far up", (Placed(Add(1, one, 9.0)),)),
        Arm("out", (Placed(ProjectOut(1, other)),)),
        Arm("both", (Placed(ProjectOut(0, one)), Placed(Add(1, other, -3.0)))),
        Arm("clamped", (Placed(Clamp(2, other, 4.0)),)),
        Arm("late", (Placed(Add(2, one, 6.0), step="valence"),)),
        Arm("nothing added", (Placed(Add(0, one, 0.0)),)),
    ]


def one_by_one(rater: MlxRater, stimuli: Sequence[Stimulus], protocol: Protocol, arms: Sequence[Arm]) -> Answers:
    """The same answers by the plain way: the rater is asked arm by arm and step by step, tapped where it is changed."""
    opened, sheet = inside(rater), Sheet(protocol, arms, stimuli)
    names = EditedRater(rater, protocol, "plain").steps
    for number, stimulus in enumerate(stimuli):
        picture = rater.view(stimulus.path, 0).picture
        for place, arm in enumerate(arms):
            asking: Any = conduct(protocol, stimulus)
            question = next(asking)
            for step, name in enumerate(names, start=1):
                at = Span(len(opened.tokens(rater.written(question.prompt))) - 1)
                edits = [Edit(placed.change, at) for placed in arm.changes if placed.step in (None, name)]
                with tapped(opened, edits=edits) if edits else nullcontext():
                    reply = rater.answer(picture, question, picture_seed(SEED, 1, stimulus.image_id) + step)
                try:
                    question = asking.send(reply)
                except StopIteration as done:
                    sheet.put(place, number, done.value)
                    break
    return sheet.answers()


def assert_alike(one: Answers, other: Answers) -> None:
    """The same answers were given, and their log-probabilities are the same but for rounding."""
    assert (one.arms, one.pictures, list(one.items)) == (other.arms, other.pictures, list(other.items))
    for name, item in one.items.items():
        assert np.array_equal(item.given, other.items[name].given)
        np.testing.assert_allclose(item.logprob, other.items[name].logprob, atol=1e-5, rtol=1e-5)


@pytest.fixture(scope="module")
def answered(rater: Callable[..., MlxRater], study: Study, protocol: Protocol) -> Callable[[str], Answered]:
    """Answers in all arms about a picture or two by a model's name: in batches, and the rater one by one."""

    @cache
    def answer(name: str) -> Answered:
        made = MlxRater(rater(name).loaded, decoding=SHORT, likely_prompts=likely_prompts(protocol, study.stimuli[0]))
        edited = EditedRater(made, protocol, name, SEED)
        arms, stimuli = arms_of(edited.width), study.stimuli[1:] if name == "gemma3" else study.stimuli[1:2]
        return edited.rate(stimuli, arms), one_by_one(made, stimuli, protocol, arms)

    return answer


@pytest.mark.parametrize("name", FAMILIES)
def test_batches_give_what_taps_give_one_by_one(name: str, answered: Callable[[str], Answered]) -> None:
    """All arms at once, or asked apart from one another in the rater's own taps: the same answers in every family."""
    found, plain = answered(name)
    assert_alike(found, plain)
    moved = np.abs(found.items["emotion"].logprob[1:6] - found.items["emotion"].logprob[0])
    assert moved.max(axis=(1, 2)).min() > 0.01
    assert np.isfinite(found.items["arousal"].logprob).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_without_changes_it_is_the_rater_to_the_bit(name: str, answered: Callable[[str], Answered]) -> None:
    """No change, alpha 0, and a change at another step leave the same bytes as the rater's answers without taps."""
    found, plain = answered(name)
    for item, answers in plain.items.items():
        for arm in (0, 7) + ((6,) if item == "emotion" else ()):
            assert found.items[item].logprob[arm].tobytes() == answers.logprob[0].tobytes()
            assert found.items[item].given[arm].tobytes() == answers.given[0].tobytes()
    assert found.items["valence"].logprob[6].tobytes() != plain.items["valence"].logprob[0].tobytes()
