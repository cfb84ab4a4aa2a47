"""A rater's numbers beside the means of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import bounded as written
from vlmrate.report.table import Part, Spanner, Table, bounded, count, points, stub
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.dimensions import ItemDimension, RaterDimension
    from vlmrate.report.table import Cell


def dimension_tables(analysis: Analysis) -> Iterator[Table]:
    """A table an item with a scale that people rated."""
    if isinstance(analysis.dimensions, Skipped):
        return
    for item in analysis.dimensions:
        if not isinstance(item.raters, Skipped):
            yield _agreement(analysis, item, item.raters)


def _agreement(analysis: Analysis, item: ItemDimension, raters: Sequence[RaterDimension]) -> Table:
    return Table(
        id=slug("agreement", item.item),
        title=f"{heading(item.item)} ({item.low}–{item.high}): agreement with the means of people",
        part=Part.AGREEMENT,
        columns=(
            stub("rater", "Rater"),
            count("n", "n"),
            bounded("r", "r"),
            bounded("r_within", "r within emotion"),
            points("mae", "MAE"),
            points("rmse", "RMSE"),
            points("mean", "M", interval=False),
            points("sd", "SD", interval=False),
            points("people_mean", "M", interval=False, terminal=False),
            points("people_sd", "SD", interval=False, terminal=False),
            bounded("rho", "Spearman", terminal=False),
        ),
        rows=(*(_row(entry) for entry in raters), _people_row(item)),
        notes=tuple(_notes(analysis, item)),
        spanners=(Spanner("Rater", ("mean", "sd")), Spanner("People", ("people_mean", "people_sd"))),
    )


def _row(entry: RaterDimension) -> tuple[Cell, ...]:
    return (
        entry.rater,
        entry.n,
        entry.r,
        entry.r_within,
        entry.mae,
        entry.rmse,
        entry.rater_values.mean,
        entry.rater_values.sd,
        entry.people_values.mean,
        entry.people_values.sd,
        entry.spearman,
    )


def _people_row(item: ItemDimension) -> tuple[Cell, ...]:
    moments = item.people_values
    return ("People (image means)", item.people_images, *[None] * 4, moments.mean, moments.sd, *[None] * 3)


def _notes(analysis: Analysis, item: ItemDimension) -> Iterator[str]:
    yield (
        "Ranked by r. n = images with a rating by the rater and a mean of people. r = Pearson's, over images; "
        "within emotion = both centred on their emotion's mean. MAE, RMSE, M and SD in scale points."
    )
    if isinstance(item.between_emotions, Estimate):
        yield f"{100 * item.between_emotions.value:.0f} % of the variance of people's means lies between emotions."
    yield from _category_mean_note(analysis, item)


def _category_mean_note(analysis: Analysis, item: ItemDimension) -> Iterator[str]:
    if isinstance(analysis.baselines, Skipped):
        return
    for baseline in analysis.baselines:
        known = baseline.category_mean
        if baseline.item == item.item and not isinstance(known, Skipped) and isinstance(known.r, Estimate):
            yield f"Answering nothing but people's mean for the emotion posed would give r = {written(known.r.value)}."
