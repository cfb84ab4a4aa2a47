"""Arms: the ways in which a model is changed while it rates, and what it answered in each.

Every intervention (project out, steer, clamp) is told in these terms, so that its statistics know no model: whatever
can `rate` stimuli in arms will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np

from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vlmrate.inference.job import Progress
    from vlmrate.probe.changes import Change
    from vlmrate.study.records import Item, Stimulus

At = Literal["answer", "picture"]
"""Where changes are made: from the answer position on, all that is said among it; or at the picture's tokens."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A change, and the step (by what it asks, "emotion") at whose answer it is made; None: at every step's."""

    change: Change
    step: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One way of rating: all its changes, made in their order; none: the model as it is.

    Changes at the picture's tokens belong to no step, since every step reads the same picture.
    """

    name: str
    changes: tuple[Placed, ...] = ()
    at: At = "answer"


UNCHANGED = Arm("unchanged")


@dataclass(frozen=True, slots=True, eq=False)
class ItemAnswers:
    """What was answered to one item in every arm about every picture.

    `logprob` (arms, pictures, options) is the log-probability of each valid answer where the model gives its own, not
    normalised over them; NaN where the item was not asked or has no place. `given` (arms, pictures) is the number of
    the option that was said, -1 where the answer could not be read or the item was not asked. `clamped` (arms,
    pictures) is whether that was another number as said, rounded or moved onto the scale: 33333 is given as its end.
    """

    item: Item
    logprob: np.ndarray
    given: np.ndarray
    clamped: np.ndarray

    @property
    def probability(self) -> np.ndarray:
        """Probability of each option among all options (arms, pictures, options); NaN where unknown."""
        with np.errstate(invalid="ignore"):
            shifted = np.exp(self.logprob - self.logprob.max(axis=-1, keepdims=True))
            return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))

    @property
    def valid_mass(self) -> np.ndarray:
        """Probability of all options together (arms, pictures); NaN where unknown."""
        return np.asarray(np.exp(self.logprob).sum(axis=-1))

    @property
    def expected(self) -> np.ndarray:
        """The probability-weighted rating (arms, pictures); NaN where unknown. Of a Likert item only."""
        return np.asarray(self.probability @ self._points)

    @property
    def spoken(self) -> np.ndarray:
        """The rating that was said, if need be clamped (arms, pictures); NaN where there is none. Of a Likert item."""
        return np.where(self.given >= 0, self._points[self.given], np.nan)

    @property
    def _points(self) -> np.ndarray:
        scale = self.item.scale
        if not isinstance(scale, Likert):
            raise TypeError(f"item {self.item.name} has labels and no numbers")
        return np.array(scale.points, dtype=np.float64)


def joined_items(parts: Sequence[Answers], *, axis: int) -> dict[str, ItemAnswers]:
    """Answers to the items of the first of several parts, one after another by arm (axis 0) or by picture (axis 1)."""
    return {
        name: ItemAnswers(
            answers.item,
            np.concatenate([part.items[name].logprob for part in parts], axis=axis),
            np.concatenate([part.items[name].given for part in parts], axis=axis),
            np.concatenate([part.items[name].clamped for part in parts], axis=axis),
        )
        for name, answers in parts[0].items.items()
    }


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model answered in several arms about several pictures, by item; each arm carried its own answers on."""

    arms: tuple[str, ...]
    pictures: tuple[str, ...]
    items: Mapping[str, ItemAnswers]


class Editable(Protocol):
    """A model that can be changed while it rates."""

    @property
    def name(self) -> str:
        """The rater's name."""

    @property
    def digest(self) -> str:
        """SHA-256 of the model's files."""

    @property
    def layers(self) -> int:
        """Number of its blocks."""

    @property
    def width(self) -> int:
        """Width of its residual stream."""

    @property
    def steps(self) -> tuple[str, ...]:
        """Its protocol's steps by what they ask, in order."""

    def rate(
        self, stimuli: Sequence[Stimulus], arms: Sequence[Arm], report: Callable[[Progress], None] | None = None
    ) -> Answers:
        """Rate every stimulus in every arm; arms hold their own answers apart from one another.

        Raises:
            ProbeError: A change does not fit the model, or an arm names a step that there is not.
            ImageError: A picture cannot be read.
        """


@runtime_checkable
class Readable(Protocol):
    """A model whose residual stream can also be read while it is changed."""

    def stream_in(self, stimuli: Sequence[Stimulus], arms: Sequence[Arm], step: str, layer: int) -> np.ndarray:
        """The residual stream (arms, pictures, width) after a block, at the answer of a step.

        Changes after that very block are in it. Earlier steps are answered in the arm and carried on.

        Raises:
            ProbeError: A change does not fit the model, or there is no such step or block.
            ImageError: A picture cannot be read.
        """
