"""Steering: a direction is added after a block while a model rates, at many doses, and its answers are read again.

Identities are dealt out to two halves. Directions are taken from all pictures but those of the second half, and the
layer is chosen on the first; everything else is told of the second, which had no part in either. The first half is
rated at the doses that this takes alone, random directions on the second only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.direction import Directions
from vlmrate.probe.dosed import directions_told
from vlmrate.probe.halves import LEAST_IDENTITIES, first_half
from vlmrate.probe.steered import Steering
from vlmrate.probe.sweep import RANDOMS, Doses, Half, Sweep, Swept, steered_at, sweep_of
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


@dataclass(frozen=True, slots=True)
class SteerWay:
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
    way: SteerWay,
    report: Callable[[Progress], None] | None = None,
) -> Steering | Skipped:
    """Rate stimuli in every arm of a sweep and tell what steering does.

    Skipped where the study names no identities, or the stimuli show too few for two halves.

    Raises:
        ProbeError: There is no such direction, block, step or target.
        ImageError: A picture cannot be read.
    """
    dealt = _dealt(study, stimuli, way.seed)
    if isinstance(dealt, Skipped):
        return dealt
    if way.target is not None:
        item_of(study, way.target)  # refused before it takes long
    directions = source(_everyone(study) - {_identity(study, stimulus) for stimulus in dealt.told})
    steps = way.steps or model.steps
    layers = tuple(dict.fromkeys(way.layers)) or range(model.layers)
    steered = steered_at(model, directions, _names(study, directions, way), layers, steps)
    # Where no target is tuned, the first half serves to choose a layer by the slope alone.
    tried = way.doses if way.target is not None else Doses(way.doses.in_line, way.doses.linear)
    tuned = sweep_of(steered, tried, model.width, 0, way.seed)
    told = sweep_of(steered, way.doses, model.width, way.randoms, way.seed)
    tell = _Onwards(report, len(dealt.tuned) + len(dealt.told))
    swept = Swept(
        model,
        study,
        _rated(model, study, dealt.tuned, tuned, tell),
        _rated(model, study, dealt.told, told, tell),
        way.seed,
        way.bootstrap,
    )
    return Steering(
        doses=way.doses.all,
        linear=way.doses.linear,
        randoms=way.randoms,
        steps=tuple(steps),
        images=len(dealt.told),
        identities=len(set(swept.told.identities)),
        directions=directions_told(swept),
        target=None if way.target is None else target_of(swept, way.target, way.allowed),
    )


def _names(study: Study, directions: Directions, way: SteerWay) -> tuple[str, ...]:
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


@dataclass(frozen=True, slots=True)
class _Dealt:
    """Pictures of two halves of the identities: on which is chosen, and which are told of."""

    tuned: tuple[Stimulus, ...]
    told: tuple[Stimulus, ...]


def _dealt(study: Study, stimuli: Sequence[Stimulus], seed: int) -> _Dealt | Skipped:
    """Pictures by halves of the identities; those that name none belong to neither."""
    if study.factors.identity is None:
        return Skipped(
            "the layer is chosen on some identities and told of others, and the study names no identity factor"
        )
    named = [stimulus for stimulus in stimuli if _identity(study, stimulus)]
    identities = np.array([_identity(study, stimulus) for stimulus in named])
    if (there := len(set(identities))) < LEAST_IDENTITIES:
        return Skipped(f"the pictures show {there} identities, and each half needs two")
    first = first_half(identities, None, seed)
    return _Dealt(tuple(compress(named, first)), tuple(compress(named, ~first)))


def _everyone(study: Study) -> frozenset[str]:
    return frozenset({_identity(study, stimulus) for stimulus in study.stimuli} - {""})


def _identity(study: Study, stimulus: Stimulus) -> str:
    return stimulus.factors[study.factors.identity or ""]


def _rated(model: Editable, study: Study, stimuli: tuple[Stimulus, ...], sweep: Sweep, tell: _Onwards) -> Half:
    answers = model.rate(stimuli, sweep.arms, tell.told)
    tell.onwards()
    return Half(stimuli, np.array([_identity(study, stimulus) for stimulus in stimuli]), sweep, answers)


@dataclass(slots=True)
class _Onwards:
    """Tells of two runs as of one."""

    report: Callable[[Progress], None] | None
    total: int
    rated: int = 0
    seconds: float = 0.0
    last: Progress | None = None

    def told(self, progress: Progress) -> None:
        """Say how far both are."""
        rated, seconds = self.rated + progress.rated, self.seconds + progress.seconds
        self.last = replace(progress, total=self.total, rated=rated, seconds=seconds)
        if self.report is not None:
            self.report(self.last)

    def onwards(self) -> None:
        """Count from where the first run ended."""
        if self.last is not None:
            self.rated, self.seconds = self.last.rated, self.last.seconds
