"""SD and distinct values per emotion, beside three readings of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, count, points, section, share, stub
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.variance import ItemSpread, RaterSpread, RaterSpreadIn
    from vlmrate.report.table import Cell
    from vlmrate.stats import PeopleSpread

COMPARATORS = (
    "People in three readings: single ratings = all of them; image means = the mean of people; one "
    "person = one at random an image (mean of 200 draws), which is what a rater with one rating an image compares to."
)


def spread_tables(analysis: Analysis) -> Iterator[Table]:
    """Two tables an item with a scale: the spread, and its ratio to people's."""
    if isinstance(analysis.spread, Skipped):
        return
    for item in analysis.spread:
        if not isinstance(item.raters, Skipped):
            yield _spread(item, item.raters)
            if not isinstance(analysis.dimensions, Skipped):
                yield _ratios(item, item.raters)


def _spread(item: ItemSpread, raters: Sequence[RaterSpread]) -> Table:
    people = {entry.emotion: entry.spread for entry in item.people}
    return Table(
        id=slug("spread", item.item),
        title=f"{heading(item.item)}: spread per emotion, rater and people",
        part=Part.SPREAD,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            count("n", "n"),
            points("sd", "SD"),
            count("values", "distinct values"),
            points("people_sd_single", "single ratings", interval=False),
            points("people_sd_means", "image means", interval=False),
            points("people_sd_one", "one person", interval=False),
            points("people_values_one", "Distinct values, one person", interval=False),
            share("mode", "Most frequent value", terminal=False),
        ),
        rows=tuple(_row(rater.rater, entry, people[entry.emotion]) for rater in raters for entry in _entries(rater)),
        notes=(
            "SD in scale points. Distinct values = how many different ones were given.",
            f"SD of people, over all images they rated. {COMPARATORS}",
        ),
        spanners=(
            Spanner("Rater", ("sd", "values")),
            Spanner("People's SD", ("people_sd_single", "people_sd_means", "people_sd_one")),
        ),
        main=False,
    )


def _entries(rater: RaterSpread) -> tuple[RaterSpreadIn, ...]:
    emotions = () if isinstance(rater.emotions, Skipped) else rater.emotions
    return (*emotions, rater.overall)


def _row(rater: str, entry: RaterSpreadIn, people: PeopleSpread) -> tuple[Cell, ...]:
    spread = entry.spread
    return (
        rater,
        entry.emotion,
        spread.n,
        spread.sd,
        spread.distinct,
        people.single_ratings,
        people.image_means,
        people.one_person,
        people.one_person_distinct,
        spread.mode_share,
    )


def _ratios(item: ItemSpread, raters: Sequence[RaterSpread]) -> Table:
    return Table(
        id=slug("sd-ratios", item.item),
        title=f"{heading(item.item)}: SD of the rater / SD of people",
        part=Part.SPREAD,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            points("single", "single ratings"),
            points("means", "image means"),
            points("one", "one person"),
        ),
        rows=tuple(
            (rater.rater, entry.emotion, entry.ratios.single_ratings, entry.ratios.image_means, entry.ratios.one_person)
            for rater in raters
            for entry in _entries(rater)
        ),
        notes=("Above 1 the rater spreads its ratings more widely than people do, below 1 less.", COMPARATORS),
        spanners=(Spanner("SD of the rater / SD of people", ("single", "means", "one")),),
        main=False,
    )
