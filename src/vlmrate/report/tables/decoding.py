"""Whether a rater has collapsed, whether its decoding or the model has, and how its answers are distributed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, points, section, stub, text
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.decoding import CollapseIn, ItemDecoding, RaterDecoding
    from vlmrate.report.table import Cell
    from vlmrate.stats import AnswerDistances, SpokenAndWeighted

SOURCES = {
    "decoding": "in the decoding: weighted ratings follow people better than spoken ones",
    "model": "in the model: its weighted ratings do not follow people within emotions either",
    "not told apart": "not told apart: weighted ratings follow people, but not surely better than spoken ones",
    "not known": "not known: there are no probabilities to look into",
}


def decoding_tables(analysis: Analysis) -> Iterator[Table]:
    """Up to three tables an item with a scale: collapse, spoken beside weighted ratings, distances."""
    if isinstance(analysis.decoding, Skipped):
        return
    for item in analysis.decoding:
        if not isinstance(item.raters, Skipped):
            yield from filter(None, (_collapse(item.item, item.raters), _spoken(item), _distances(item)))


def _collapse(item: str, raters: Sequence[RaterDecoding]) -> Table | None:
    rows = tuple(
        _collapse_row(rater.rater, entry)
        for rater in raters
        if not isinstance(rater.collapse, Skipped)
        for entry in rater.collapse
    )
    if all(row[-1] == "not known" for row in rows):
        return None
    return Table(
        id=slug("collapse", item),
        title=f"{heading(item)}: does the rater tell images of one emotion apart?",
        part=Part.SPREAD,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            text("single", "To single"),
            text("means", "To means"),
            text("one", "To one person"),
            text("verdict", "Verdict"),
        ),
        rows=rows,
        notes=tuple(_collapse_notes(item, raters)),
        main=False,
    )


def _collapse_row(rater: str, entry: CollapseIn) -> tuple[Cell, ...]:
    return (rater, entry.emotion, entry.single_ratings, entry.image_means, entry.one_person, entry.verdict)


def _collapse_notes(item: str, raters: Sequence[RaterDecoding]) -> Iterator[str]:
    yield (
        "The rater's SD against people's single ratings, the images' means, and one random person an image: narrower "
        f"or wider where the interval of their ratio (table {slug('sd-ratios', item)}) leaves out 1. Collapsed = "
        "narrower than even the images' means."
    )
    for rater in raters:
        if rater.source is not None:
            yield f"{rater.rater}, where the collapse lies: {SOURCES[rater.source]}."


def _spoken(item: ItemDecoding) -> Table | None:
    raters = () if isinstance(item.raters, Skipped) else item.raters
    rows = tuple(row for rater in raters for row in _spoken_rows(rater))
    if not rows:
        return None
    return Table(
        id=slug("decoding", item.item),
        title=f"{heading(item.item)}: spoken ratings beside probability-weighted ones",
        part=Part.SPREAD,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            count("n", "n"),
            points("sd_spoken", "SD"),
            count("values_spoken", "Values"),
            bounded("r_spoken", "r"),
            points("sd_weighted", "SD"),
            count("values_weighted", "Values"),
            bounded("r_weighted", "r"),
            bounded("gain", "Gain in r"),
        ),
        rows=rows,
        notes=(
            "Spoken = the number given; weighted = the sum of probability × number over the scale's points, which "
            "moves where the most likely number does not. Values = how many different ones, weighted ratings rounded "
            "to two decimals. Gain in r = weighted − spoken.",
            "Within emotions = both ratings and people centred on their emotion's mean. A gain there says that the "
            "decoding loses what the model knows; no r on either side says that the model does not know it.",
        ),
        spanners=(
            Spanner("Spoken", ("sd_spoken", "values_spoken", "r_spoken")),
            Spanner("Weighted", ("sd_weighted", "values_weighted", "r_weighted")),
        ),
        main=False,
    )


def _spoken_rows(rater: RaterDecoding) -> Iterator[tuple[Cell, ...]]:
    told = rater.spoken_and_weighted
    if isinstance(told, Skipped):
        return
    if not isinstance(told.emotions, Skipped):
        for emotion in told.emotions:
            yield _spoken_row(rater.rater, emotion)
    if not isinstance(told.within, Skipped):
        r = told.within
        within = ("within emotions", r.n, None, None, r.second, None, None, r.first, r.difference)
        yield (rater.rater, *within)
    if not isinstance(told.overall, Skipped):
        yield _spoken_row(rater.rater, told.overall)


def _spoken_row(rater: str, told: SpokenAndWeighted) -> tuple[Cell, ...]:
    return (
        rater,
        str(told.group),
        told.n,
        told.sd_spoken,
        told.distinct_spoken,
        told.r_spoken,
        told.sd_weighted,
        told.distinct_weighted,
        told.r_weighted,
        told.r_gain,
    )


def _distances(item: ItemDecoding) -> Table | None:
    raters = () if isinstance(item.raters, Skipped) else item.raters
    rows = tuple(
        _distance_row(rater.rater, entry)
        for rater in raters
        if not isinstance(rater.distances, Skipped)
        for entry in (*rater.distances[1:], *rater.distances[:1])
    )
    if not rows:
        return None
    return Table(
        id=slug("distances", item.item),
        title=f"{heading(item.item)}: distance of the answers' distribution from people's",
        part=Part.SPREAD,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            count("n", "n"),
            bounded("jensen_shannon", "Rater"),
            bounded("one_jensen_shannon", "One person"),
            points("earth_mover", "Rater"),
            points("one_earth_mover", "One person"),
            points("entropy", "Rater"),
            points("people_entropy", "People"),
        ),
        rows=rows,
        notes=(
            "Jensen-Shannon distance, base 2: 0 for the same distribution, 1 for no answer in common. Earth mover's "
            "distance in scale points. Entropy in bits. People's distribution is the mean of the images'.",
            "One person = one random person an image, who gives as many answers as the rater; the interval holds the "
            "middle of 200 draws. A rater without any peculiarity would come out there, not at 0.",
        ),
        spanners=(
            Spanner("Jensen-Shannon", ("jensen_shannon", "one_jensen_shannon")),
            Spanner("Earth mover's", ("earth_mover", "one_earth_mover")),
            Spanner("Entropy", ("entropy", "people_entropy")),
        ),
        main=False,
    )


def _distance_row(rater: str, told: AnswerDistances) -> tuple[Cell, ...]:
    return (
        rater,
        str(told.group),
        told.n,
        told.jensen_shannon,
        told.one_person_jensen_shannon,
        told.earth_mover,
        told.one_person_earth_mover,
        told.entropy_model,
        told.entropy_people,
    )
