"""What derived raters gain over those they were made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, points, section, stub
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.gains import RaterGains, SourceGain
    from vlmrate.report.table import Cell, Column

MINUS = (
    "Gains are the derived rater minus its source, on the images that both rated; for MAE, below 0 is better. "
    "Intervals draw the same images for both, and keep what was fitted: how surely it was fitted is not in them."
)
HELD_OUT = {
    "identity": "What {names} answered for an image was fitted without any image of whom it shows.",
    "image": "What {names} answered for an image was fitted without that image; the study names no identities, so that "
    "other images of the person shown may have taken part.",
}


def gain_tables(analysis: Analysis) -> Iterator[Table]:
    """One table for numbers and one for labels, where a rater was made of others and is what its record says."""
    if isinstance(analysis.gains, Skipped):
        return
    told = [rater for rater in analysis.gains if not isinstance(rater.gains, Skipped)]
    if any(gain.numbers for rater in told for gain in _of(rater)):
        yield _numbers(told)
    if any(gain.labels for rater in told for gain in _of(rater)):
        yield _labels(told)


def _of(rater: RaterGains) -> tuple[SourceGain, ...]:
    return () if isinstance(rater.gains, Skipped) else rater.gains


def _columns() -> tuple[Column, ...]:
    names = ("method", "Made as"), ("source", "Source"), ("item", "Item")
    return (section("rater", "Derived rater"), *(stub(name, title) for name, title in names), count("n", "n"))


def _row(rater: RaterGains, gain: SourceGain, *cells: Cell) -> tuple[Cell, ...]:
    return (rater.rater, rater.method, gain.source, gain.item, gain.n, *cells)


def _numbers(told: list[RaterGains]) -> Table:
    rows = [
        _row(rater, gain, of.r, of.r_within, of.mae, of.bias_source, of.bias)
        for rater in told
        for gain in _of(rater)
        if (of := gain.numbers) is not None
    ]
    return Table(
        id="gains-numbers",
        title="What derived raters gain: numbers",
        part=Part.COMPARISON,
        columns=(
            *_columns(),
            bounded("r", "r"),
            bounded("r_within", "r within emotions"),
            points("mae", "MAE"),
            points("bias_source", "source"),
            points("bias", "derived"),
        ),
        rows=tuple(rows),
        notes=(MINUS, *_held_out(told), "Bias = mean of rater minus people, in scale points."),
        spanners=(Spanner("Gain in", ("r", "r_within", "mae")), Spanner("Bias", ("bias_source", "bias"))),
        main=False,
    )


def _labels(told: list[RaterGains]) -> Table:
    rows = [
        _row(rater, gain, of.same, of.accuracy, of.kappa)
        for rater in told
        for gain in _of(rater)
        if (of := gain.labels) is not None
    ]
    return Table(
        id="gains-labels",
        title="What derived raters gain: labels",
        part=Part.COMPARISON,
        columns=(
            *_columns(),
            bounded("same", "Same answer"),
            bounded("accuracy", "accuracy"),
            bounded("kappa", "kappa"),
        ),
        rows=tuple(rows),
        notes=(MINUS,),
        spanners=(Spanner("Gain in", ("accuracy", "kappa")),),
        main=False,
    )


def _held_out(told: list[RaterGains]) -> Iterator[str]:
    for kind, words in HELD_OUT.items():
        names = [rater.rater for rater in told if rater.held_out == kind]
        if names:
            yield words.format(names=", ".join(names))
