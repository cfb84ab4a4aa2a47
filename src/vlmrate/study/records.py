"""The nouns of a rating study: scales, items, stimuli, factors, and the study that holds them together."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vlmrate.study.ratings import HumanRatings


@dataclass(frozen=True, slots=True)
class Labels:
    """A nominal scale: one of `options`, in the order in which they are offered."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Likert:
    """A rating scale of whole numbers from `low` to `high`, with the wording of its ends as people saw them."""

    low: int
    high: int
    low_anchor: str | None = None
    high_anchor: str | None = None

    @property
    def points(self) -> tuple[int, ...]:
        """Every number on the scale, ascending."""
        return tuple(range(self.low, self.high + 1))

    def brought_here(self, number: float, ends: tuple[float, float]) -> float:
        """A number of the scale with these ends (low, high) in this one's units, not rounded; it may lie beyond."""
        low, high = ends
        return (number - low) / (high - low) * (self.high - self.low) + self.low

    def held(self, number: float) -> float:
        """The number, or the scale's end where it lies beyond."""
        return min(max(number, float(self.low)), float(self.high))


Scale = Labels | Likert


@dataclass(frozen=True, slots=True)
class Item:
    """A question of the study: what is rated, on which scale.

    `intended` names the stimulus column that holds the right answer (for a label such as the posed emotion).
    """

    name: str
    scale: Scale
    intended: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """Every valid answer as it is spoken: the labels, or the numbers as digits."""
        if isinstance(self.scale, Labels):
            return self.scale.options
        return tuple(str(point) for point in self.scale.points)


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One picture: its id (a plain file name), its file, and every factor column of the stimuli table."""

    image_id: str
    path: Path
    factors: Mapping[str, str]

    def __reduce__(self) -> tuple[object, ...]:
        """For a second process: a mapping that cannot be written to cannot be pickled as it is."""
        return _stimulus, (self.image_id, self.path, dict(self.factors))


def _stimulus(image_id: str, path: Path, factors: dict[str, str]) -> Stimulus:
    return Stimulus(image_id, path, MappingProxyType(factors))


@dataclass(frozen=True, slots=True)
class Factors:
    """Which stimulus columns play which part: posed emotion, identity of the person shown, demographic groups."""

    emotion: str | None = None
    identity: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """A study as loaded: what was shown, what was asked, who answered, and where results go.

    `simulated_people` is True when the human ratings come from a simulator; every report says so.
    """

    name: str
    file: Path
    stimuli: tuple[Stimulus, ...]
    items: tuple[Item, ...]
    factors: Factors
    ratings: HumanRatings | None
    protocol: str
    results: Path
    simulated_people: bool = False

    def item(self, name: str) -> Item:
        """The item called `name`; KeyError when the study has none."""
        return {item.name: item for item in self.items}[name]
