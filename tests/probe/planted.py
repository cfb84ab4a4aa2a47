"""A planted model: a linear residual stream whose directions, layer profile and read-out are known.

Every block hands on what it was given and writes some more: what sets the identity apart, noise, and along each class's
direction as much as the layer profile says. What is changed after a block stays in the stream to its end, where labels
and ratings are read along directions of their own. A prompt may act on the answers without touching the stream.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.arms import Answers, ItemAnswers
from vlmrate.probe.changes import Add, Clamp, ProjectOut
from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.store import Capture, Row, open_capture, writing
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from vlmrate.inference.job import Progress
    from vlmrate.probe.arms import Arm
    from vlmrate.probe.changes import Change
    from vlmrate.study.records import Item, Stimulus, Study


def planted_units(
    names: Sequence[str], width: int, cosines: Mapping[tuple[str, str], float], seed: int
) -> dict[str, np.ndarray]:
    """Unit vectors (width,) with the cosines given by pair of names, and 0 between all others."""
    gram = np.eye(len(names))
    for (one, other), cosine in cosines.items():
        i, j = names.index(one), names.index(other)
        gram[i, j] = gram[j, i] = cosine
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(width, len(names))))[0].T
    return dict(zip(names, np.linalg.cholesky(gram) @ basis, strict=True))


@dataclass(eq=False)
class PlantedModel:
    """A model about a study's pictures; `rate` and `capture` are what the real one has.

    `units` are the directions by class: an emotion's name, or FACTOR=LEVEL. `strength` is how far the last block's
    stream has moved along each (0 where not named), `profile` the share of it that each block writes. `own` and `noise`
    are the SDs of what sets identities apart and of noise, per unit. `readout` gives the vector along which a label's
    logit is read (default: the class's own unit), `slopes` the vector (width,) that each Likert item's mean is read
    along, about `middle`; `carry` adds to that mean by the label that was said. `prompt` adds to labels' logits and to
    items' means by their names: an effect in another channel than the stream's. `told` is the label that is carried on
    in the place of the one said, by picture; above `temperature` 0 answers are drawn.
    """

    study: Study
    units: Mapping[str, np.ndarray]
    strength: Mapping[str, float]
    seed: int = 0
    profile: Sequence[float] = (0.0, 0.2, 0.6, 0.2)
    own: float = 0.5
    noise: float = 0.2
    gain: float = 1.0
    readout: Mapping[str, np.ndarray] = field(default_factory=dict)
    slopes: Mapping[str, np.ndarray] = field(default_factory=dict)
    carry: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    prompt: Mapping[str, float] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    temperature: float = 0.0
    middle: float = 5.0
    name: str = "planted"
    digest: str = "ab" * 32

    def __post_init__(self) -> None:
        stimuli = self.study.stimuli
        rng = np.random.default_rng(self.seed)
        people = sorted({stimulus.factors["identity"] for stimulus in stimuli})
        own = dict(zip(people, self.own * rng.normal(size=(len(people), self.width)), strict=True))
        written = []
        for stimulus in stimuli:
            moved = sum(
                (self.strength.get(name, 0.0) * unit for name, unit in self.units.items() if _is(stimulus, name)),
                np.zeros(self.width),
            )
            first = own[stimulus.factors["identity"]] + self.noise * rng.normal(size=self.width)
            written.append([share * moved + (first if layer == 0 else 0) for layer, share in enumerate(self.profile)])
        self._written = dict(zip((stimulus.image_id for stimulus in stimuli), np.array(written), strict=True))

    @property
    def layers(self) -> int:
        return len(self.profile)

    @property
    def width(self) -> int:
        return len(next(iter(self.units.values())))

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.study.items)

    def stream(self, ids: Sequence[str]) -> np.ndarray:
        """The residual stream (pictures, layers, width), nothing changed."""
        return np.array([self._written[name].cumsum(axis=0) for name in ids])

    def capture(self, file: Path) -> Capture:
        """Its capture at every step's answer, stored and opened."""
        arrays = tuple(ArrayAbout(position="answer", step=s, layers=self.layers, width=self.width) for s in self.steps)
        rows = tuple(stimulus.image_id for stimulus in self.study.stimuli)
        about = CaptureAbout(
            source="images", study=self.study.name, model=self.name, model_digest=self.digest, arrays=arrays, rows=rows
        )
        with writing(file, about) as writer:
            for number, values in enumerate(self.stream(rows)):
                names = [array.name for array in arrays]
                writer.write(number, Row(dict.fromkeys(names, values), dict.fromkeys(names, bytes(32)), bytes(32)))
        return open_capture(file)

    def rate(
        self,
        stimuli: Sequence[Stimulus],
        arms: Sequence[Arm],
        report: Callable[[Progress], None] | None = None,  # noqa: ARG002  as the real one
    ) -> Answers:
        """Rate in every arm, each arm's own label carried on."""
        for arm in arms:
            for placed in arm.changes:
                if placed.change.layer >= self.layers or (placed.step is not None and placed.step not in self.steps):
                    raise ProbeError(f"there is no block {placed.change.layer} or step {placed.step}")
        ids = [stimulus.image_id for stimulus in stimuli]
        said: np.ndarray | None = None
        items = {}
        for item in self.study.items:
            ends, moved = zip(*(self._end(ids, arm, item.name) for arm in arms), strict=True)
            carried = [None] * len(arms) if said is None else list(said)
            logits = np.array([self._logits(item, *each) for each in zip(ends, carried, strict=True)])
            # The further the stream is moved, the likelier is something that is no valid answer.
            other = -4.0 + 0.05 * np.array(moved) ** 2
            everything = np.logaddexp(np.logaddexp.reduce(logits, axis=2), other)
            logprob = logits - everything[:, :, None]
            given = np.where(logits.max(axis=2) > other, logits.argmax(axis=2), -1)
            if self.temperature:
                given = self._drawn(np.dstack([logits, other]))
            clamped = np.zeros(given.shape, dtype=bool)
            items[item.name] = ItemAnswers(item, logprob, given, clamped)
            if isinstance(item.scale, Labels):
                said = np.array([self._carried(item, ids, of_arm) for of_arm in given])
        return Answers(tuple(arm.name for arm in arms), tuple(ids), items)

    def stream_in(self, stimuli: Sequence[Stimulus], arms: Sequence[Arm], step: str, layer: int) -> np.ndarray:
        """The residual stream (arms, pictures, width) after a block, changes after that block among it."""
        return np.array([self._until([stimulus.image_id for stimulus in stimuli], arm, step, layer) for arm in arms])

    def _until(self, ids: Sequence[str], arm: Arm, step: str, last: int) -> np.ndarray:
        changes = [placed.change for placed in arm.changes if placed.step in (None, step)]
        stream = np.zeros((len(ids), self.width))
        for layer in range(last + 1):
            stream = stream + np.array([self._written[name][layer] for name in ids])
            for change in changes:
                if change.layer == layer:
                    stream = _changed(stream, change)
        return stream

    def _end(self, ids: Sequence[str], arm: Arm, step: str) -> tuple[np.ndarray, np.ndarray]:
        """The stream after the last block in an arm (pictures, width), and how far the arm has moved it (pictures,)."""
        stream = self._until(ids, arm, step, self.layers - 1)
        plain = np.array([self._written[name].sum(axis=0) for name in ids])
        return stream, np.linalg.norm(stream - plain, axis=1)

    def _drawn(self, logits: np.ndarray) -> np.ndarray:
        """Answers drawn at the temperature (arms, pictures); the last option is none that is valid."""
        noise = np.random.default_rng(self.seed + 1).gumbel(size=logits.shape)
        drawn = (logits / self.temperature + noise).argmax(axis=2)
        return np.where(drawn == logits.shape[2] - 1, -1, drawn)

    def _carried(self, item: Item, ids: Sequence[str], given: np.ndarray) -> list[int]:
        return [
            item.answers.index(self.told[name]) if name in self.told else int(i)
            for name, i in zip(ids, given, strict=True)
        ]

    def _logits(self, item: Item, end: np.ndarray, said: np.ndarray | None) -> np.ndarray:
        """Logits of an item's options (pictures, options)."""
        nowhere = np.zeros(self.width)
        if isinstance(item.scale, Likert):
            mean = self.middle + end @ self.slopes.get(item.name, nowhere) + self.prompt.get(item.name, 0.0)
            if said is not None and item.name in self.carry:
                labels = next(other.answers for other in self.study.items if isinstance(other.scale, Labels))
                mean = mean + np.array([self.carry[item.name].get(labels[i], 0.0) if i >= 0 else 0.0 for i in said])
            return -((np.array(item.scale.points)[None] - mean[:, None]) ** 2) / 2
        read = np.array([self.readout.get(label, self.units.get(label, nowhere)) for label in item.answers])
        return self.gain * end @ read.T + np.array([self.prompt.get(label, 0.0) for label in item.answers])


def _is(stimulus: Stimulus, name: str) -> bool:
    factor, sign, level = name.rpartition("=")
    return stimulus.factors[factor] == level if sign else stimulus.factors["emotion"] == name


def _changed(stream: np.ndarray, change: Change) -> np.ndarray:
    if isinstance(change, Add):
        return stream + change.alpha * change.vector
    unit = change.vector / np.linalg.norm(change.vector)
    value = change.value if isinstance(change, Clamp) else 0.0
    if not isinstance(change, Clamp | ProjectOut):
        raise TypeError(f"{change} is no change")
    return stream + (value - stream @ unit)[:, None] * unit
