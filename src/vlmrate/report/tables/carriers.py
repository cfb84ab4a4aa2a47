"""How many units or features carry a label, and how many of them two labels share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.probe.causal import Causal
from vlmrate.report.table import Part, Table, bounded, count, p_value, points, section, stub, text
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.carrying import Carried, Carriers
    from vlmrate.probe.causal import CausalOutcome
    from vlmrate.report.table import Cell


def carrier_tables(outcomes: Sequence[CausalOutcome]) -> Iterator[Table]:
    """Two tables: what carries each label, and what each pair of labels shares."""
    found = {outcome.model: outcome.found.carriers for outcome in outcomes if isinstance(outcome.found, Causal)}
    yield Table(
        id="causal-carriers",
        title="How many carry a label",
        part=Part.INSIDE,
        columns=(
            section("tried", "Projected out alone"),
            stub("label", "Label"),
            count("selected", "Beyond random"),
            points("effective", "Effective number"),
            bounded("largest", "Share of the largest"),
            text("first", "The largest"),
        ),
        rows=tuple(
            (f"{model}: {_tried(carriers)}", told.label, *_cells(told.found))
            for model, carriers in found.items()
            for told in carriers.labels
        ),
        notes=(
            "Each is projected out alone; its lowering is how far the label's log-probability falls over images that "
            "truly show it. Beyond random = those that lower it further than random directions of the same length do, "
            "on the half of the identities that chooses (one-sided t test over identities, Benjamini–Hochberg .05), "
            "put in order there. Effective number = how many of these, the largest first, carry 80 % of their summed "
            "lowering on the other half; intervals from drawing its identities.",
            "Where there are more than were tried, those stand in the list that labels' own effects on the stream lie "
            "along most, labels taking turns (--top).",
        ),
    )
    yield Table(
        id="causal-overlap",
        title="How many carriers two labels share",
        part=Part.INSIDE,
        columns=(
            section("tried", "Projected out alone"),
            stub("pair", "Labels"),
            text("sizes", "Carriers"),
            count("shared", "Shared"),
            bounded("jaccard", "Jaccard"),
            bounded("expected", "By chance"),
            p_value("p", "p"),
            p_value("p_holm", "p (Holm)"),
        ),
        rows=tuple(
            (
                f"{model}: {_tried(carriers)}",
                f"{pair.one}, {pair.other}",
                f"{pair.sizes[0]}, {pair.sizes[1]}",
                pair.shared,
                pair.jaccard,
                pair.expected,
                pair.p,
                pair.p_holm,
            )
            for model, carriers in found.items()
            for pair in carriers.overlaps
        ),
        notes=(
            "Carriers are those beyond random on one half of the identities that lower the label on the other half as "
            "well. Jaccard = shared over all of both; by chance: the mean over random sets as large among those tried; "
            "p = share of such sets that share as many (exact), corrected for all pairs.",
        ),
        main=False,
    )


def _tried(carriers: Carriers) -> str:
    some = f"{carriers.candidates} of {carriers.there:,}" if carriers.candidates < carriers.there else carriers.there
    return f"{some} {carriers.kind} after block {carriers.layer}"


def _cells(found: Carried | Skipped) -> tuple[Cell, ...]:
    if isinstance(found, Skipped):
        return (None, found, None, None)
    return (len(found.selected), found.effective, found.largest, found.selected[0])
