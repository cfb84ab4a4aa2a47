"""A real model that can be changed while it rates: every arm is asked under the protocol, its own answers carried on.

Where changes are made. At the answer (`at="answer"`): at the last token of a step's prompt and at every token after it,
what the model says and what is tried for the options' probabilities. At the picture (`at="picture"`): at the picture's
tokens, which every step reads, and nowhere else.

What is shared. At the answer nothing before the prompt's last token changes, so arms share the picture, the head and
the prompt, and those whose prompts are equally long go through the model as the rows of one batch, for a few pictures
at a time. An arm in which nothing is changed at a step is answered by the rater itself, untapped and to the bit, once a
prompt. At the picture nothing can be shared but the vision tower's output: the picture is read anew from the start for
each such arm.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.inference.asking import picture_seed
from vlmrate.inference.job import Progress
from vlmrate.probe.changes import changes_nothing, refuse_unfit
from vlmrate.probe.inside import answer, inside
from vlmrate.probe.pictures import step_name
from vlmrate.probe.sheet import Sheet
from vlmrate.probe.taps import Edit, tapped, unread
from vlmrate.probe.together import ROOM, Changed, Saying, together
from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.forced import conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from vlmrate.probe.arms import Answers, Arm
    from vlmrate.probe.changes import Change
    from vlmrate.protocol.conduct import Outcome
    from vlmrate.protocol.records import Protocol, Question
    from vlmrate.raters.base import Reply
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.raters.mlx.shared import Looked
    from vlmrate.study.records import Stimulus

_AT_ONCE = 8
"""Pictures that are rated at once at most, as far as what is kept of them fits into `ROOM`."""
_PROMPTS_KEPT = 4096
"""Prompts whose tokens are kept: the same answers are carried on for many pictures."""


@dataclass(slots=True)
class _Talk:
    """One arm's conversation about one picture: what is asked next, and how it went once there is nothing more."""

    picture: Looked
    seed: int
    asking: Generator[Question, Reply, Outcome[Reply]]
    question: Question | None
    outcome: Outcome[Reply] | None = None

    def answer(self, reply: Reply) -> None:
        """Give the reply to what was asked."""
        try:
            self.question = self.asking.send(reply)
        except StopIteration as done:
            self.question, self.outcome = None, done.value


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A question about a picture, what is changed while it is answered, and the seed of an answer that is drawn."""

    picture: Looked
    question: Question
    changes: tuple[Change, ...]
    seed: int


class EditedRater:
    """A rater on MLX under one protocol, changed in arms; `seed` is a rating run's, for answers that are drawn.

    A protocol that forces an answer forces the same one in every arm.
    """

    def __init__(self, rater: MlxRater, protocol: Protocol, name: str, seed: int = 0) -> None:
        """Open the rater's model.

        Raises:
            ProbeError: The model is of a family that cannot be looked into.
        """
        self._rater = rater
        self._protocol = protocol
        self._name = name
        self._seed = seed
        self._inside = inside(rater)
        self._ids = lru_cache(maxsize=_PROMPTS_KEPT)(lambda prompt: self._inside.tokens(rater.written(prompt)))

    @property
    def rater(self) -> MlxRater:
        """The rater that is changed."""
        return self._rater

    @property
    def protocol(self) -> Protocol:
        """How it is asked."""
        return self._protocol

    @property
    def name(self) -> str:
        """The rater's name."""
        return self._name

    @property
    def digest(self) -> str:
        """SHA-256 of the model's files."""
        return self._rater.loaded.digest

    @property
    def layers(self) -> int:
        """Number of its blocks."""
        return self._inside.layers

    @property
    def width(self) -> int:
        """Width of its residual stream."""
        return self._inside.width

    @property
    def steps(self) -> tuple[str, ...]:
        """Its protocol's steps by what they ask, in order."""
        return tuple(map(step_name, self._protocol.steps))

    def rate(
        self, stimuli: Sequence[Stimulus], arms: Sequence[Arm], report: Callable[[Progress], None] | None = None
    ) -> Answers:
        """Rate every stimulus in every arm; arms hold their own answers apart from one another.

        `report` is given where it stands after every picture.

        Raises:
            ProbeError: A change does not fit the model, an arm names a step that there is not, two arms bear one name,
                or the protocol asks about a picture more than once.
            ImageError: A picture cannot be read.
        """
        self._refuse(stimuli, arms)
        begun, sheet = time.monotonic(), Sheet(self._protocol, arms, stimuli)
        done, at_once, largest = 0, 1, 1
        while done < len(stimuli):
            several = [self._talks(stimulus, len(arms)) for stimulus in stimuli[done : done + at_once]]
            for outcomes in self._outcomes(several, arms):
                for arm, outcome in enumerate(outcomes):
                    sheet.put(arm, done, outcome)
                done += 1
                if report is not None:
                    report(Progress(len(stimuli), 0, done, 0, sheet.invalid, time.monotonic() - begun))
            largest = max(largest, *(talks[0].picture.kept_bytes for talks in several))
            at_once = max(min(_AT_ONCE, ROOM // largest), 1)
        return sheet.answers()

    def stream_in(self, stimuli: Sequence[Stimulus], arms: Sequence[Arm], step: str, layer: int) -> np.ndarray:
        """The residual stream (arms, pictures, width) after a block, at the answer of a step, in arms made at answers.

        Changes after that very block are in it. Earlier steps are answered in the arm and carried on.

        Raises:
            ProbeError: A change does not fit the model, an arm is made at the picture, there is no such step or block,
                or the protocol stopped before the step.
            ImageError: A picture cannot be read.
        """
        self._refuse(stimuli, arms)
        at_picture = next((f", arm {arm.name} at the picture" for arm in arms if arm.at != "answer"), "")
        if at_picture or step not in self.steps or not 0 <= layer < self.layers:
            raise ProbeError(
                f"the stream is read at the answer of a step ({', '.join(self.steps)}) after a block (0 to "
                f"{self.layers - 1}), not at {step} {layer}{at_picture}"
            )
        # Arms by picture, so that each is looked at once.
        read = [[self._stream(stimulus, arm, step, layer) for arm in arms] for stimulus in stimuli]
        return np.array(read).swapaxes(0, 1)

    def _stream(self, stimulus: Stimulus, arm: Arm, step: str, layer: int) -> np.ndarray:
        (talk,) = self._talks(stimulus, 1)
        for number, earlier in enumerate(self.steps[: self.steps.index(step)], start=1):
            self._step([(self._made(arm, earlier), talk)], number)
        if talk.question is None:
            raise ProbeError(f"the protocol stopped before {step} of {stimulus.image_id}: nothing is read there")
        at = answer(self._ids(talk.question.prompt))
        edits = [Edit(change, at) for change in self._made(arm, step)]
        with tapped(self._inside, watch={"answer": at}, edits=edits) as taps:
            self._rater.architecture.read(talk.picture, self._rater.written(talk.question.prompt))
        return np.asarray(taps.residuals("answer")[layer])

    def _outcomes(self, talks: Sequence[Sequence[_Talk]], arms: Sequence[Arm]) -> list[list[Outcome[Reply]]]:
        """How the protocol went about each picture in every arm."""
        pairs = [(arm, talk) for one in talks for arm, talk in zip(arms, one, strict=True)]
        at_picture = {arm.name for arm in arms if arm.at == "picture" and self._made(arm, None)}
        for number, step in enumerate(self.steps, start=1):
            self._step([(self._made(arm, step), talk) for arm, talk in pairs if arm.name not in at_picture], number)
        for arm, talk in pairs:
            if arm.name in at_picture:
                self._at_picture(self._made(arm, None), talk)
        return [[talk.outcome for talk in one if talk.outcome is not None] for one in talks]

    def _talks(self, stimulus: Stimulus, count: int) -> list[_Talk]:
        """Conversations about one picture, looked at once."""
        seed = picture_seed(self._seed, 1, stimulus.image_id)
        picture, forced = self._rater.view(stimulus.path, seed).picture, conditions(self._protocol, stimulus)[0]
        talks = []
        for _ in range(count):
            asking: Generator[Question, Reply, Outcome[Reply]] = conduct(self._protocol, stimulus, forced)
            talks.append(_Talk(picture, seed, asking, next(asking)))
        return talks

    def _made(self, arm: Arm, step: str | None) -> tuple[Change, ...]:
        """The changes of an arm that are made at a step and change anything at all."""
        placed = (placed for placed in arm.changes if placed.step is None or placed.step == step)
        return tuple(one.change for one in placed if not changes_nothing(one.change))

    def _step(self, asked: Sequence[tuple[tuple[Change, ...], _Talk]], number: int) -> None:
        """Answer what is asked in all arms, each prompt about a picture with each set of changes once."""
        alike: dict[tuple[object, ...], list[_Talk]] = defaultdict(list)
        first: dict[tuple[object, ...], _Asked] = {}
        for changes, talk in asked:
            if talk.question is not None:
                key = (id(talk.picture), talk.seed, talk.question.prompt, *map(id, changes))
                alike[key].append(talk)
                first.setdefault(key, _Asked(talk.picture, talk.question, changes, talk.seed + number))
        replies = dict(zip(first, self._replies(list(first.values())), strict=True))
        for key, talks in alike.items():
            for talk in talks:
                talk.answer(replies[key])

    def _replies(self, asked: Sequence[_Asked]) -> list[Reply]:
        """A reply to every question with its changes: the rater's own where there are none, in batches elsewhere."""
        replies: dict[int, Reply] = {}
        batches: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number, one in enumerate(asked):
            if one.changes:
                ids = self._ids(one.question.prompt)
                batches[len(ids), *self._inside.reader.head(ids)].append(number)
            else:
                replies[number] = self._rater.answer(one.picture, one.question, one.seed)
        for numbers in batches.values():
            found = self._batched([asked[number] for number in numbers])
            replies |= dict(zip(numbers, found, strict=True))
        return [replies[number] for number in range(len(asked))]

    def _batched(self, asked: Sequence[_Asked]) -> Iterator[Reply]:
        rows = [Changed(one.picture, self._ids(one.question.prompt), one.changes) for one in asked]
        decoding, further = self._rater.decoding, iter(asked)
        # Answers that are drawn are not known beforehand and are read a row at a time.
        most = decoding.most_tokens(asked[0].question.answer) if decoding.temperature == 0 else 1
        for batch in together(self._inside, rows, Saying(self._rater.loaded.stops, most)):
            for row, one in zip(range(len(batch.rows)), further, strict=False):
                yield self._rater.reply(batch, batch.asked(row), one.question, one.seed)

    def _at_picture(self, changes: tuple[Change, ...], talk: _Talk) -> None:
        """Carry the protocol out on a picture read anew, changed at its tokens; its steps share what was read so."""
        if talk.question is None:
            return
        anew, at = unread(talk.picture), self._inside.picture(self._ids(talk.question.prompt))
        with tapped(self._inside, edits=[Edit(change, at) for change in changes]):
            for number in range(1, len(self.steps) + 1):
                if talk.question is not None:
                    talk.answer(self._rater.answer(anew, talk.question, talk.seed + number))

    def _refuse(self, stimuli: Sequence[Stimulus], arms: Sequence[Arm]) -> None:
        names = [arm.name for arm in arms]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ProbeError(f"two arms are called {twice}; give each a name of its own")
        if any(len(conditions(self._protocol, stimulus)) > 1 for stimulus in stimuli[:1]):
            raise ProbeError(
                f"protocol {self._protocol.name} asks about a picture once for every answer that it forces, and an arm "
                "asks once; name a protocol that forces one answer or none"
            )
        for arm in arms:
            self._refuse_arm(arm)

    def _refuse_arm(self, arm: Arm) -> None:
        for placed in arm.changes:
            refuse_unfit(placed.change, self.layers, self.width)
            if arm.at == "picture" and placed.step is not None:
                raise ProbeError(
                    f"arm {arm.name} changes the picture at step {placed.step}, but every step reads the same picture; "
                    "leave the step out"
                )
            if placed.step is not None and placed.step not in self.steps:
                raise ProbeError(
                    f"arm {arm.name} changes step {placed.step}, which protocol {self._protocol.name} has not; it has "
                    f"{', '.join(self.steps)}"
                )
        if arm.at == "picture" and arm.changes and self._inside.picture_token is None:
            raise ProbeError(
                f"arm {arm.name} changes the picture's tokens, and this model looks at the picture by cross-attention "
                "and has none in its prompt; change it at the answer"
            )
