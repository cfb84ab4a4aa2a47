"""What asking in another way changes, rater by rater."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, points, stub
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.protocols import ProtocolPair
    from vlmrate.report.table import Cell

MINUS = "Differences are first minus second protocol, on the images rated under both."


def protocol_tables(analysis: Analysis) -> Iterator[Table]:
    """One table for labels and one for numbers, where a rater was asked under two protocols."""
    if isinstance(analysis.protocols, Skipped):
        return
    pairs = [(item.item, pair) for item in analysis.protocols for pair in item.pairs]
    if labels := tuple(_label_row(item, pair) for item, pair in pairs if pair.labels is not None):
        yield _labels(labels)
    if numbers := tuple(_number_row(item, pair) for item, pair in pairs if pair.numbers is not None):
        yield _numbers(numbers)


def _labels(rows: tuple[tuple[Cell, ...], ...]) -> Table:
    return Table(
        id="protocols-labels",
        title="Raters asked in two ways: labels",
        part=Part.COMPARISON,
        columns=(
            *(stub(name, name.capitalize()) for name in ("rater", "item", "first", "second")),
            count("n", "n"),
            bounded("same", "Same answer"),
            bounded("kappa", "kappa of the two"),
            bounded("accuracy", "Difference in accuracy"),
            bounded("kappa_difference", "Difference in kappa"),
        ),
        rows=rows,
        notes=(MINUS, "kappa of the two = Cohen's kappa between the two protocols' valid answers."),
        main=False,
    )


def _numbers(rows: tuple[tuple[Cell, ...], ...]) -> Table:
    return Table(
        id="protocols-numbers",
        title="Raters asked in two ways: numbers",
        part=Part.COMPARISON,
        columns=(
            *(stub(name, name.capitalize()) for name in ("rater", "item", "first", "second")),
            count("n", "n"),
            points("shift", "Shift"),
            bounded("r", "r of the two"),
            bounded("r_difference", "Difference in r"),
            points("mae_difference", "Difference in MAE"),
        ),
        rows=rows,
        notes=(MINUS, "Shift = mean difference of the ratings, in scale points; r and MAE are against people."),
        main=False,
    )


def _label_row(item: str, pair: ProtocolPair) -> tuple[Cell, ...]:
    told = pair.labels
    scores = (None,) * 4 if told is None else (told.same, told.kappa, told.accuracy, told.kappa_with_intended)
    return (pair.rater, item, pair.first, pair.second, pair.n, *scores)


def _number_row(item: str, pair: ProtocolPair) -> tuple[Cell, ...]:
    told = pair.numbers
    scores = (None,) * 4 if told is None else (told.shift, told.r, told.r_with_people, told.mae)
    return (pair.rater, item, pair.first, pair.second, pair.n, *scores)
