"""Features of a dictionary in the place of directions: feature:17 is the direction of a decoder's row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.errors import ProbeError
from vlmrate.probe.direction import FEATURE, Direction
from vlmrate.probe.records import VISION

if TYPE_CHECKING:
    from vlmrate.probe.direction import Directions
    from vlmrate.probe.sparse.active import Features


@dataclass(frozen=True, slots=True, eq=False)
class FeatureDirections:
    """The features that are active in a capture, as directions after the dictionary's own block.

    `unit` is the decoder's row at unit length; `gap` is how far the feature goes along it, the mean over the pictures
    in which it is active.

    Raises:
        ProbeError: The features are those of the vision tower.
    """

    features: Features

    def __post_init__(self) -> None:
        # Its one layer is called 0 too, but is no block whose stream could be moved.
        if self.features.dictionary.about.array == VISION:
            raise ProbeError(
                "the dictionary belongs to the vision tower's output, and its features are no directions of the stream "
                "after a block; name a dictionary of answers"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Every feature that is active in any picture, as feature:NUMBER."""
        return self.features.names

    def direction(self, name: str, layer: int, step: str) -> Direction:  # noqa: ARG002  as others tell steps apart
        """A feature's direction after the dictionary's block; the same at every step, for all share one stream.

        Raises:
            ProbeError: There is no such feature, the dictionary is for another block, or no picture of the capture
                activates the feature.
        """
        own = self.features.dictionary.about.layer
        number = self.features.number(name)
        if layer != own:
            raise ProbeError(
                f"{name}: the dictionary is for layer {own} and has no direction after layer {layer}; name --layer "
                f"{own}, or train a dictionary there"
            )
        return Direction(name, layer, *self.features.row(number))


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
