"""What steering did: slopes beside random directions, ranges, answers by dose, labels gained and lost, all layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import decimal
from vlmrate.report.table import (
    Part,
    Table,
    bounded,
    p_value,
    points,
    section,
    stub,
    text,
)
from vlmrate.report.tables.naming import counted
from vlmrate.report.tables.steer_doses import doses_table, moves_table
from vlmrate.report.tables.steer_parts import chosen_layer, dose_words, found_in, reading_name, titled
from vlmrate.report.tables.steer_target import target_table
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.steered import (
        DoseRange,
        Response,
        SteerOutcome,
    )
    from vlmrate.report.table import Cell


def steer_tables(outcomes: Sequence[SteerOutcome]) -> Iterator[Table]:
    """Tables of the layer that was chosen, then one of all layers, then that of the target."""
    yield _slopes(outcomes)
    yield _probabilities(outcomes)
    yield _order(outcomes)
    yield doses_table(outcomes)
    yield moves_table(outcomes)
    yield _layers(outcomes)
    yield target_table(outcomes)


def _slopes(outcomes: Sequence[SteerOutcome]) -> Table:
    skipped = tuple(
        (outcome.model, "ratings", outcome.found, None, None)
        for outcome in outcomes
        if isinstance(outcome.found, Skipped)
    )
    return Table(
        id="steer",
        title="Steering: how far one unit of dose moves a rating",
        part=Part.INSIDE,
        columns=(
            section("direction", "Direction"),
            stub("reading", "Rating"),
            points("slope", "Slope"),
            points("random", "Random", interval=False),
            p_value("p", "p"),
        ),
        rows=(*_slope_rows(outcomes, ratings=True), *skipped),
        notes=_slope_notes(outcomes),
    )


def _probabilities(outcomes: Sequence[SteerOutcome]) -> Table:
    return Table(
        id="steer-probabilities",
        title="Steering: how far one unit of dose moves the probability of every label",
        part=Part.INSIDE,
        columns=(
            section("direction", "Direction"),
            stub("reading", "Probability"),
            bounded("slope", "Slope"),
            bounded("random", "Random", interval=False),
            p_value("p", "p"),
        ),
        rows=_slope_rows(outcomes, ratings=False),
        notes=("As in the table of ratings; probabilities are shares among the labels that are offered.",),
    )


def _slope_rows(outcomes: Sequence[SteerOutcome], *, ratings: bool) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (
            titled(name, direction),
            reading_name(response.reading),
            *_slope_cells(response),
        )
        for name, _, direction in found_in(outcomes)
        for response in chosen_layer(direction).responses
        if (response.reading.kind != "probability") == ratings
    )


def _slope_cells(response: Response) -> tuple[Cell, Cell, Cell]:
    slope = response.slope
    return slope.slope, slope.random, slope.p_holm


def _slope_notes(outcomes: Sequence[SteerOutcome]) -> tuple[str, ...]:
    made = [outcome.found for outcome in outcomes if not isinstance(outcome.found, Skipped)]
    if not made:
        return ()
    one = made[0]
    lengths = "; ".join(
        f"{name}, layer {direction.chosen}: "
        + ", ".join(f"{decimal(of.length, 2)} at {of.step}" for of in chosen_layer(direction).lengths)
        for name, _, direction in found_in(outcomes)
    )
    return (
        "Dose 1 is the direction's own effect: as far as its class lies from the mean of all classes, added from the "
        f"answer position on (steps: {', '.join(one.steps)}). In units of the stream: {lengths}.",
        f"Slope = least squares for every picture from dose −{one.linear:g} to {one.linear:g}, mean over pictures. "
        f"Random = root mean square of the slopes of {counted(one.randoms, 'random direction')} of the same length. "
        "p: would a random direction's slope be as large (t with as many degrees of freedom)? Corrected by Holm over "
        "all directions, layers and readings of a kind.",
        "Directions, and the layer that moves ratings most, come from one half of the identities; all else is told of "
        f"the other half ({one.images} pictures, {one.identities} identities). Intervals from drawing identities. "
        "Layers are counted from 0.",
    )


def _order(outcomes: Sequence[SteerOutcome]) -> Table:
    return Table(
        id="steer-order",
        title="Steering: how evenly ratings follow the dose",
        part=Part.INSIDE,
        columns=(
            section("direction", "Direction"),
            stub("reading", "Rating"),
            bounded("spearman", "Spearman"),
            text("goes", "Goes"),
            text("steps", "Steps"),
            text("strict", "Strictly"),
            text("sure", "Surely"),
        ),
        rows=tuple(
            (
                titled(name, direction),
                reading_name(response.reading),
                told.spearman,
                "up" if told.rises else "down",
                f"{told.going} of {len(told.steps)}",
                _span(told.strict),
                _span(told.sure),
            )
            for name, _, direction in found_in(outcomes)
            for response in chosen_layer(direction).responses
            if (told := response.monotony) is not None
        ),
        notes=(
            "Spearman's correlation of dose and mean rating, over doses at which half of the pictures have one. Goes: "
            "the way of the slope on the other half of the identities. Steps: from one dose to the next, how many "
            "means go that way. Strictly: the doses about 0 between which all do. Surely: those between which the "
            "interval of each step, tested outwards from 0 until one fails, lies beyond 0 too.",
        ),
    )


def _span(found: DoseRange) -> str:
    return "–" if found.low == found.high else f"{dose_words(found.low)} to {dose_words(found.high)}"


def _layers(outcomes: Sequence[SteerOutcome]) -> Table:
    return Table(
        id="steer-layers",
        title="Steering: every layer",
        part=Part.INSIDE,
        columns=(
            section("direction", "Direction"),
            stub("layer", "Layer"),
            points("length", "Length of dose 1"),
            points("slope", "Slope"),
            points("random", "Random", interval=False),
            points("beyond", "Beyond random", terminal=False),
            p_value("p", "p"),
        ),
        rows=tuple(
            (
                f"{name}: {reading_name(response.reading)}",
                str(layer.layer),
                next((of.length for of in layer.lengths if response.reading.item in of.step.split("+")), None),
                response.slope.slope,
                response.slope.random,
                response.slope.beyond,
                response.slope.p_holm,
            )
            for name, _, direction in found_in(outcomes)
            for place, wanted in enumerate(direction.layers[0].responses)
            if wanted.reading.kind == "expected"
            for layer in direction.layers
            for response in (layer.responses[place],)
        ),
        notes=(
            "Beyond random = size of the slope less the root mean square of the random ones, on the same pictures.",
        ),
        main=False,
    )
