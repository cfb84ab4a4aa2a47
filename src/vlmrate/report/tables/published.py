"""What a published study printed, beside ours, people and every rater that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import bounded as written
from vlmrate.report.table import Part, Table, bounded, points, section, stub, text
from vlmrate.report.tables.naming import slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.printed_kappa import PrintedKappa
    from vlmrate.analysis.published import BesidePublished
    from vlmrate.report.table import Cell, Column
    from vlmrate.study.published import PublishedValue

NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "kappa": "kappa",
    "recall": "accuracy of",
    "share_of_valid": "share of valid answers",
    "r": "r with people",
    "mae": "MAE",
    "mean": "M",
    "sd": "SD",
    "alpha": "Krippendorff's alpha",
    "bias": "bias in",
    "mixed_bias": "bias by the mixed model in",
    "mixed_t": "t of the mixed model's bias in",
    "least_sd_within": "least SD within an emotion",
    "greatest_sd_within": "greatest SD within an emotion",
    "sd_ratio": "SD of the rater / SD of people",
    "fewest_distinct": "fewest distinct values in an emotion",
    "most_distinct": "most distinct values in an emotion",
    "group_coefficient": "coefficient",
    "rater_variance": "variance between people",
    "rater_to_image_variance": "variance between people / between images",
}
"""What tables call the statistics; those that end on a preposition go before the label."""


UNBOUNDED = frozenset(NAMES) - {"accuracy", "macro_f1", "kappa", "recall", "share_of_valid", "r", "alpha"}


def published_tables(analysis: Analysis) -> Iterator[Table]:
    """Two tables of printed values, shares and coefficients first; none where no published study was named."""
    if analysis.published is None:
        return
    name, values = analysis.published.name, analysis.published.values
    for words, unbounded in (("shares and coefficients", False), ("scale points and ratios", True)):
        chosen = [value for value in values if (value.published.statistic in UNBOUNDED) is unbounded]
        if chosen:
            notes = () if unbounded else tuple(_kappa_notes(analysis.published.kappas))
            yield _table(name, words, chosen, notes, points if unbounded else bounded)


def _kappa_notes(kappas: Sequence[PrintedKappa]) -> Iterator[str]:
    """What the printed pairs of accuracy and kappa tell of each other: who breaks the identity, or that nobody does."""
    broken = [pair for pair in kappas if not pair.check.holds]
    for pair in broken:
        yield (
            f"The printed kappa of {pair.rater}, {pair.kappa}, is not what its printed accuracy of {pair.accuracy} "
            f"implies with {pair.labels} labels, each equally often: {written(pair.check.expected)}."
        )
    if kappas:
        others = "Every other printed kappa is" if broken else "Every printed kappa beside an accuracy is"
        if len(broken) < len(kappas):
            yield f"{others} what the accuracy implies, within its digits."


def _table(
    name: str,
    words: str,
    values: Sequence[BesidePublished],
    notes: tuple[str, ...],
    number: Callable[[str, str], Column],
) -> Table:
    # Raters that this study has come first, for they are what is compared.
    known = [value for value in values if value.rater is not None]
    order = list(dict.fromkeys(value.published.rater for value in (*known, *values)))
    return Table(
        id=slug("published", name, words.split()[0]),
        title=f"{name}: printed values beside ours, {words}",
        part=Part.PUBLISHED,
        columns=(
            section("rater", "Rater"),
            stub("item", "Item"),
            stub("statistic", "Statistic"),
            text("place", "Place"),
            text("printed", "Printed"),
            number("ours", "Ours"),
            number("difference", "Difference"),
            text("note", "Note"),
        ),
        rows=tuple(_row(value) for value in sorted(values, key=lambda value: order.index(value.published.rater))),
        notes=(
            "Printed = as it stands in the publication. Difference = ours − printed; it is no more exact than the "
            "printed value.",
            *notes,
        ),
        main=False,
    )


def _row(value: BesidePublished) -> tuple[Cell, ...]:
    printed = value.published
    ours, difference = value.ours, value.difference
    return (
        _heading(value),
        printed.item,
        _statistic(printed),
        printed.place,
        printed.printed,
        ours,
        difference,
        printed.note or None,
    )


def _heading(value: BesidePublished) -> str:
    named = value.published.rater
    if value.rater is None or value.rater == named:
        return named
    return f"{named} (here {value.rater})"


def _statistic(printed: PublishedValue) -> str:
    words = NAMES[printed.statistic]
    if printed.statistic == "share_of_valid":
        return f"{printed.level} answered as {printed.group}, of valid answers"
    if printed.level:
        words = f"{words} {printed.level}"
    return f"{words}, {printed.group}" if printed.group else words
