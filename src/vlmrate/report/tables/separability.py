"""What a linear probe tells from inside a model: the layer that was chosen, and every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, p_value, section, stub, text
from vlmrate.report.tables.arrays import array_name
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.separability import ArrayOutcome, Separability
    from vlmrate.report.table import Cell


def separability_tables(outcomes: Sequence[ArrayOutcome]) -> Iterator[Table]:
    """Two tables: each array on the half that had no part in choosing its layer, and all layers."""
    yield _chosen(outcomes)
    layers = _layers(outcomes)
    if layers.rows:
        yield layers


def _chosen(outcomes: Sequence[ArrayOutcome]) -> Table:
    factors = list(dict.fromkeys(told.factor for outcome in outcomes for told in outcome.factors))
    return Table(
        id="separability",
        title="Told from inside the model by a linear probe, on identities it never saw",
        part=Part.INSIDE,
        columns=(
            section("factor", "Factor"),
            stub("array", "Read at"),
            count("images", "Images"),
            count("identities", "Identities judged"),
            text("layer", "Layer"),
            bounded("chance", "Guessing"),
            bounded("accuracy", "Balanced accuracy"),
            p_value("p", "p"),
        ),
        rows=tuple(
            (factor, array_name(outcome, outcomes), *_cells(told.found))
            for factor in factors
            for outcome in outcomes
            for told in outcome.factors
            if told.factor == factor
        ),
        notes=(
            "The layer was chosen by cross-validation on one half of the identities, the probe trained there and "
            "judged on the other half. Layers are counted from 0. Balanced accuracy = mean over classes of the share "
            "told rightly; intervals from drawing identities; p from permuted classes, an emotion's within identities, "
            "a group's between them. Groups are told within emotion, where the study names one: its effects, as they "
            "are in the pictures learnt from, are taken out, and accuracy is taken emotion by emotion.",
        ),
    )


def _cells(found: Separability | Skipped) -> tuple[Cell, ...]:
    if isinstance(found, Skipped):
        return (None, None, None, None, found, None)
    chosen = found.chosen
    last = len(found.layers) - 1
    layer = f"{chosen.layer} of 0–{last}" if last else "–"
    return (found.images, chosen.identities, layer, found.chance, chosen.accuracy, chosen.p)


def _layers(outcomes: Sequence[ArrayOutcome]) -> Table:
    return Table(
        id="separability-layers",
        title="Layer by layer, over all identities",
        part=Part.INSIDE,
        columns=(
            section("factor", "Factor"),
            stub("layer", "Layer"),
            bounded("accuracy", "Balanced accuracy"),
            p_value("p", "p"),
            bounded("between", "Variance between classes"),
            bounded("silhouette", "Silhouette"),
        ),
        rows=tuple(
            (f"{factor}: {name}", str(one.layer), one.accuracy, one.p, one.between, one.silhouette)
            for factor, found in found_by_factor(outcomes).items()
            for name, array in found.items()
            for one in array.layers
        ),
        notes=(
            "Cross-validated in folds that keep identities whole. p is that of the best layer of every permutation, "
            "so that the search over layers is paid for. Variance between classes is its share of all variance, over "
            "units of mean 0 and SD 1; silhouette is the mean over images, by distances over the same units. "
            "A group's are within emotion.",
        ),
    )


def found_by_factor(outcomes: Sequence[ArrayOutcome]) -> dict[str, dict[str, Separability]]:
    """What was not skipped, by factor and by the array's name."""
    found: dict[str, dict[str, Separability]] = {}
    for outcome in outcomes:
        for told in outcome.factors:
            if not isinstance(told.found, Skipped):
                found.setdefault(told.factor, {})[array_name(outcome, outcomes)] = told.found
    return found
