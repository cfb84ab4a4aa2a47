"""Rows of a capture from pictures: the rater is asked as in a rating run, and read while it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.errors import ProbeError
from vlmrate.inference.asking import picture_seed
from vlmrate.probe.inside import answer, inside
from vlmrate.probe.records import ArrayAbout, CaptureAbout, Position
from vlmrate.probe.store import Row
from vlmrate.probe.taps import tapped
from vlmrate.protocol.conduct import conduct
from vlmrate.raters.mlx.rater import MlxView, tokens_sha256
from vlmrate.study.images import image_digest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy as np

    from vlmrate.probe.inside import Inside, Span
    from vlmrate.protocol.conduct import Outcome
    from vlmrate.protocol.records import Protocol, Question, Step
    from vlmrate.raters.base import Reply
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Stimulus


def step_name(step: Step) -> str:
    """A step by what it asks: "emotion", or "emotion+valence+arousal"."""
    return "+".join(item.name for item in step.asks)


def find_steps(protocol: Protocol, items: Sequence[str]) -> tuple[int, ...]:
    """The places of the steps that ask these items, each once, in the protocol's order; all where none is named.

    Raises:
        ProbeError: No step asks one of them.
    """
    asked = [[item.name for item in step.asks] for step in protocol.steps]
    for name in items:
        if not any(name in names for names in asked):
            known = ", ".join(name for names in asked for name in names)
            raise ProbeError(f"--step {name}: protocol {protocol.name} asks no such item, but {known}")
    return tuple(i for i, names in enumerate(asked) if not items or set(names) & set(items))


def looked_at_anew(rater: MlxRater, stimulus: Stimulus, seed: int) -> MlxView:
    """A picture with nothing kept of it: what was read of the same bytes before would pass the taps by.

    Raises:
        ImageError: It cannot be read or is refused.
    """
    return MlxView(rater, replace(rater.view(stimulus.path, seed).picture, heads={}, features=None), seed)


@dataclass(frozen=True, slots=True)
class PictureRows:
    """Pictures to be captured.

    `steps` are the places in the protocol of those at whose answer position the model is read; steps before the last
    of them are answered, and the rater's own answers carried on, as in a rating run of the same seed.
    """

    study: str
    model: str
    rater: MlxRater
    protocol: Protocol
    stimuli: tuple[Stimulus, ...]
    steps: tuple[int, ...]
    positions: tuple[Position, ...]
    seed: int = 0

    @property
    def about(self) -> CaptureAbout:
        """What the file says of itself."""
        return CaptureAbout(
            source="images",
            study=self.study,
            model=self.model,
            model_digest=self.rater.loaded.digest,
            settings=self.rater.settings,
            protocol=self.protocol.name,
            protocol_digest=self.protocol.digest,
            seed=self.seed,
            arrays=tuple(self._arrays()),
            rows=tuple(stimulus.image_id for stimulus in self.stimuli),
        )

    def digest(self, number: int) -> bytes:
        """SHA-256 of a picture's file.

        Raises:
            ImageError: It cannot be read.
        """
        return bytes.fromhex(image_digest(self.stimuli[number].path))

    def row(self, number: int) -> Row:
        """What is stored of one picture.

        Raises:
            VlmrateError: The picture cannot be looked at, or the protocol stopped before the last step that is read.
        """
        stimulus = self.stimuli[number]
        digest = self.digest(number)
        view = looked_at_anew(self.rater, stimulus, picture_seed(self.seed, 1, stimulus.image_id))
        values: dict[str, np.ndarray] = {}
        prompts: dict[str, bytes] = {}
        asking: Generator[Question, Reply, Outcome[Reply]] = conduct(self.protocol, stimulus)
        question = next(asking)
        for step in range(self._last + 1):
            found, sent, reply = self._read(view, question, step)
            values |= found
            prompts |= dict.fromkeys((name for name in found if name != "vision"), sent)
            if reply is not None:
                question = _next(asking, reply)
        return Row(values, prompts, digest)

    @property
    def _last(self) -> int:
        """The last step that has to be read; the picture's own positions come with the first."""
        return max(self.steps) if "answer" in self.positions else 0

    def _arrays(self) -> list[ArrayAbout]:
        opened = inside(self.rater)
        whole = ArrayAbout(position="answer", layers=opened.layers, width=opened.width)
        found = []
        if "answer" in self.positions:
            names = [step_name(self.protocol.steps[i]) for i in self.steps]
            found += [whole.model_copy(update={"step": name}) for name in names]
        if "picture-mean" in self.positions:
            _refuse_no_picture_tokens(opened)
            found.append(whole.model_copy(update={"position": "picture-mean"}))
        if "vision" in self.positions:
            found.append(ArrayAbout(position="vision", layers=1, width=opened.vision_width))
        return found

    def _read(self, view: MlxView, question: Question, step: int) -> tuple[dict[str, np.ndarray], bytes, Reply | None]:
        """What one step shows, the digest of its prompt, and the reply; the last step is left unanswered."""
        opened = inside(self.rater)
        ids = opened.tokens(self.rater.written(question.prompt))
        watch = self._watched(opened, ids, step)
        vision = step == 0 and "vision" in self.positions
        reply = None
        with tapped(opened, watch=watch, vision=vision) as taps:
            if step < self._last:
                reply = view.ask(question)
            else:
                view.read(question)
        found = {name: taps.residuals(name) for name in watch}
        if vision:
            found["vision"] = taps.pooled()[None]
        return found, bytes.fromhex(tokens_sha256(ids)), reply

    def _watched(self, opened: Inside, ids: Sequence[int], step: int) -> dict[str, Span]:
        watched = {}
        if "answer" in self.positions and step in self.steps:
            watched[f"answer/{step_name(self.protocol.steps[step])}"] = answer(ids)
        if step == 0 and "picture-mean" in self.positions:
            watched["picture-mean"] = opened.picture(ids)
        return watched


def _next(asking: Generator[Question, Reply, Outcome[Reply]], reply: Reply) -> Question:
    try:
        return asking.send(reply)
    except StopIteration:
        raise ProbeError(
            "the protocol stopped at an answer that could not be read, so a later step has no prompt"
        ) from None


def _refuse_no_picture_tokens(opened: Inside) -> None:
    if opened.picture_token is None:
        raise ProbeError(
            "picture-mean is for models whose prompt holds the picture's tokens; this one looks at the picture by "
            "cross-attention, so name answer or vision"
        )
