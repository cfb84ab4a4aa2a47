"""Does a label rest on a direction? What its log-probability loses when the direction is projected out.

Directions are made from the first half of the identities, and a layer is chosen on it; effects are told of the second.
Beside every direction stand random ones of the same length after the same block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlmrate.probe.carrying import Carriers  # noqa: TC001  readers resolve annotations
from vlmrate.probe.overshadowing import Overshadowing  # noqa: TC001  readers resolve annotations
from vlmrate.stats import Bootstrap, Outcome, Skipped
from vlmrate.stats.bootstrap import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterator

Over = Literal["directions", "units", "features"]


@dataclass(frozen=True, slots=True)
class CausalWay:
    """What is projected out, and how chance is told from more.

    `names` are the directions (none: those of the labels), `layers` the blocks (none: all). `over` says among what
    carriers are sought, of which the `top` most promising are tried. `random` directions stand beside every other.
    """

    names: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    over: Over = "units"
    top: int = 64
    random: int = 20
    seed: int = 0
    bootstrap: Bootstrap = DEFAULT


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Mean change of a label's log-probability (nats), over pictures that show the direction's label, and over all."""

    label: str
    true: Outcome
    all: Outcome


@dataclass(frozen=True, slots=True)
class Random:
    """What random directions of the same length do after the same block to the same label and pictures.

    `mean`, `lowest` and `highest` are of their mean changes in nats, `size` is the mean of these without their sign;
    `difference` is the direction's change less their mean, picture by picture; `as_low` counts those that lower the
    label as far. `p` says how likely a random direction does: F of the change's size over theirs, with 1 and `drawn`
    degrees of freedom, and 1 where the label does not fall. `p_holm` is corrected for all directions and layers.
    """

    drawn: int
    mean: float
    size: float
    lowest: float
    highest: float
    as_low: int
    difference: Outcome
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class LayerEffect:
    """A direction projected out after one block: every label's change, the mean of all but its own, and random ones."""

    layer: int
    labels: tuple[LabelChange, ...]
    others: LabelChange
    random: Random


@dataclass(frozen=True, slots=True)
class Replies:
    """Shares of pictures, at the chosen layer, on which the label said is another one, or none that can be read.

    `changed_true` is of the pictures that show the direction's label; `changed_random` the mean over random directions
    of what `changed` is of.
    """

    changed: Outcome
    changed_true: Outcome
    changed_random: float
    invalid_before: Outcome
    invalid_after: Outcome


@dataclass(frozen=True, slots=True)
class DirectionEffect:
    """One direction, told of the second half of the identities.

    `own` is the label whose name it bears (`named`), else the one that it lowered most on the first half; `pictures`
    truly show that label. `layer` was chosen on the first half.
    """

    own: str
    named: bool
    pictures: int
    layers: tuple[LayerEffect, ...]
    layer: int
    overshadowing: Overshadowing | Skipped
    replies: Replies

    @property
    def chosen(self) -> LayerEffect:
        """The effect at the chosen layer."""
        return next(effect for effect in self.layers if effect.layer == self.layer)


@dataclass(frozen=True, slots=True)
class DirectionOutcome:
    """A direction, and what came of projecting it out or why that is not known."""

    direction: str
    found: DirectionEffect | Skipped


@dataclass(frozen=True, slots=True)
class Causal:
    """All directions of one model, and what carries the labels after one block.

    `identities` and `pictures` are those of the second half, of which everything is told.
    """

    item: str
    identities: int
    pictures: int
    directions: tuple[DirectionOutcome, ...]
    carriers: Carriers


@dataclass(frozen=True, slots=True)
class CausalOutcome:
    """A model, and what was found of it or why nothing was."""

    model: str
    found: Causal | Skipped


def effects_of(found: Causal) -> Iterator[tuple[str, DirectionEffect]]:
    """The directions that were not skipped."""
    for outcome in found.directions:
        if not isinstance(outcome.found, Skipped):
            yield outcome.direction, outcome.found
