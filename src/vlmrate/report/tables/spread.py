"""T7: SD and distinct values per emotion, beside three readings of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Table, count, points, section, share, stub
from vlmrate.report.tables.naming import SPREAD, heading, slug, table_id
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.variance import ItemSpread, PeopleSpreadIn, RaterSpread, RaterSpreadIn
    from vlmrate.report.table import Cell

COMPARATORS = (
    "Three readings of people: single = all single ratings; means = the images' means; one = one random person an "
    "image (mean of 200 draws, interval their middle), which is what a rater's one rating an image compares to."
)


def spread_tables(analysis: Analysis) -> Iterator[Table]:
    """Two tables an item with a scale: the spread, and its ratio to people's."""
    if isinstance(analysis.spread, Skipped):
        return
    for item in analysis.spread:
        if not isinstance(item.raters, Skipped):
            yield _spread(analysis, item, item.raters)
            if not isinstance(analysis.dimensions, Skipped):
                yield _ratios(item, item.raters)


def _spread(analysis: Analysis, item: ItemSpread, raters: Sequence[RaterSpread]) -> Table:
    rows = [_row(rater.rater, entry) for rater in raters for entry in _entries(rater)]
    notes = ["SD in scale points; values = how many different ones were given; mode = share of the most frequent one."]
    if not isinstance(analysis.dimensions, Skipped):
        rows += [row for entry in item.people for row in _people_rows(entry)]
        notes.append(COMPARATORS)
    return Table(
        id=table_id(SPREAD, "spread", item.item),
        title=f"T{SPREAD}. {heading(item.item)}: spread of the ratings per emotion",
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            count("n", "n"),
            points("sd", "SD"),
            points("values", "Values"),
            share("mode", "Mode"),
        ),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _entries(rater: RaterSpread) -> tuple[RaterSpreadIn, ...]:
    emotions = () if isinstance(rater.emotions, Skipped) else rater.emotions
    return (*emotions, rater.overall)


def _row(rater: str, entry: RaterSpreadIn) -> tuple[Cell, ...]:
    spread = entry.spread
    return (rater, entry.emotion, spread.n, spread.sd, spread.distinct, spread.mode_share)


def _people_rows(entry: PeopleSpreadIn) -> Iterator[tuple[Cell, ...]]:
    spread = entry.spread
    yield ("People, single", entry.emotion, entry.images, spread.single_ratings, None, None)


def _ratios(item: ItemSpread, raters: Sequence[RaterSpread]) -> Table:
    return Table(
        id=slug("sd-ratios", item.item),
        title=f"{heading(item.item)}: SD of the rater / SD of people",
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            points("single", "To single"),
            points("means", "To means"),
            points("one", "To one person"),
        ),
        rows=tuple(
            (rater.rater, entry.emotion, entry.ratios.single_ratings, entry.ratios.image_means, entry.ratios.one_person)
            for rater in raters
            for entry in _entries(rater)
        ),
        notes=("Above 1 the rater spreads its ratings more widely than people do, below 1 less.", COMPARATORS),
    )
