"""Answers by dose, and the labels that steering gained and lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, points, section, share, stub, text
from vlmrate.report.tables.naming import column_names
from vlmrate.report.tables.steer_parts import chosen_layer, dose_words, found_in, titled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.steered import LayerSteering, Reading, SteerOutcome
    from vlmrate.report.table import Cell

NONE = "no valid answer"
"""Stands among labels for what was no label."""
MOVES_SHOWN = 4
"""Changes from one label to another that are named for a dose; the file of what was found has all."""


def doses_table(outcomes: Sequence[SteerOutcome]) -> Table:
    """Mean ratings and invalid answers by dose, at the layer that was chosen."""
    told = [(name, direction, chosen_layer(direction)) for name, _, direction in found_in(outcomes)]
    readings = [one.reading for one in told[0][2].responses if one.reading.kind == "expected"] if told else []
    items = list(dict.fromkeys(one.item for one in told[0][2].no_answer)) if told else []
    lacking = tuple(
        bounded(name, f"No valid {item}", terminal=item == items[0])
        for name, item in zip(column_names("none", items), items, strict=True)
    )
    numbers = list(dict.fromkeys(one.item for one in readings))
    clamped = tuple(
        bounded(name, f"Clamped {item}", interval=False, terminal=False)
        for name, item in zip(column_names("clamped", numbers), numbers, strict=True)
    )
    mass = tuple(
        bounded(name, f"Valid mass {item}", interval=False, terminal=False)
        for name, item in zip(column_names("mass", items), items, strict=True)
    )
    rated = zip(column_names("mean", [one.item for one in readings]), readings, strict=True)
    return Table(
        id="steer-doses",
        title="Steering: answers by dose",
        part=Part.INSIDE,
        columns=(
            section("direction", "Direction"),
            stub("dose", "Dose"),
            *(points(name, f"Mean {reading.item}") for name, reading in rated),
            *lacking,
            *clamped,
            *mass,
        ),
        rows=tuple(
            (
                titled(name, direction),
                dose_words(dose),
                *(_mean(layer, reading, dose) for reading in readings),
                *(one.share for item in items for one in layer.no_answer if (one.item, one.dose) == (item, dose)),
                *(one.clamped for item in numbers for one in layer.no_answer if (one.item, one.dose) == (item, dose)),
                *(one.mass for item in items for one in layer.no_answer if (one.item, one.dose) == (item, dose)),
            )
            for name, direction, layer in told
            for dose in dict.fromkeys(one.dose for one in layer.no_answer)
        ),
        notes=(
            "Expected ratings; the share of pictures without a valid answer; that whose number was rounded or moved "
            "onto the scale (clamped); the mean probability of all valid answers together. A number that is said "
            "several times over is read as one, and held at the end of the scale: where many are clamped the spoken "
            "rating is not what the model means.",
        ),
    )


def _mean(layer: LayerSteering, reading: Reading, dose: float) -> Cell:
    return next(
        (
            point.mean
            for response in layer.responses
            if response.reading == reading
            for point in response.doses
            if point.dose == dose
        ),
        None,
    )


def moves_table(outcomes: Sequence[SteerOutcome]) -> Table:
    """What became of labels by dose, at the layer that was chosen."""
    return Table(
        id="steer-moves",
        title="Steering: labels gained and lost",
        part=Part.INSIDE,
        columns=(
            section("direction", "Direction"),
            stub("dose", "Dose"),
            share("changed", "Labels changed"),
            text("gained", "Gained and lost"),
            text("moves", "From → to", terminal=False),
        ),
        rows=tuple(
            (
                f"{titled(name, direction)}: {at.item}",
                dose_words(at.dose),
                at.changed,
                _balance(
                    [(one.source, -one.images) for one in at.moves] + [(one.target, one.images) for one in at.moves]
                ),
                ", ".join(
                    f"{one.source or NONE} → {one.target or NONE} {one.images}" for one in at.moves[:MOVES_SHOWN]
                ),
            )
            for name, _, direction in found_in(outcomes)
            for at in chosen_layer(direction).labels
        ),
        notes=(f"Pictures that each label gained less those that it lost; the {MOVES_SHOWN} commonest changes.",),
    )


def _balance(changes: Sequence[tuple[str | None, int]]) -> str:
    """Each label with what it gained less what it lost, the most first; those that came out even are left out."""
    net: dict[str, int] = {}
    for label, images in changes:
        net[label or NONE] = net.get(label or NONE, 0) + images
    told = sorted(((label, images) for label, images in net.items() if images), key=lambda entry: -entry[1])
    return ", ".join(f"{label} {'+' if images > 0 else '−'}{abs(images)}" for label, images in told) or "–"
