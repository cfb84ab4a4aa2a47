"""Ablation: directions projected out of a model while it rates, one an arm, and what became of every label.

Identities are split in two. What is chosen (directions, a layer, units, a rival) is chosen on the first half; what is
told is of the second, which had no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.arms import UNCHANGED, Arm, Placed
from vlmrate.probe.changes import ProjectOut
from vlmrate.probe.shown import shown
from vlmrate.stats import Bootstrap, Outcome, Skipped, resample_sums
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.inference.job import Progress
    from vlmrate.probe.arms import Editable
    from vlmrate.probe.direction import Direction, Directions
    from vlmrate.study.records import Item, Stimulus, Study

DirectionsOf = Callable[[Collection[str]], "Directions"]
"""Directions made from the pictures of some identities alone."""
LEAST_IDENTITIES = 2
"""Identities of a half that must show a label for anything to be told of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Pictures, the number of the label that each truly shows (-1: none of them), who is shown, and the first half."""

    labels: tuple[str, ...]
    truth: np.ndarray
    identities: np.ndarray
    first: np.ndarray

    def showing(self, label: str, *, first: bool) -> np.ndarray:
        """The pictures of one half (a mask) that truly show a label."""
        return np.asarray((self.truth == self.labels.index(label)) & (self.first == first))

    def unlabelled(self, item: Item) -> Skipped | None:
        """Why nothing can be chosen; None where a picture of the first half shows a label of the item."""
        if (self.truth[self.first] >= 0).any():
            return None
        return Skipped(f"no picture of the half that chooses shows a label of {item.name}")

    def too_few(self, label: str) -> Skipped | None:
        """Why nothing can be told of a label; None where it can."""
        for half, name in ((True, "first"), (False, "second")):
            shown_by = len(np.unique(self.identities[self.showing(label, first=half)]))
            if shown_by < LEAST_IDENTITIES:
                return Skipped(f"{label} is shown by {shown_by} identities of the {name} half, and two are needed")
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Ablated:
    """What projecting out did, an arm a name.

    `change` (arms, pictures, labels) is that of the log-probability, in nats; NaN where the model gives none. `given`
    (arms, pictures) and `before` (pictures,) are the numbers of the labels said, -1 where none could be read.
    """

    names: tuple[str, ...]
    change: np.ndarray
    given: np.ndarray
    before: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """The pictures (a mask) of which every arm's change is known."""
        return np.asarray(np.isfinite(self.change).all(axis=(0, 2)))

    def of(self, name: str) -> np.ndarray:
        """Changes (pictures, labels) in one arm."""
        return np.asarray(self.change[self.names.index(name)])


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A model that is asked for a label in one of its steps, about some pictures of a study."""

    model: Editable
    stimuli: tuple[Stimulus, ...]
    item: Item
    step: str
    pictures: Pictures

    def of(self, known: np.ndarray) -> Task:
        """The same, pictures outside a mask taken for ones that show no label."""
        return replace(self, pictures=replace(self.pictures, truth=np.where(known, self.pictures.truth, -1)))

    def without(
        self, vectors: Mapping[str, tuple[int, np.ndarray]], report: Callable[[Progress], None] | None = None
    ) -> Ablated:
        """Rate with each vector (a block's number and what is projected out after it) out of the label's answer."""
        arms = [Arm(name, (Placed(ProjectOut(*vector), self.step),)) for name, vector in vectors.items()]
        made = self.model.rate(self.stimuli, (UNCHANGED, *arms), report).items[self.item.name]
        with np.errstate(invalid="ignore"):
            change = made.logprob[1:] - made.logprob[0]
        return Ablated(tuple(vectors), change, made.given[1:], made.given[0])


def task(model: Editable, study: Study, stimuli: Sequence[Stimulus], seed: int) -> Task | Skipped:
    """What is asked and shown; pictures that name no identity are in neither half and left out.

    Skipped where the study has no identities, no label is asked for that it knows, or no picture to choose on shows
    one.
    """
    asked = _asked(model, study)
    if asked is None:
        return Skipped("the protocol asks for no label")
    item, step = asked
    about = shown(study, [stimulus.image_id for stimulus in stimuli])
    column = item.intended or about.emotion
    if about.identity is None:
        return Skipped("the halves keep identities whole, and the study names no identity factor")
    if column is None:
        return Skipped(f"the study does not say which {item.name} a picture shows")
    number = {label: i for i, label in enumerate(item.answers)}
    named = np.flatnonzero(about.labels(about.identity).astype(str) != "")
    truth = np.array([number.get(str(label), -1) for label in about.labels(column)[named]], dtype=np.int64)
    identities = about.labels(about.identity)[named].astype(str)
    pictures = Pictures(item.answers, truth, identities, _first_half(identities, seed))
    return pictures.unlabelled(item) or Task(model, tuple(stimuli[int(i)] for i in named), item, step, pictures)


def held(directions: Directions, name: str, layers: Sequence[int], step: str) -> dict[int, Direction]:
    """A direction after every one of some blocks that has it; a feature of a dictionary is of one block only.

    Raises:
        ProbeError: None of them has it.
    """
    found, refusals = {}, []
    for layer in layers:
        try:
            found[layer] = directions.direction(name, layer, step)
        except ProbeError as error:
            refusals.append(error)
    if not found:
        raise refusals[0]
    return found


def means(columns: np.ndarray, identities: np.ndarray, names: Sequence[str], bootstrap: Bootstrap) -> list[Outcome]:
    """The mean of every column (pictures, columns), each interval from drawing identities."""
    sums = np.column_stack([np.ones(len(columns)), columns]).astype(np.float64)
    drawn = resample_sums(sums, clusters=identities, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return [drawn] * len(names)
    return [
        drawn.estimate(lambda totals, i=i: totals[:, i + 1] / totals[:, 0], name=name)  # type: ignore[misc]  # a loop's number held fast
        for i, name in enumerate(names)
    ]


def _asked(model: Editable, study: Study) -> tuple[Item, str] | None:
    """The first item with labels that a step asks for, one whose right answer is known before others."""
    labelled = [item for item in study.items if isinstance(item.scale, Labels)]
    for item in sorted(labelled, key=lambda item: item.intended is None):
        for step in model.steps:
            if item.name in step.split("+"):
                return item, step
    return None


def _first_half(identities: np.ndarray, seed: int) -> np.ndarray:
    """The pictures of every second identity."""
    names = np.random.default_rng(seed).permutation(np.unique(identities))
    return np.isin(identities, names[::2])
