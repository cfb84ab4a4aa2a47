"""May a rater stand in for a person: the verdict with what it rests on, and the equivalence of its bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.replacement import NO_MEANS
from vlmrate.apa import decimal
from vlmrate.report.table import Part, Spanner, Table, bounded, count, p_value, points, section, share, stub, text
from vlmrate.report.tables.corrected import adjusted
from vlmrate.report.tables.naming import counted, heading, slug
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.replacement import BiasWithin, ItemReplacement, RaterReplacement
    from vlmrate.report.table import Cell

VERDICTS = {
    "yes": "yes",
    "not shown": "not shown, person by person",
    "no": "no: people are nearer",
    "unknown": "cannot be told",
}


def replacement_tables(analysis: Analysis) -> Iterator[Table]:
    """Two tables an item that people rated: the verdicts, and on a scale the tests of equivalence."""
    if isinstance(analysis.replacement, Skipped):
        return
    for item in analysis.replacement:
        if not isinstance(item.raters, Skipped):
            yield _verdicts(item, item.raters)
            if not isinstance(item.margin, Skipped):
                yield _equivalence(item, item.raters)


def in_words(entry: RaterReplacement) -> str:
    """The verdict as a reader would say it, with the emotions that speak against it."""
    if entry.verdict != "biased":
        return VERDICTS[entry.verdict]
    beyond, undecided = entry.emotions("beyond"), entry.emotions("undecided")
    reasons = [f"biased: {', '.join(beyond)}"] if beyond else []
    reasons += [f"undecided: {', '.join(undecided)}"] if undecided else []
    return f"not without correction ({'; '.join(reasons)})"


def _verdicts(item: ItemReplacement, raters: Sequence[RaterReplacement]) -> Table:
    return Table(
        id=slug("replacement", item.item),
        title=f"{heading(item.item)}: may a rater stand in for a person?",
        part=Part.REPLACEMENT,
        columns=(
            stub("rater", "Rater"),
            text("verdict", "May it stand in?"),
            share("won", "Persons beaten"),
            bounded("advantage", "Advantage"),
            bounded("lead", "Lead"),
            bounded("r", "Rater", interval=False, terminal=False),
            bounded("person_r", "Person", interval=False, terminal=False),
            bounded("r_difference", "Difference"),
            points("mae", "Rater", interval=False, terminal=False),
            points("person_mae", "Person", interval=False, terminal=False),
            points("mae_difference", "Difference"),
            points("shift", "Rater", interval=False, terminal=False),
            points("person_shift", "Person", interval=False, terminal=False),
        ),
        rows=(*(_row(entry) for entry in raters), *_always_the_same(item)),
        notes=tuple(_notes(item, raters)),
        spanners=(
            Spanner("Alternative-annotator test", ("won", "advantage", "lead")),
            Spanner("r with the others", ("r", "person_r", "r_difference")),
            Spanner("MAE to the others", ("mae", "person_mae", "mae_difference")),
            Spanner("Shift of the mean", ("shift", "person_shift")),
        ),
        main=False,
    )


def _row(entry: RaterReplacement) -> tuple[Cell, ...]:
    return (entry.rater, in_words(entry), *_stand_in(entry), *_in_place(entry))


def _always_the_same(item: ItemReplacement) -> Iterator[tuple[Cell, ...]]:
    told = item.always_the_same
    if not isinstance(told, Skipped):
        shown = told.stand_in
        yield (f"(always {told.answer})", None, shown.won, shown.advantage, shown.lead, *[None] * 8)


def _stand_in(entry: RaterReplacement) -> tuple[Cell, ...]:
    told = entry.stand_in
    return (told, told, told) if isinstance(told, Skipped) else (told.won, told.advantage, told.lead)


def _in_place(entry: RaterReplacement) -> tuple[Cell, ...]:
    told = entry.in_place
    if isinstance(told, Skipped):
        # Labels have no numbers to compare: the columns do not apply, which is no failure.
        return (None if told == NO_MEANS else told,) * 8
    return (
        told.model_r,
        told.person_r,
        told.r_difference,
        told.model_mae,
        told.person_mae,
        told.mae_difference,
        told.model_shift,
        told.person_shift,
    )


def _notes(item: ItemReplacement, raters: Sequence[RaterReplacement]) -> Iterator[str]:
    tested = next((entry.stand_in for entry in raters if not isinstance(entry.stand_in, Skipped)), None)
    if tested is not None:
        yield (
            "Alternative-annotator test (Calderon et al. 2025): each person is left out, and who is nearer to the "
            f"others is asked of every image. Persons beaten = those over whom the rater wins, granted an advantage of "
            f"{tested.epsilon:g} (epsilon), p corrected over the persons (Benjamini-Yekutieli, {tested.q:g}); from "
            "half on it passes. Advantage = share of images where the rater is at least as near, mean over persons; "
            "lead = that less the share where the person is at least as near."
        )
        if tested.untested:
            yield f"{tested.untested:,} persons share fewer than {tested.min_units} images with it and are not tested."
    if not isinstance(item.always_the_same, Skipped):
        yield (
            f"(always {item.always_the_same.answer}) = a rater that gives every image this one answer, the nearest to "
            "what people say. To be near to others rewards the middle: a rater that does no better than this one has "
            "shown nothing by it; see r within emotion in the tables of agreement."
        )
    yield (
        "In a person's place = the rater and each person in turn against the mean of all other people, on that "
        "person's images; means over the persons, whom the intervals resample, the images being these. "
        "Shift = size of the mean difference. "
        "Difference = rater − person."
    )
    yield (
        "Yes = it passes, and its bias is shown to lie within the margin over all images and in every emotion. Not "
        "without correction = it passes, but is biased beyond the margin, or not shown to be within it, where named. "
        "Not shown = it fails, though its lead does not lie below minus the advantage granted: with few images a "
        "person the single tests have little power. No = it fails, and its lead lies below that."
    )


def _equivalence(item: ItemReplacement, raters: Sequence[RaterReplacement]) -> Table:
    return Table(
        id=slug("equivalence", item.item),
        title=f"{heading(item.item)}: is the bias too small to matter?",
        part=Part.REPLACEMENT,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            count("n", "n"),
            points("bias", "Bias"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            text("standing", "Margin"),
        ),
        rows=tuple(
            _bias(entry.rater, bias)
            for entry in raters
            if not isinstance(entry.equivalence, Skipped)
            for bias in (*entry.equivalence[1:], entry.equivalence[0])
        ),
        notes=tuple(_equivalence_notes(item)),
        main=False,
    )


def _bias(rater: str, bias: BiasWithin) -> tuple[Cell, ...]:
    told = bias.tost
    if isinstance(told, Skipped):
        return (rater, bias.emotion, None, told, told, told, bias.standing)
    n = told.difference.n if isinstance(told.difference, Estimate) else None
    return (
        rater,
        bias.emotion,
        n,
        told.difference,
        told.p_value,
        adjusted(bias.holm),
        bias.standing,
    )


def _equivalence_notes(item: ItemReplacement) -> Iterator[str]:
    if not isinstance(item.margin, Skipped):
        points_wide = decimal(item.margin.points, 2)
        yield f"Margin: a mean difference from people of up to {points_wide} points ({item.margin.source})."
    yield (
        "Bias = rater − mean of people, with its 90 % interval, which is what the test reads. p: two one-sided t tests "
        "(TOST), standard errors over clusters; it speaks for a bias within the margin, unlike a test against 0. Holm "
        f"corrects over the {counted(item.family_size, 'test')} here."
    )
    yield (
        "Beyond = the interval lies outside the margin; undecided = it lies across its edge; not known = "
        "there is no bias to judge."
    )
