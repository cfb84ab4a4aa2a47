"""Steering at one label: what its recall gained, and what that cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import decimal
from vlmrate.report.table import Part, Table, points, section, stub
from vlmrate.report.tables.steer_parts import dose_words
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.steered import SteerOutcome, Targeted
from vlmrate.report.table import Cell


def target_table(outcomes: Sequence[SteerOutcome]) -> Table:
    """One section a model that was steered at a label; no rows where none was."""
    targets = [
        (outcome.model, outcome.found.target)
        for outcome in outcomes
        if not isinstance(outcome.found, Skipped) and outcome.found.target is not None
    ]
    return Table(
        id="steer-target",
        title="Steering at one label, on identities that it was not tuned on",
        part=Part.INSIDE,
        columns=(section("target", "Target"), stub("what", "Told"), points("value", "Value")),
        rows=tuple(row for model, target in targets for row in _rows(model, target)),
        notes=tuple(dict.fromkeys(_note(target) for _, target in targets if not isinstance(target, Skipped))),
    )


def _rows(model: str, target: Targeted | Skipped) -> Iterator[tuple[Cell, ...]]:
    if isinstance(target, Skipped):
        yield model, "change in recall", target
        return
    head = f"{model}: {target.label}, by {target.direction} at layer {target.layer}, dose {dose_words(target.dose)}"
    told: tuple[tuple[str, Cell], ...] = (
        ("recall, unchanged", target.before),
        ("recall, steered", target.after),
        ("change in recall", target.gain),
        ("the same by random directions", target.random_gain),
        ("gain beyond random", target.beyond),
        ("change in accuracy on other pictures", target.collateral),
        ("change in kappa", target.kappa),
        *((f"change in MAE, {one.reading.item} ({one.reading.kind})", one.change) for one in target.errors),
        *((f"change in invalid answers, {one.item}", one.change) for one in target.no_answer),
    )
    for what, value in told:
        yield head, what, value


def _note(target: Targeted) -> str:
    return (
        "Direction, layer and dose were chosen on one half of the identities for the largest gain in recall there, "
        f"accuracy on other pictures and valid answers falling by {target.allowed:g} at most (gain there "
        f"{decimal(target.tuned_gain, 2)}, other pictures {decimal(target.tuned_collateral, 2)}). All else is told of "
        f"the other half; {target.of_label} of its {target.images} pictures are of the label. Of the random directions "
        f"of the same length {target.as_large} gained as much. MAE against people's means: below 0 is better. "
        "Intervals from drawing identities, paired."
    )
