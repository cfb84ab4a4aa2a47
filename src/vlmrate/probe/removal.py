"""Ways of taking a group out of a model while it rates, as arms, each with random counterparts of the same rank.

The model is not told who is shown, so whatever is done is done to every picture alike:

- project-out: what lies in the span of the directions is taken out.
- clamp: what lies in the span is set to its mean over the pictures learnt from.
- subtract: one level's effect (its unit direction times its gap) is subtracted, an arm a level. Every picture is moved
  by the same vector; what sets the levels apart stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.arms import UNCHANGED, Arm, Placed
from vlmrate.probe.changes import Add, Clamp, ProjectOut
from vlmrate.probe.direction import random_basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.changes import Change
    from vlmrate.probe.crossfit import Turn
    from vlmrate.probe.direction import Direction, Directions
    from vlmrate.probe.store import Capture

How = Literal["project-out", "clamp", "subtract"]
HOWS: tuple[How, ...] = ("project-out", "clamp", "subtract")
DRAWS = 5
"""Random counterparts of every way."""
STRIDE = 1 + DRAWS
"""Arms from one way to the next."""
_NOTHING = 1e-8
"""Share of the longest effect below which a dimension of the span is rounding."""


@dataclass(frozen=True, slots=True)
class Way:
    """What is done; `direction` names what is subtracted, and is None where the whole span is taken."""

    how: How
    direction: str | None = None

    @property
    def name(self) -> str:
        """The arm's name: project-out, subtract skin=dark."""
        return self.how if self.direction is None else f"{self.how} {self.direction}"


def ways(hows: Sequence[How], names: Sequence[str]) -> tuple[Way, ...]:
    """Every way asked for; subtracting is one for each direction."""
    made: list[Way] = []
    for how in dict.fromkeys(hows):
        made += [Way(how, name) for name in names] if how == "subtract" else [Way(how)]
    return tuple(made)


def parse_hows(text: str | None) -> tuple[How, ...]:
    """Read "project-out,clamp" as two; all where none is named.

    Raises:
        ProbeError: One of them is none.
    """
    if text is None:
        return HOWS
    words = [word.strip() for word in text.split(",")]
    found = tuple(how for how in HOWS if how in words)
    if len(found) != len(words):
        wrong = next((word for word in words if word not in HOWS), "the same twice")
        raise ProbeError(f"--how {text}: {wrong!r} is no way; name some of {', '.join(HOWS)}, each once")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Removal:
    """Where a group is taken out in one turn: the capture, the directions learnt there, their names, and the layer."""

    capture: Capture
    directions: Directions
    names: tuple[str, ...]
    layer: int
    turn: Turn
    seed: Sequence[int]

    def arms(self, made: Sequence[Way], steps: Sequence[str]) -> tuple[Arm, ...]:
        """The unchanged model, then every way, each followed by its random counterparts."""
        of_step = {step: _Step(self, step, number) for number, step in enumerate(steps)}
        arms = [UNCHANGED]
        for way in made:
            for draw in range(STRIDE):
                placed = [Placed(c, step) for step, at in of_step.items() for c in at.changes(way, draw)]
                arms.append(Arm(f"{way.name}, random {draw}" if draw else way.name, tuple(placed)))
        return tuple(arms)


class _Step:
    """The directions at one step's answer, and the random ones beside them."""

    def __init__(self, removal: Removal, step: str, number: int) -> None:
        self._layer = removal.layer
        self._found = {name: removal.directions.direction(name, removal.layer, step) for name in removal.names}
        own = span(list(self._found.values()))
        rank, width = own.shape
        random = [random_basis(rank, width, (*removal.seed, number, draw)) for draw in range(DRAWS)]
        self._bases = (own, *random)
        learnt = removal.capture.layer(f"answer/{step}", removal.layer)[removal.turn.learnt]
        self._mean = learnt.astype(np.float64).mean(axis=0)

    def changes(self, way: Way, draw: int) -> tuple[Change, ...]:
        """What is done at this step; draw 0 is the way itself, from 1 on its random counterparts."""
        basis = self._bases[draw]
        if way.how == "project-out":
            return tuple(ProjectOut(self._layer, one) for one in basis)
        if way.how == "clamp":
            return tuple(Clamp(self._layer, one, float(self._mean @ one)) for one in basis)
        found = self._found[way.direction or ""]
        return (Add(self._layer, basis[0] if draw else found.unit, -found.gap),)


def span(directions: Sequence[Direction]) -> np.ndarray:
    """An orthonormal basis (rank, width) of what directions span, each weighing as long as its effect is.

    Effects of all levels of a group sum to zero, so that their rank is one below their number.
    """
    effects = np.array([direction.gap * direction.unit for direction in directions])
    _, lengths, basis = np.linalg.svd(effects, full_matrices=False)
    return np.asarray(basis[lengths > _NOTHING * lengths[0]])


def changed(stream: np.ndarray, change: Change) -> np.ndarray:
    """A residual stream (rows, width) of a capture as it is after a change."""
    if isinstance(change, Add):
        return np.asarray(stream + change.alpha * change.vector)
    unit = change.vector / np.linalg.norm(change.vector)
    value = change.value if isinstance(change, Clamp) else 0.0
    return np.asarray(stream + (value - stream @ unit)[:, None] * unit)


def changed_by(stream: np.ndarray, arm: Arm, step: str) -> np.ndarray:
    """The same after all changes that an arm makes at one step's answer; they must all be made after this block."""
    for placed in arm.changes:
        if placed.step in (None, step):
            stream = changed(stream, placed.change)
    return stream
