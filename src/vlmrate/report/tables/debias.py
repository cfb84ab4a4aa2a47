"""What becomes of ratings when a group of people shown is taken out of the model: bias, cost, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, p_value, points, section, stub, text
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.debias import Debiased, DebiasOutcome
    from vlmrate.report.table import Cell

LEARNT = (
    "Directions and layer were learnt from one half of the identities and judged on the other, each half serving the "
    "other. The model is not told who is shown: project-out takes out the span of all levels' directions, clamp sets "
    "what lies in it to its mean over the images learnt from, and subtract takes one level's effect off every image "
    "alike."
)


def debias_tables(outcomes: Sequence[DebiasOutcome]) -> Iterator[Table]:
    """Four tables: what was done, bias by level, cost, and how well the group can still be told."""
    yield _done(outcomes)
    found = [(_name(one, outcomes), one.found) for one in outcomes if not isinstance(one.found, Skipped)]
    if found:
        yield _bias(found)
        yield _costs(found)
        yield _left(found)


def _done(outcomes: Sequence[DebiasOutcome]) -> Table:
    return Table(
        id="debias",
        title="Groups taken out of the model while it rates",
        part=Part.INSIDE,
        columns=(
            stub("group", "Group"),
            text("levels", "Levels"),
            count("images", "Images"),
            count("identities", "Identities"),
            text("layers", "Layers"),
            text("rank", "Directions"),
        ),
        rows=tuple((_name(one, outcomes), *_done_cells(one.found)) for one in outcomes),
        notes=(
            f"{LEARNT} Layers and the number of directions taken out are those of the two halves; layers are counted "
            "from 0.",
        ),
    )


def _done_cells(found: Debiased | Skipped) -> tuple[Cell, ...]:
    if isinstance(found, Skipped):
        return (found, None, None, None, None)
    return (
        ", ".join(found.levels),
        found.images,
        found.identities,
        " and ".join(map(str, found.layers)),
        " and ".join(map(str, found.rank)),
    )


def _bias(found: Sequence[tuple[str, Debiased]]) -> Table:
    return Table(
        id="debias-bias",
        title="Bias of each level, before and after",
        part=Part.INSIDE,
        columns=(
            section("way", "Way"),
            stub("of", "Item, level"),
            points("before", "Before", interval=False),
            points("after", "After", interval=False),
            points("change", "Change"),
            points("random", "At random", interval=False),
            p_value("p", "p"),
            p_value("p_holm", "p (Holm)"),
        ),
        rows=tuple(
            (
                f"{name}: {way.way}",
                f"{one.item}, {one.level}",
                *(one.before, one.after, one.change, one.random, one.p, one.p_holm),
            )
            for name, debiased in found
            for way in debiased.ways
            for one in way.bias
        ),
        notes=(
            "Bias = (rater − people) in the level less that in the other levels, the mean over emotions, of the "
            "expected rating; of the label it is the accuracy. Intervals from drawing identities, paired. At random = "
            "the change that random directions of the same rank make, their mean. p: levels dealt anew between "
            "identities; Holm's over all ways, items and levels of a group. Of two levels the other's numbers are the "
            "same with the opposite sign.",
        ),
    )


def _costs(found: Sequence[tuple[str, Debiased]]) -> Table:
    return Table(
        id="debias-costs",
        title="What it costs over all images",
        part=Part.INSIDE,
        columns=(
            section("way", "Way"),
            stub("measure", "Measure"),
            points("before", "Before", interval=False),
            points("change", "Change"),
            points("random", "At random", interval=False),
            points("beyond", "Beyond random"),
            p_value("p", "p"),
            p_value("p_holm", "p (Holm)"),
        ),
        rows=tuple(
            (
                f"{name}: {way.way}",
                one.measure if one.measure == "kappa" else f"{one.measure}, {one.item}",
                *(one.before, one.change, one.random, one.beyond, one.p, one.p_holm),
            )
            for name, debiased in found
            for way in debiased.ways
            for one in way.costs
        ),
        notes=(
            "Kappa against the intended label; MAE of the expected rating against people's mean; invalid = share of "
            "answers that could not be read. Beyond random = the change less the mean change by random directions of "
            "the same rank; its interval and p hold the error of identities and of the few directions drawn. Holm's p "
            "over all ways and measures of a group.",
        ),
    )


def _left(found: Sequence[tuple[str, Debiased]]) -> Table:
    unread = {way.unread for _, debiased in found for way in debiased.ways if way.unread is not None}
    return Table(
        id="debias-left",
        title="How well the group can still be told from inside",
        part=Part.INSIDE,
        columns=(
            section("way", "Way"),
            stub("layer", "Layer"),
            bounded("chance", "Guessing"),
            bounded("before", "Before", interval=False),
            p_value("p_before", "p before"),
            bounded("after", "After"),
            p_value("p_after", "p after"),
            bounded("random", "At random", interval=False),
            bounded("change", "Change"),
        ),
        rows=tuple(
            (
                f"{name}: {way.way}",
                one.layer,
                *(one.chance, one.before, one.p_before, one.after, one.p_after, one.random, one.change),
            )
            for name, debiased in found
            for way in debiased.ways
            for one in way.left
        ),
        notes=(
            "Balanced accuracy of a new linear probe at the first step's answer, trained and judged within a half that "
            "had no part in the directions, on identities it never saw, within emotion; p from permuted "
            "levels. Edited = the layer that is changed, by arithmetic on the capture; last = read from the model "
            "while it is changed. At random = one random direction of the same rank.",
            *sorted(unread),
        ),
    )


def _name(outcome: DebiasOutcome, outcomes: Sequence[DebiasOutcome]) -> str:
    """The group, and its model where there are several."""
    several = len({one.model for one in outcomes}) > 1
    return f"{outcome.model}, {outcome.group}" if several else outcome.group
