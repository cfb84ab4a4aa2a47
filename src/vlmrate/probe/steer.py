"""Steering: a direction is added after a block while a model rates, at many doses, and its answers are read again.

Identities are dealt out to two halves. Directions are taken from all pictures but those of the second half, and the
layer is chosen on the first; everything else is told of the second, which had no part in either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.direction import Directions
from vlmrate.probe.dosed import directions_told
from vlmrate.probe.steered import Steering
from vlmrate.probe.sweep import RANDOMS, Doses, Halves, Swept, steered_at, sweep_of
from vlmrate.probe.target import ALLOWED, item_of, target_of
from vlmrate.stats import Bootstrap, Skipped
from vlmrate.stats.bootstrap import DEFAULT
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.inference.job import Progress
    from vlmrate.probe.arms import Editable
    from vlmrate.study.records import Stimulus, Study

Source = Callable[[frozenset[str]], Directions]
"""Directions from the pictures of some identities only; the features of a dictionary are the same whoever is shown."""
LEAST_IDENTITIES = 4
"""Identities that must be shown: two in each half."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a model is steered.

    `directions` by name, none: that of the target, else those of the study's labels. No `layers`, no `steps`: all of
    the model's. `target` is a label whose recall is to rise; `allowed` how far accuracy on other pictures and the share
    of valid answers may fall where layer and dose are chosen for it.
    """

    directions: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    steps: tuple[str, ...] = ()
    doses: Doses = field(default_factory=Doses)
    randoms: int = RANDOMS
    target: str | None = None
    allowed: float = ALLOWED
    seed: int = 0
    bootstrap: Bootstrap = DEFAULT


def steer(
    model: Editable,
    study: Study,
    stimuli: Sequence[Stimulus],
    source: Source,
    way: Way,
    report: Callable[[Progress], None] | None = None,
) -> Steering | Skipped:
    """Rate stimuli in every arm of a sweep and tell what steering does.

    Skipped where the study names no identities, or the stimuli show too few for two halves.

    Raises:
        ProbeError: There is no such direction, block, step or target.
        ImageError: A picture cannot be read.
    """
    halves = _halves(study, stimuli, way.seed)
    if isinstance(halves, Skipped):
        return halves
    if way.target is not None:
        item_of(study, way.target)  # refused before it takes long
    everyone = {stimulus.factors[halves.factor] for stimulus in study.stimuli} - {""}
    directions = source(frozenset(everyone - set(halves.identities[halves.told])))
    steps = way.steps or model.steps
    steered = steered_at(
        model,
        directions,
        _names(study, directions, way),
        tuple(dict.fromkeys(way.layers)) or range(model.layers),
        steps,
    )
    sweep = sweep_of(steered, way.doses, model.width, way.randoms, way.seed)
    answers = model.rate(stimuli, sweep.arms, report)
    swept = Swept(model, study, tuple(stimuli), halves, sweep, answers, way.seed, way.bootstrap)
    return Steering(
        doses=way.doses.all,
        linear=way.doses.linear,
        randoms=way.randoms,
        steps=tuple(steps),
        images=int(halves.told.sum()),
        identities=len(set(halves.identities[halves.told])),
        directions=directions_told(swept),
        target=None if way.target is None else target_of(swept, way.target, way.allowed),
    )


def _names(study: Study, directions: Directions, way: Way) -> tuple[str, ...]:
    """The directions asked for."""
    if way.directions:
        return tuple(dict.fromkeys(way.directions))
    if way.target is not None:
        return (way.target,)
    labels = {answer for item in study.items if isinstance(item.scale, Labels) for answer in item.answers}
    own = tuple(name for name in directions.names if name in labels)
    if not own:
        raise ProbeError("none of the directions bears the name of a label of the study; say which with --direction")
    return own


def _halves(study: Study, stimuli: Sequence[Stimulus], seed: int) -> Halves | Skipped:
    factor = study.factors.identity
    if factor is None:
        return Skipped(
            "the layer is chosen on some identities and told of others, and the study names no identity factor"
        )
    identities = np.array([stimulus.factors[factor] for stimulus in stimuli], dtype=object).astype(str)
    names = np.random.default_rng(seed).permutation(np.unique(identities[identities != ""]))
    if len(names) < LEAST_IDENTITIES:
        return Skipped(f"the pictures show {len(names)} identities, and each half needs two")
    return Halves(factor, identities, np.isin(identities, names[::2]), np.isin(identities, names[1::2]))
