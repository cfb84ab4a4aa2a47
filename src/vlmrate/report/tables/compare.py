"""Prompt, temperature, steering and a false label beside one another: a row a channel, none added to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, p_value, points, section, stub, text
from vlmrate.report.tables.naming import heading
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.compare import Compared, CompareOutcome
    from vlmrate.report.table import Cell, Column

NOT_SUMMED = "Channels are not to be added: what a prompt does and what a direction does may go different ways."
BOUNDED = {"accuracy": "Accuracy", "kappa": "Kappa", "probability": "P", "invalid": "Invalid"}
"""Titles of measures that are no ratings."""


def compare_tables(outcomes: Sequence[CompareOutcome]) -> Iterator[Table]:
    """The channels of every direction, their tests, and how far false labels are followed."""
    yield _done(outcomes)
    for outcome in outcomes:
        if not isinstance(outcome.found, Skipped):
            yield _channels(outcome, outcome.found)
    found = [(compared_name(one), one.found) for one in outcomes if not isinstance(one.found, Skipped)]
    if found:
        yield _tests(found)
        yield _followed(found)


def compared_name(outcome: CompareOutcome) -> str:
    """The model and the direction."""
    return f"{outcome.model}, {outcome.direction}"


def _done(outcomes: Sequence[CompareOutcome]) -> Table:
    lacking = {why for one in outcomes if not isinstance(one.found, Skipped) for why in one.found.lacking}
    return Table(
        id="compare",
        title="Channels compared on the same images",
        part=Part.INSIDE,
        columns=(
            stub("direction", "Model, direction"),
            count("images", "Images"),
            count("identities", "Identities"),
            text("layers", "Layers"),
            points("dose", "Dose"),
            text("lengths", "Length"),
        ),
        rows=tuple((compared_name(one), *_done_cells(one.found)) for one in outcomes),
        notes=(
            "Directions and layer were learnt from one half of the identities and steer the other, each half serving "
            "the other; both halves' layers (counted from 0) and lengths stand here. A dose of 1 moves an image from "
            "the mean of all by one class effect; length = how far the residual stream is moved at the first step, in "
            "its own units.",
            *sorted(lacking),
        ),
    )


def _done_cells(found: Compared | Skipped) -> tuple[Cell, ...]:
    if isinstance(found, Skipped):
        return (None, None, found, None, None)
    lengths = " and ".join(f"{length:.2f}" for length in found.lengths)
    return (found.images, found.identities, " and ".join(map(str, found.layers)), found.dose, lengths)


def _channels(outcome: CompareOutcome, found: Compared) -> Table:
    names = [one.name for one in found.channels[0].measures]
    whose = f"of {found.label}" if found.label is not None else "of the intended label"
    return Table(
        id=f"compare-{outcome.model}-{outcome.direction}".replace("=", "-").replace(":", "-"),
        title=f"Change against the baseline by channel, {compared_name(outcome)}",
        part=Part.INSIDE,
        columns=(stub("channel", "Channel"), *(_column(name) for name in names)),
        rows=tuple(
            (
                channel.name if channel.kind != "baseline" else "baseline (as it is)",
                *(one.value if one.change is None else one.change for one in channel.measures),
            )
            for channel in found.channels
        ),
        notes=(
            f"{NOT_SUMMED} Ratings are expected ones, P is the probability {whose} among all labels, invalid the share "
            "of answers that could not be read. Intervals from drawing identities, paired. A temperature changes what "
            "is said; the expected rating changes only by what is carried on.",
        ),
    )


def _column(name: str) -> Column:
    return bounded(name, BOUNDED[name]) if name in BOUNDED else points(name, heading(name))


def _tests(found: Sequence[tuple[str, Compared]]) -> Table:
    return Table(
        id="compare-tests",
        title="Tests of the changes, by channel",
        part=Part.INSIDE,
        columns=(
            section("channel", "Channel"),
            stub("measure", "Measure"),
            points("value", "There", interval=False),
            points("change", "Change"),
            p_value("p", "p"),
            p_value("p_holm", "p (Holm)"),
        ),
        rows=tuple(
            (f"{name}: {channel.name}", one.name, one.value, one.change, one.p, one.p_holm)
            for name, compared in found
            for channel in compared.channels
            if channel.kind not in ("baseline", "control")
            for one in channel.measures
        ),
        notes=(
            "p of steering is of its change beyond random directions of the same length, and holds the error of the "
            "few that were drawn; elsewhere it is of the change, a t over identities. Holm's over all channels and "
            "measures of a direction. No p where nothing changed.",
        ),
        main=False,
    )


def _followed(found: Sequence[tuple[str, Compared]]) -> Table:
    return Table(
        id="compare-false-label",
        title="How far a false label is followed",
        part=Part.INSIDE,
        columns=(
            section("direction", "Model, direction"),
            stub("item", "Item"),
            count("images", "Images"),
            points("followed", "Share of the way"),
            bounded("toward", "Moves that way"),
            bounded("repeated", "Says it too", interval=False),
            bounded("unprompted", "Untold", interval=False),
            bounded("difference", "Difference"),
        ),
        rows=tuple(row for name, compared in found for row in _followed_rows(name, compared)),
        notes=(
            "Of images that were told another label than the rater gives them itself. Share of the way = how far the "
            "expected rating goes from people's mean of the emotion that the rater says to that of the label told: 0 = "
            "it keeps to the face, 1 = it is that of the word. Moves that way = share of images whose rating moves "
            "toward it at all. Says it too = says the label told when asked again, over all images.",
        ),
    )


def _followed_rows(name: str, compared: Compared) -> Iterator[tuple[Cell, ...]]:
    told = compared.acceptance
    if isinstance(told, Skipped):
        yield (name, "–", None, told, None, None, None, None)
        return
    for one in told:
        yield (
            name,
            one.item,
            *(one.images, one.followed, one.toward, one.repeated, one.unprompted, one.difference),
        )
