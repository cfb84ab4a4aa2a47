"""People's valence and arousal read from inside a model: axes beside the digits, and likeness of emotion spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, p_value, section, stub, text
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.axes import Alike, ArrayAxes, Axes, Read
    from vlmrate.probe.axis import Axis, Beside
    from vlmrate.probe.likeness import CellsOutcome
    from vlmrate.probe.spoken import Rater
    from vlmrate.report.table import Cell
    from vlmrate.stats import CorrelationDifference, Outcome

_LIKENESS = (
    count("number", "Cells"),
    text("layer", "Layer"),
    bounded("rho", "Spearman's rho"),
    p_value("p", "p"),
    p_value("p_holm", "p, all tests"),
)
_TEST = (
    "The layer is the one with the largest rho, which flatters rho but not p: that is Mantel's, one-sided, of the "
    "largest rho of every permutation. All tests: Holm's correction over the rows. Intervals from drawing identities."
)


def axis_tables(found: Sequence[Axes]) -> Iterator[Table]:
    """Axes, axes beside what the model said, likeness to people, and likeness of captures to each other."""
    arrays = [array for axes in found for array in axes.arrays]
    names = read_names([array.read for array in arrays])
    yield _axes(arrays, names)
    yield _beside(arrays, names)
    yield _people(arrays, names)
    if alike := [pair for axes in found for pair in axes.alike]:
        yield _each_other(alike, names)


def read_names(reads: Sequence[Read]) -> dict[Read, str]:
    """Each array, and as much of its capture as tells it from the others: its model, protocol, or file."""
    captures = {(read.model, read.protocol, read.capture) for read in reads}
    if len(captures) == 1:
        return {read: read.array for read in reads}
    for place, of in enumerate(zip(*sorted(captures, key=str), strict=True)):
        if len(set(of)) == len(captures):
            return {read: f"{(read.model, read.protocol, read.capture)[place]}, {read.array}" for read in reads}
    return {read: f"{read.model}, {read.protocol}, {read.capture}, {read.array}" for read in reads}


def axes_by_item(arrays: Sequence[ArrayAxes]) -> dict[str, list[tuple[Read, Axis | Skipped]]]:
    """What was found, by item, arrays in their order."""
    found: dict[str, list[tuple[Read, Axis | Skipped]]] = {}
    for array in arrays:
        for told in array.items:
            found.setdefault(told.item, []).append((array.read, told.found))
    return found


def _axes(arrays: Sequence[ArrayAxes], names: dict[Read, str]) -> Table:
    return Table(
        id="axis",
        title="People's means read from inside the model, on identities that had no part in learning the axis",
        part=Part.INSIDE,
        columns=(
            section("item", "Item"),
            stub("array", "Read at"),
            count("images", "Images"),
            text("layer", "Layers"),
            bounded("r", "r"),
            bounded("share", "Share of its ceiling", terminal=False),
            bounded("r_within", "r within emotion"),
            bounded("share_within", "Share of the ceiling within"),
            p_value("p", "p"),
            p_value("p_holm", "p, all tests"),
        ),
        rows=tuple(
            (item, names[read], *_axis_cells(axis))
            for item, told in axes_by_item(arrays).items()
            for read, axis in told
        ),
        notes=(
            "Ridge regression on people's mean, cross-validated in folds that keep identities whole; penalty and layer "
            "were chosen inside the training part of each fold. Layers are those chosen, counted from 0. Intervals "
            "from drawing identities. The ceiling is the highest r that the reliability of people's means allows, over "
            "all images and within emotions. p: people's means change places within emotions between identities, "
            "everything chosen anew; of r within emotion. All tests: Holm's correction over the rows.",
        ),
    )


def _axis_cells(axis: Axis | Skipped) -> tuple[Cell, ...]:
    if isinstance(axis, Skipped):
        return (None, None, axis, None, None, None, None, None)
    layers = ", ".join(map(str, sorted(set(axis.layers))))
    return (axis.images, layers, axis.r, axis.share, axis.r_within, axis.share_within, axis.p, axis.p_holm)


def _beside(arrays: Sequence[ArrayAxes], names: dict[Read, str]) -> Table:
    raters = {array.read: array.rater for array in arrays}
    return Table(
        id="axis-beside",
        title="What is inside beside what is said: r within emotion",
        part=Part.INSIDE,
        columns=(
            section("item", "Item"),
            stub("array", "Read at"),
            stub("reading", "Said"),
            count("images", "Images"),
            bounded("axis", "Axis", terminal=False),
            bounded("said_r", "What was said"),
            bounded("difference", "Axis − said"),
            bounded("difference_overall", "The same, over all", terminal=False),
        ),
        rows=tuple(
            (f"{item}{_by(raters[read])}", names[read], reading, *_beside_cells(beside))
            for item, told in axes_by_item(arrays).items()
            for read, axis in told
            if not isinstance(axis, Skipped)
            for reading, beside in _readings(axis)
        ),
        notes=(
            "Digit: the number that the rater said of the same images. Expected: its probability-weighted rating. r "
            "with people's means, pooled within emotions; over all: r over all images. Differences are paired, their "
            "intervals from the same draws of identities. Above 0 the residual stream holds more of people's rating "
            "than is said; that a linear axis falls short does not show that it holds less.",
        ),
    )


def _by(rater: Rater | Skipped) -> str:
    return "" if isinstance(rater, Skipped) else f", said by {rater.rater} ({rater.protocol})"


def _readings(axis: Axis) -> tuple[tuple[str, Beside | Skipped], ...]:
    """What was said in two ways; once where there is nothing of either, for one reason."""
    if isinstance(axis.digit, Skipped) and axis.digit == axis.expected:
        return (("anything", axis.digit),)
    return (("digit", axis.digit), ("expected", axis.expected))


def _beside_cells(beside: Beside | Skipped) -> tuple[Cell, ...]:
    if isinstance(beside, Skipped):
        return (None, None, None, beside, None)
    within = beside.within
    if isinstance(within, Skipped):
        return (None, None, None, within, _difference(beside.overall))
    return (within.n, within.first, within.second, within.difference, _difference(beside.overall))


def _difference(told: CorrelationDifference | Skipped) -> Outcome:
    return told if isinstance(told, Skipped) else told.difference


def _people(arrays: Sequence[ArrayAxes], names: dict[Read, str]) -> Table:
    return Table(
        id="axis-likeness",
        title="Are emotions that people rate alike also alike inside the model?",
        part=Part.INSIDE,
        columns=(section("cells", "Cells"), stub("array", "Read at"), *_LIKENESS),
        rows=tuple(
            (cells, names[array.read], *_likeness_cells(told))
            for cells in dict.fromkeys(told.cells for array in arrays for told in array.likeness)
            for array in arrays
            for told in array.likeness
            if told.cells == cells
        ),
        notes=(
            "Spearman's rho between distances of cells: inside, 1 − r over units (SD 1) between cells' mean "
            f"activations less the mean of cells; people, between mean ratings (SD 1). {_TEST}",
        ),
    )


def _each_other(alike: Sequence[Alike], names: dict[Read, str]) -> Table:
    return Table(
        id="axis-alike",
        title="Are the same emotions alike inside two models, or under two prompts?",
        part=Part.INSIDE,
        columns=(section("cells", "Cells"), stub("first", "First"), stub("second", "Second"), *_LIKENESS),
        rows=tuple(
            (cells, names[pair.first], names[pair.second], *_likeness_cells(told))
            for cells in dict.fromkeys(told.cells for pair in alike for told in pair.likeness)
            for pair in alike
            for told in pair.likeness
            if told.cells == cells
        ),
        notes=(
            "Spearman's rho between distances of cells inside (1 − r over units), each layer beside the one at the "
            f"same depth. {_TEST}",
        ),
    )


def _likeness_cells(told: CellsOutcome) -> tuple[Cell, ...]:
    found = told.found
    if isinstance(found, Skipped):
        return (None, None, found, None, None)
    layer = str(found.layer) if found.other is None or found.other == found.layer else f"{found.layer}, {found.other}"
    return (found.cells, layer, found.rho, found.p, found.p_holm)
