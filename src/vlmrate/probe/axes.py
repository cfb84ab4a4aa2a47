"""Axes and representational similarity of several captures side by side: what `vlmrate probe axis` finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.axis import Answers, ItemOutcome, axes
from vlmrate.probe.likeness import (
    CellsOutcome,
    Layered,
    cells_of,
    gathered,
    like_each_other,
    like_people,
)
from vlmrate.probe.shown import shown_in
from vlmrate.probe.spoken import Rater, rater_of
from vlmrate.stats import Family, Skipped, holm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.inference.table import Results
    from vlmrate.probe.separability import Way
    from vlmrate.probe.shown import Shown
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class Read:
    """One array of one capture, and all that it may be called by."""

    capture: str
    model: str
    protocol: str | None
    array: str


@dataclass(frozen=True, slots=True)
class ArrayAxes:
    """One array: whose answers stand beside it, the axis of every item, and its likeness to people by way of cells."""

    read: Read
    rater: Rater | Skipped
    items: tuple[ItemOutcome, ...]
    likeness: tuple[CellsOutcome, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """The same array of two captures: how far distances between cells inside agree."""

    first: Read
    second: Read
    likeness: tuple[CellsOutcome, ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """What was found in captures given together."""

    arrays: tuple[ArrayAxes, ...]
    alike: tuple[Alike, ...]


def captures_axes(
    captures: Sequence[Capture],
    study: Study,
    results: Results,
    way: Way,
    *,
    array: str | None = None,
    rater: str | None = None,
) -> Axes:
    """Every array of every capture, or the one of that name, and every pair of captures that share one.

    `rater` names whose answers stand beside them; by default those of each capture's own model.

    Raises:
        ProbeError: A capture is of texts or of other pictures, has no such array, or people rated nothing with numbers.
    """
    reads = [
        (capture, shown_in(capture, study), name)
        for capture in captures
        for name in ([array] if array is not None else [entry.name for entry in capture.about.arrays])
    ]
    if not any(shown.people for _, shown, _ in reads):
        raise ProbeError(f"study {study.name} has no ratings by people on a scale, and an axis is learnt from them")
    arrays = tuple(_array(capture, name, shown, study, results, way, rater) for capture, shown, name in reads)
    pairs = ((one, other) for one, other in combinations(reads, 2) if one[2] == other[2] and one[0] is not other[0])
    alike = tuple(
        Alike(_read(one[0], one[2]), _read(other[0], other[2]), tuple(_alike(one, other, way))) for one, other in pairs
    )
    return _corrected(Axes(arrays, alike))


def _array(
    capture: Capture, array: str, shown: Shown, study: Study, results: Results, way: Way, named: str | None
) -> ArrayAxes:
    model = _layered(capture, array)
    rater = rater_of(capture.about, results, named)
    return ArrayAxes(
        _read(capture, array),
        rater,
        axes(model, shown, study, Answers(results, rater), way),
        tuple(_likeness(model, shown, way)),
    )


def _likeness(model: Layered, shown: Shown, way: Way) -> Iterator[CellsOutcome]:
    people = np.column_stack(list(shown.people.values()))
    for name in cells_of(shown):
        cells = gathered(shown, name, ~np.isnan(people).any(axis=1))
        yield CellsOutcome(name, cells if isinstance(cells, Skipped) else like_people(model, people, cells, way))


def _alike(one: tuple[Capture, Shown, str], other: tuple[Capture, Shown, str], way: Way) -> Iterator[CellsOutcome]:
    """Over the pictures that both captures hold, in the order of the first."""
    (first, shown, array), (second, _, _) = one, other
    place = {name: row for row, name in enumerate(second.ids)}
    both = np.array([name in place for name in shown.ids], dtype=bool)
    rows = np.array([place[name] for name in np.array(shown.ids, dtype=object)[both]], dtype=np.int64)
    common = shown.at(both)
    own = Layered(lambda layer: first.layer(array, layer)[both], first.layers(array))
    theirs = Layered(lambda layer: second.layer(array, layer)[rows], second.layers(array))
    for name in cells_of(common):
        cells = gathered(common, name, np.ones(len(common.ids), dtype=bool))
        yield CellsOutcome(name, cells if isinstance(cells, Skipped) else like_each_other(own, theirs, cells, way))


def _corrected(found: Axes) -> Axes:
    """Holm's correction, of all axes together, of all likenesses to people, and of those between captures."""
    items = [item for array in found.arrays for item in array.items]
    people = [cells for array in found.arrays for cells in array.likeness]
    others = [cells for alike in found.alike for cells in alike.likeness]
    of_items, of_people, of_others = iter(_held(items)), iter(_held(people)), iter(_held(others))
    arrays = tuple(
        replace(
            array,
            items=tuple(next(of_items) for _ in array.items),
            likeness=tuple(next(of_people) for _ in array.likeness),
        )
        for array in found.arrays
    )
    alike = tuple(replace(pair, likeness=tuple(next(of_others) for _ in pair.likeness)) for pair in found.alike)
    return Axes(arrays, alike)


_Outcome = TypeVar("_Outcome", ItemOutcome, CellsOutcome)


def _held(outcomes: list[_Outcome]) -> list[_Outcome]:
    """The same, their p corrected together."""
    ps = {
        str(number): told.found.p
        for number, told in enumerate(outcomes)
        if not isinstance(told.found, Skipped) and told.found.p is not None
    }
    if not ps:
        return outcomes
    made = {test.test: test.p_adjusted for test in holm(Family.of("told together", ps))}
    return [_with_p(told, made.get(str(number))) for number, told in enumerate(outcomes)]


def _with_p(told: _Outcome, p: float | None) -> _Outcome:
    if p is None or isinstance(told.found, Skipped):
        return told
    return replace(told, found=replace(told.found, p_holm=p))


def _read(capture: Capture, array: str) -> Read:
    return Read(capture.file.stem, capture.about.model, capture.about.protocol, array)


def _layered(capture: Capture, array: str) -> Layered:
    return Layered(lambda layer: capture.layer(array, layer), capture.layers(array))
