"""The plain way of a model changed in arms: the rater is asked arm by arm and step by step, in its taps."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

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
    from collections.abc import Sequence

    from vlmrate.probe.arms import Answers
    from vlmrate.protocol.records import Protocol
    from vlmrate.study.records import Stimulus, Study

# Random weights ramble: what is said is cut short, so that the plain way stays payable.
SHORT = Decoding(max_tokens_text=3)
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
        assert np.array_equal(item.clamped, other.items[name].clamped)
        np.testing.assert_allclose(item.logprob, other.items[name].logprob, atol=1e-5, rtol=1e-5)


def short(rater: MlxRater, study: Study, protocol: Protocol, temperature: float = 0.0) -> MlxRater:
    """Another rater of a loaded model, whose answers are cut short."""
    decoding = replace(SHORT, temperature=temperature)
    return MlxRater(rater.loaded, decoding=decoding, likely_prompts=likely_prompts(protocol, study.stimuli[0]))
