"""Debias: a group is taken out of a model while it rates, the two halves of the identities serving each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.arms import Readable
from vlmrate.probe.crossfit import best_layer, joined, too_few, turns
from vlmrate.probe.debias import Debiased, DebiasOutcome, Removed
from vlmrate.probe.leakage import Judged, left
from vlmrate.probe.removal import HOWS, STRIDE, Removal, changed_by, ways
from vlmrate.probe.removed import Telling
from vlmrate.probe.shown import shown, shown_in
from vlmrate.probe.told import Told
from vlmrate.stats import Bootstrap, Skipped
from vlmrate.stats.bootstrap import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vlmrate.inference.job import Progress
    from vlmrate.probe.arms import Answers, Arm
    from vlmrate.probe.bench import Bench
    from vlmrate.probe.crossfit import Turn
    from vlmrate.probe.leakage import Left
    from vlmrate.probe.removal import How
    from vlmrate.probe.shown import Shown
    from vlmrate.study.records import Study


READ = 2
"""Arms of a way whose stream is read after the last block: itself, and its first random counterpart."""


@dataclass(frozen=True, slots=True)
class DebiasWay:
    """What is done, in which layer (None: chosen by the half that is learnt from), and how chance is told from more.

    `names` are the directions taken out; None: those of all the group's levels.
    """

    hows: tuple[How, ...] = HOWS
    layer: int | None = None
    names: tuple[str, ...] | None = None
    permutations: int = 999
    seed: int = 0
    bootstrap: Bootstrap = DEFAULT


def groups_of(study: Study, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """The groups asked for; all that the study names where none is.

    Raises:
        ProbeError: The study has none, or not one of those.
    """
    for name in asked:
        if name not in study.stimuli[0].factors:
            known = ", ".join(study.factors.groups) or "none"
            raise ProbeError(
                f"--group {name}: the stimuli of study {study.name} have no such column; its groups: {known}"
            )
    if not asked and not study.factors.groups:
        raise ProbeError(f"study {study.name} names no groups under factors; say which column is one with --group")
    return tuple(dict.fromkeys(asked)) or study.factors.groups


def debias(
    bench: Bench, group: str, way: DebiasWay | None = None, report: Callable[[Progress], None] | None = None
) -> DebiasOutcome:
    """Take one group out of a model and tell what becomes of its ratings.

    Raises:
        ProbeError: The capture is of texts, of other pictures, or not of every step; there is no such layer or
            direction.
    """
    way = way or DebiasWay()
    there = shown_in(bench.capture, bench.study)
    told = _found(bench, there, group, way, report)
    return DebiasOutcome(bench.model.name, bench.capture.file.stem, group, told)


def _found(
    bench: Bench, there: Shown, group: str, way: DebiasWay, report: Callable[[Progress], None] | None
) -> Debiased | Skipped:
    if there.identity is None:
        return Skipped("halves keep identities whole, and the study names no identity factor")
    classes, identities = there.labels(group), there.labels(there.identity)
    if (reason := too_few(identities, classes)) is not None:
        return Skipped(reason)
    both = turns(identities, classes, way.seed)
    if (reason := _told(there, group).unshown(group, *(turn.learnt for turn in both))) is not None:
        return Skipped(reason)
    tried = [_Turned(bench, turn, group, way, number) for number, turn in enumerate(both)]
    if (few := _too_few_judged(bench, tried, group)) is not None:
        return Skipped(few)
    answers = joined([one.rated(report) for one in tried])
    return _debiased(bench, group, way, tried, answers)


def _too_few_judged(bench: Bench, tried: Sequence[_Turned], group: str) -> str | None:
    """Why what --limit or --only left cannot be judged."""
    for one in tried:
        rated = shown(bench.study, [stimulus.image_id for stimulus in one.stimuli])
        levels = set(rated.labels(group))
        if len(levels) < len(np.unique(one.classes)):
            return f"the pictures that are rated do not show every level of {group} in both halves; rate more"
        if (reason := _told(rated, group).unshown(group, np.arange(len(rated.ids)))) is not None:
            return f"of the pictures that are rated: {reason}; rate more"
    return None


class _Turned:
    """One turn: what was learnt from one half, and the pictures of the other."""

    def __init__(self, bench: Bench, turn: Turn, group: str, way: DebiasWay, number: int) -> None:
        there = shown_in(bench.capture, bench.study)
        self._bench, self._way, self._turn = bench, way, turn
        self.classes = there.labels(group)[turn.learnt]
        first = f"answer/{bench.model.steps[0]}"
        if way.layer is None:
            identities = there.labels(there.identity or "")
            emotions = None if there.emotion is None else there.labels(there.emotion)
            self.layer = best_layer(bench.capture, first, turn, there.labels(group), identities, way.seed, emotions)
        else:
            self.layer = way.layer
        judged = {there.ids[row] for row in turn.judged}
        self.stimuli = [stimulus for stimulus in bench.stimuli if stimulus.image_id in judged]
        directions = bench.taken(turn.identities)
        self.names = way.names or tuple(f"{group}={level}" for level in np.unique(self.classes.astype(str)))
        removal = Removal(bench.capture, directions, self.names, self.layer, turn, (way.seed, number))
        self.arms = removal.arms(ways(way.hows, self.names), bench.model.steps)
        self._anew: dict[str, np.ndarray] = {}

    @property
    def rank(self) -> int:
        """How many directions the first way takes out."""
        return len(self.arms[1].changes) // len(self._bench.model.steps)

    def rated(self, report: Callable[[Progress], None] | None) -> Answers:
        """The judged pictures in every arm."""
        return self._bench.model.rate(self.stimuli, self.arms, report)

    def edited(self, arm: Arm) -> np.ndarray:
        """The stream of the judged pictures at the first step after the edited block, from the capture."""
        return changed_by(self._captured(self.layer), arm, self._bench.model.steps[0])

    def last(self, arm: Arm) -> np.ndarray:
        """The same after the last block: read anew where the arm changes anything."""
        model = self._bench.model
        if not arm.changes or not isinstance(model, Readable):
            return self._captured(model.layers - 1)
        if not self._anew:
            arms = [one for place, one in enumerate(self.arms[1:]) if place % STRIDE < READ]
            read = model.stream_in(self.stimuli, arms, model.steps[0], model.layers - 1)
            self._anew = dict(zip((one.name for one in arms), read, strict=True))
        return self._anew[arm.name]

    def _captured(self, layer: int) -> np.ndarray:
        row_of = {name: row for row, name in enumerate(self._bench.capture.ids)}
        rows = [row_of[stimulus.image_id] for stimulus in self.stimuli]
        return self._bench.capture.layer(f"answer/{self._bench.model.steps[0]}", layer)[rows].astype(np.float64)


def _debiased(bench: Bench, group: str, way: DebiasWay, tried: Sequence[_Turned], answers: Answers) -> Debiased:
    rated = shown(bench.study, answers.pictures)
    judged = _judged(rated, group, way, tried)
    made = ways(way.hows, tried[0].names)
    telling = Telling(answers, rated, group, judged.levels, way.bootstrap)
    bias, costs = telling.bias(len(made)), telling.costs(len(made))
    one, other = tried
    return Debiased(
        levels=telling.levels.levels,
        images=len(rated.ids),
        identities=len(np.unique(judged.identities)),
        layers=(one.layer, other.layer),
        last=bench.model.layers - 1,
        rank=(one.rank, other.rank),
        ways=tuple(
            Removed(
                what.name,
                bias[i],
                costs[i],
                tuple(_left(bench, tried, 1 + i * STRIDE, judged, way)),
                _unread(bench, tried),
            )
            for i, what in enumerate(made)
        ),
    )


def _judged(rated: Shown, group: str, way: DebiasWay, tried: Sequence[_Turned]) -> Judged:
    first = len(tried[0].stimuli)
    halves = (np.arange(first), np.arange(first, len(rated.ids)))
    told = _told(rated, group)
    return Judged.of(told, rated.labels(rated.identity or "").astype(str), halves, way.permutations, way.seed)


def _told(there: Shown, group: str) -> Told:
    emotions = None if there.emotion is None else there.labels(there.emotion)
    return Told.of(there.labels(group), emotions, there.labels(there.identity or ""))


def _left(bench: Bench, tried: Sequence[_Turned], arm: int, judged: Judged, way: DebiasWay) -> Iterator[Left]:
    """At the edited layer, by arithmetic on the capture; then at the last one, read while the model is changed."""
    final = bench.model.layers - 1
    edited = " and ".join(map(str, dict.fromkeys(one.layer for one in tried)))
    yield left(f"edited ({edited})", _streams(tried, arm, _Turned.edited), judged, way.bootstrap)
    if _unread(bench, tried) is None and any(one.layer != final for one in tried):
        yield left(f"last ({final})", _streams(tried, arm, _Turned.last), judged, way.bootstrap)


def _streams(
    tried: Sequence[_Turned], arm: int, of: Callable[[_Turned, Arm], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unchanged, changed in an arm, and changed in the first of its random counterparts."""
    unchanged, changed, random = (np.vstack([of(one, one.arms[i]) for one in tried]) for i in (0, arm, arm + 1))
    return unchanged, changed, random


def _unread(bench: Bench, tried: Sequence[_Turned]) -> str | None:
    if isinstance(bench.model, Readable) or all(one.layer == bench.model.layers - 1 for one in tried):
        return None
    return f"{bench.model.name} gives no residual stream while it is changed, so later layers were not read"
