"""The arms of a sweep: every direction after every block at every dose, and random directions of the same lengths.

Dose 1 is the direction's own effect: unit length times the gap it was made from, as far as its class lies from the mean
of all classes. Directions differ from step to step, and each is added at its own step's answer. Random directions are
drawn from the unit sphere, anew for every block, and get the same lengths; they are rated over the linear range only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.arms import UNCHANGED, Arm, Placed
from vlmrate.probe.changes import Add
from vlmrate.probe.direction import random_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.probe.arms import Answers, Editable
    from vlmrate.probe.direction import Direction, Directions
    from vlmrate.stats import Bootstrap
    from vlmrate.study.records import Stimulus, Study

DOSES = (-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0)
LINEAR = 1.0
"""The largest size of dose that slopes rest on: one class effect either way, as far as the pictures themselves go."""
RANDOMS = 5
LEAST_RANDOMS = 2


@dataclass(frozen=True, slots=True)
class Doses:
    """Doses in ascending order, 0 among them, and the largest size of those in the linear range."""

    all: tuple[float, ...] = DOSES
    linear: float = LINEAR

    @classmethod
    def of(cls, doses: Sequence[float], linear: float = LINEAR) -> Doses:
        """Doses as asked for, 0 put among them.

        Raises:
            ProbeError: One is no number or is named twice, or the linear range has no end or holds none but 0.
        """
        if not np.isfinite(doses).all() or len(set(doses)) < len(doses):
            raise ProbeError("--doses: each dose is a finite number, named once, such as --doses=-2,-1,0,1,2")
        if not np.isfinite(linear):
            raise ProbeError(f"--linear {linear}: the linear range ends at a finite dose, such as --linear 1")
        made = cls(tuple(sorted({*map(float, doses), 0.0})), linear)
        if len(made.linear_places) < 2:
            raise ProbeError(
                f"--doses: a slope needs a dose beside 0 that is no larger than {linear:g}; add one, or widen --linear"
            )
        return made

    @property
    def linear_places(self) -> tuple[int, ...]:
        """The places of the doses in the linear range."""
        return tuple(i for i, dose in enumerate(self.all) if abs(dose) <= self.linear)

    @property
    def in_line(self) -> tuple[float, ...]:
        """The doses of the linear range."""
        return tuple(self.all[i] for i in self.linear_places)


@dataclass(frozen=True, slots=True, eq=False)
class Steered:
    """A direction after a block, as it is at each step's answer."""

    name: str
    layer: int
    at: Mapping[str, Direction]

    def arm(self, dose: float) -> Arm:
        """The arm in which it is added at every step."""
        changes = [Placed(Add(self.layer, one.gap * one.unit, dose), step) for step, one in self.at.items()]
        return Arm(f"{self.name} after block {self.layer}, dose {dose:g}", tuple(changes))

    def random_arm(self, unit: np.ndarray, number: int, dose: float) -> Arm:
        """The arm in which another direction is added in its place, as long at every step."""
        changes = [Placed(Add(self.layer, one.gap * unit, dose), step) for step, one in self.at.items()]
        return Arm(f"random {number} for {self.name} after block {self.layer}, dose {dose:g}", tuple(changes))


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """All arms, the unchanged one first, and where each direction's stand among them.

    `places` has a row (doses,) a direction and block, `random` (random directions, doses of the linear range).
    """

    arms: tuple[Arm, ...]
    doses: Doses
    steered: tuple[Steered, ...]
    places: tuple[np.ndarray, ...]
    random: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """Half of the identities: their pictures, whom each shows, and how they were answered in a sweep's arms."""

    stimuli: tuple[Stimulus, ...]
    identities: np.ndarray
    sweep: Sweep
    answers: Answers


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """A sweep that was rated: the half on which is chosen and the half that is told of, and how intervals are made."""

    model: Editable
    study: Study
    tuned: Half
    told: Half
    seed: int
    bootstrap: Bootstrap


def steered_at(
    model: Editable, directions: Directions, names: Sequence[str], layers: Sequence[int], steps: Sequence[str]
) -> tuple[Steered, ...]:
    """Every direction after every block, in that order.

    Raises:
        ProbeError: There is no such direction, block or step, or a direction is of another width than the model.
    """
    for layer in layers:
        if not 0 <= layer < model.layers:
            raise ProbeError(f"--layer {layer}: {model.name} has the blocks 0 to {model.layers - 1}")
    for step in steps:
        if step not in model.steps:
            raise ProbeError(f"--step {step}: the protocol asks no such item; it asks {', '.join(model.steps)}")
    made = [
        Steered(name, layer, {step: directions.direction(name, layer, step) for step in steps})
        for name in names
        for layer in layers
    ]
    for one in made:
        for direction in one.at.values():
            if len(direction.unit) != model.width:
                raise ProbeError(
                    f"{one.name} is {len(direction.unit)} wide, and the stream of {model.name} is {model.width}; name "
                    "a capture or dictionary of that model"
                )
    return tuple(made)


def sweep_of(steered: Sequence[Steered], doses: Doses, width: int, randoms: int, seed: int) -> Sweep:
    """The arms of directions and of `randoms` random ones; all directions after a block share the latter's units."""
    arms: list[Arm] = [UNCHANGED]

    def placed(arm: Arm) -> int:
        arms.append(arm)
        return len(arms) - 1

    places, random = [], []
    for one in steered:
        places.append(np.array([0 if dose == 0 else placed(one.arm(dose)) for dose in doses.all]))
        units = random_units(randoms, width, (seed, one.layer))
        random.append(
            np.array(
                [
                    [0 if dose == 0 else placed(one.random_arm(unit, number, dose)) for dose in doses.in_line]
                    for number, unit in enumerate(units)
                ]
            )
        )
    return Sweep(tuple(arms), doses, tuple(steered), tuple(places), tuple(random))
