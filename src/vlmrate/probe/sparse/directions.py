"""Features of a dictionary in the place of directions: feature:17 is the direction of a decoder's row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.direction import FEATURE, Direction
from vlmrate.probe.sparse.store import refuse_unfit
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from vlmrate.probe.direction import Directions
    from vlmrate.probe.sparse.dictionary import Dictionary
    from vlmrate.probe.store import Capture

VISION = "vision"
"""The array that was read before all blocks."""


@dataclass(frozen=True, eq=False)
class FeatureDirections:
    """The features of a dictionary that are active in a capture, as directions after the dictionary's own block.

    `unit` is the decoder's row at unit length; `gap` is how far the feature goes along it, the mean over the pictures
    in which it is active.

    Raises:
        ProbeError: The dictionary is of another model, layer or width than the capture, or of its vision tower.
    """

    dictionary: Dictionary
    capture: Capture

    def __post_init__(self) -> None:
        refuse_unfit(self.dictionary, self.capture)
        # Its one layer is called 0 too, but is no block whose stream could be moved.
        if self.dictionary.about.array == VISION:
            raise ProbeError(
                "the dictionary belongs to the vision tower's output, and its features are no directions of the stream "
                "after a block; name a dictionary of answers"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Every feature that is active in any picture, as feature:NUMBER."""
        return tuple(f"{FEATURE}{number}" for number in self._means)

    def direction(self, name: str, layer: int, step: str) -> Direction:  # noqa: ARG002  as others tell steps apart
        """A feature's direction after the dictionary's block; the same at every step, for all share one stream.

        Raises:
            ProbeError: There is no such feature, the dictionary is for another block, or no picture of the capture
                activates the feature.
        """
        number, about = self._number(name), self.dictionary.about
        if layer != about.layer:
            raise ProbeError(
                f"{name}: the dictionary is for layer {about.layer} and has no direction after layer {layer}; name "
                f"--layer {about.layer}, or train a dictionary there"
            )
        row = self.dictionary.decoder[number].astype(np.float64)
        length = float(np.linalg.norm(row))
        if number not in self._means or not length > 0:
            raise ProbeError(
                f"{name}: no picture of {shown(self.capture.file)} activates it, so that there is no length to go; "
                "`vlmrate probe features list` says which are active"
            )
        return Direction(name, layer, row / length, self._means[number] * length)

    def _number(self, name: str) -> int:
        word, size = name.removeprefix(FEATURE), self.dictionary.about.size
        if not (word.isascii() and word.isdigit()) or int(word) >= size:
            raise ProbeError(f"there is no {name}; the dictionary has {FEATURE}0 to {FEATURE}{size - 1}")
        return int(word)

    @cached_property
    def _means(self) -> dict[int, float]:
        """The mean activation of every feature where it is active."""
        about = self.dictionary.about
        active = self.dictionary.active(self.capture.layer(about.array, about.layer))
        sums = active.values.sum(axis=0, dtype=np.float64) / active.counts[active.features]
        return dict(zip(map(int, active.features), map(float, sums), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class JoinedDirections:
    """Features of a dictionary beside the directions of a capture: names tell which."""

    features: FeatureDirections
    others: Directions

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the others, then those of features."""
        return (*self.others.names, *self.features.names)

    def direction(self, name: str, layer: int, step: str) -> Direction:
        """A direction after a block, at the answer of a step.

        Raises:
            ProbeError: There is none of that name, or none there.
        """
        source: Directions = self.features if name.startswith(FEATURE) else self.others
        return source.direction(name, layer, step)
