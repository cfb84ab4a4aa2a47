"""Compare: one model asked in its usual way, asked otherwise, and steered, on the same pictures.

Steering adds the dose times a direction's gap (alpha 1 moves a picture from the mean of all by one class effect) at
the answer of every step; random directions of the same length stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.arms import UNCHANGED, Arm, Placed
from vlmrate.probe.changes import Add
from vlmrate.probe.channels import Channels, Place, stacked
from vlmrate.probe.compare import Compared, CompareOutcome
from vlmrate.probe.crossfit import best_layer, joined, too_few, turns
from vlmrate.probe.direction import random_basis
from vlmrate.probe.shown import shown, shown_in
from vlmrate.stats import Bootstrap, Skipped
from vlmrate.stats.bootstrap import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vlmrate.inference.job import Progress
    from vlmrate.probe.arms import Answers, Editable
    from vlmrate.probe.bench import Bench
    from vlmrate.probe.compare import Kind
    from vlmrate.probe.crossfit import Turn
    from vlmrate.probe.shown import Shown

DRAWS = 9
"""Random directions of the same length."""
UP, DOWN, FIRST_RANDOM = 1, 2, 3
"""Places of the steered arms after the unchanged one."""


@dataclass(frozen=True, slots=True, eq=False)
class Otherwise:
    """The same model asked otherwise, nothing in it changed; `told` are the false labels it is told, by picture."""

    name: str
    kind: Kind
    model: Editable
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CompareWay:
    """How far is steered, in which layer (None: chosen by the half that is learnt from), and how intervals are made.

    `lacking` says why channels that belong here are not among the others.
    """

    dose: float = 2.0
    layer: int | None = None
    seed: int = 0
    bootstrap: Bootstrap = DEFAULT
    lacking: tuple[str, ...] = ()


def compare(
    bench: Bench,
    direction: str,
    others: Sequence[Otherwise],
    way: CompareWay | None = None,
    report: Callable[[Progress], None] | None = None,
) -> CompareOutcome:
    """Set the channels of one direction beside one another.

    Raises:
        ProbeError: The capture is of texts, of other pictures, or not of every step; there is no such layer or
            direction, or one of the others is not asked the same items.
    """
    told = _found(bench, direction, others, way or CompareWay(), report)
    return CompareOutcome(bench.model.name, bench.capture.file.stem, direction, told)


def _found(
    bench: Bench,
    direction: str,
    others: Sequence[Otherwise],
    way: CompareWay,
    report: Callable[[Progress], None] | None,
) -> Compared | Skipped:
    there = shown_in(bench.capture, bench.study)
    if there.identity is None:
        return Skipped("halves keep identities whole, and the study names no identity factor")
    if there.emotion is None:
        return Skipped("the layer is chosen by the emotions shown, and the study names no emotion factor")
    identities, classes = there.labels(there.identity), there.labels(there.emotion)
    if (reason := too_few(identities, classes)) is not None:
        return Skipped(reason)
    halves = turns(identities, classes, way.seed)
    steered = [_Steered(bench, there, direction, turn, way, number) for number, turn in enumerate(halves)]
    if not all(one.stimuli for one in steered):
        return Skipped("the pictures that are rated are of one half of the identities; rate more")
    parts = [joined([bench.model.rate(one.stimuli, one.arms, report) for one in steered])]
    stimuli = [stimulus for one in steered for stimulus in one.stimuli]
    parts += [_named(other.name, other.model.rate(stimuli, (UNCHANGED,), report)) for other in others]
    return _told(bench, direction, others, way, steered, stacked(parts))


def _named(name: str, answers: Answers) -> Answers:
    return replace(answers, arms=(name,))


class _Steered:
    """One half of the pictures, and the arms that steer it by what the other half taught."""

    def __init__(self, bench: Bench, there: Shown, name: str, turn: Turn, way: CompareWay, number: int) -> None:
        steps = bench.model.steps
        if way.layer is None:
            classes, identities = there.labels(there.emotion or ""), there.labels(there.identity or "")
            self.layer = best_layer(bench.capture, f"answer/{steps[0]}", turn, classes, identities, way.seed)
        else:
            self.layer = way.layer
        judged = {there.ids[row] for row in turn.judged}
        self.stimuli = [stimulus for stimulus in bench.stimuli if stimulus.image_id in judged]
        directions = bench.taken(turn.identities)
        found = {step: directions.direction(name, self.layer, step) for step in steps}
        self.length = way.dose * found[steps[0]].gap
        lengths = {step: way.dose * found[step].gap for step in steps}
        own = {step: found[step].unit for step in steps}
        self.arms = (
            UNCHANGED,
            self._arm("up", own, lengths, 1.0),
            self._arm("down", own, lengths, -1.0),
            *(self._random(draw, own, lengths, (way.seed, number, draw)) for draw in range(DRAWS)),
        )

    def _random(
        self, draw: int, own: Mapping[str, np.ndarray], lengths: Mapping[str, float], seed: Sequence[int]
    ) -> Arm:
        units = {step: random_basis(1, len(unit), (*seed, place))[0] for place, (step, unit) in enumerate(own.items())}
        return self._arm(f"random {draw + 1}", units, lengths, 1.0)

    def _arm(self, name: str, units: Mapping[str, np.ndarray], lengths: Mapping[str, float], sign: float) -> Arm:
        return Arm(name, tuple(Placed(Add(self.layer, unit, sign * lengths[s]), s) for s, unit in units.items()))


def _told(
    bench: Bench,
    direction: str,
    others: Sequence[Otherwise],
    way: CompareWay,
    steered: Sequence[_Steered],
    answers: Answers,
) -> Compared:
    rated = shown(bench.study, answers.pictures)
    options = {answer for one in answers.items.values() for answer in one.item.answers}
    label = direction if direction in options else None
    channels = Channels(answers, rated, label, way.bootstrap)
    random = tuple(range(FIRST_RANDOM, FIRST_RANDOM + DRAWS))
    first = FIRST_RANDOM + DRAWS
    asked = [Place(other.name, other.kind, (first + number,)) for number, other in enumerate(others)]
    places = [
        *(place for place in asked if place.kind != "false label"),
        Place(f"{direction} up", "steering", (UP,), random),
        Place(f"{direction} down", "steering", (DOWN,), random),
        Place(f"random, mean of {DRAWS}", "control", random),
        *(place for place in asked if place.kind == "false label"),
    ]
    false = next(((first + n, other.told) for n, other in enumerate(others) if other.told), None)
    one, other_half = steered
    return Compared(
        label=label,
        layers=(one.layer, other_half.layer),
        dose=way.dose,
        lengths=(one.length, other_half.length),
        images=len(rated.ids),
        identities=len(np.unique(rated.labels(rated.identity or "").astype(str))),
        channels=channels.told(places),
        acceptance=Skipped("no false label was told") if false is None else channels.acceptance(*false),
        lacking=way.lacking,
    )
