"""Which scale a rater is better at, and whether two raters change places from one scale to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, stub, text
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.strength import Inversion, ItemPairStrength, RaterStrength
    from vlmrate.report.table import Cell
    from vlmrate.stats import CorrelationDifference


def strength_tables(analysis: Analysis) -> Iterator[Table]:
    """Two tables for every two items with a scale: each rater on both, and the inversions between raters."""
    if isinstance(analysis.strength, Skipped):
        return
    for items in analysis.strength:
        if not isinstance(items.raters, Skipped):
            yield _strengths(items, items.raters)
        if not isinstance(items.inversions, Skipped):
            yield _inversions(items, items.inversions)


def _strengths(items: ItemPairStrength, raters: Sequence[RaterStrength]) -> Table:
    return Table(
        id=slug("strength", items.first, items.second),
        title=f"{heading(items.first)} against {items.second}: r with people on both scales",
        part=Part.COMPARISON,
        columns=(
            stub("rater", "Rater"),
            count("n", "n"),
            bounded("first", heading(items.first)),
            count("rank_first", "Rank"),
            bounded("second", heading(items.second)),
            count("rank_second", "Rank"),
            bounded("difference", "Difference"),
            bounded("first_within", heading(items.first)),
            bounded("second_within", heading(items.second)),
            bounded("difference_within", "Difference"),
        ),
        rows=tuple((entry.rater, *_overall(entry), *_three(entry.within)) for entry in raters),
        notes=(
            f"r with people's means over the images rated on both scales. Difference = r on {items.first} − r on "
            f"{items.second}, interval from resamples that both share. Within emotions = centred on their means.",
            "People agree less on some scales than on others, which lowers every rater's r there: what a rater's "
            "difference means is seen beside the other raters', and beside the ceilings.",
        ),
        spanners=(
            Spanner("Over all images", ("first", "rank_first", "second", "rank_second", "difference")),
            Spanner("Within emotions", ("first_within", "second_within", "difference_within")),
        ),
        main=False,
    )


def _overall(entry: RaterStrength) -> tuple[Cell, ...]:
    told = entry.overall
    if isinstance(told, Skipped):
        return (None, told, None, told, None, told)
    return (told.n, told.first, entry.rank_first, told.second, entry.rank_second, told.difference)


def _three(told: CorrelationDifference | Skipped) -> tuple[Cell, Cell, Cell]:
    return (told, told, told) if isinstance(told, Skipped) else (told.first, told.second, told.difference)


def _inversions(items: ItemPairStrength, inversions: Sequence[Inversion]) -> Table:
    return Table(
        id=slug("inversions", items.first, items.second),
        title=f"{heading(items.first)} against {items.second}: do two raters change places?",
        part=Part.COMPARISON,
        columns=(
            stub("ahead", f"Ahead on {items.first}"),
            stub("behind", "Other rater"),
            bounded("on_first", heading(items.first)),
            bounded("on_second", heading(items.second)),
            text("inverted", "Places change"),
        ),
        rows=tuple(
            (pair.ahead, pair.behind, pair.on_first, pair.on_second, "yes" if pair.inverted else "no")
            for pair in inversions
        ),
        notes=(
            "Difference in r with people's means, first rater − other rater, on each scale. Places change where both "
            "differences lie on opposite sides and hold (p Holm ≤ .05 over the pairs of their scale, in the tables of "
            "differences in r); the intervals are not corrected.",
        ),
        main=False,
    )
