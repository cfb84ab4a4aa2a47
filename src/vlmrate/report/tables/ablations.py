"""What a rater's answers hang on: other ways of asking, wrong labels carried, and numbers put into its mouth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, points, section, share, stub, text
from vlmrate.report.tables.naming import column_names, heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.ablations import Ablations
    from vlmrate.analysis.ablations.anchoring import Anchoring
    from vlmrate.analysis.ablations.changes import Change, ItemChange
    from vlmrate.analysis.ablations.false_label import FalseLabel
    from vlmrate.analysis.ablations.propagation import ItemPropagation, RaterPropagation
    from vlmrate.report.table import Cell, Column


def ablation_tables(analysis: Analysis) -> Iterator[Table]:
    """At a glance, error propagation, false labels, anchoring, and the runs that were told answers."""
    told = analysis.ablations
    if isinstance(told, Skipped):
        return
    if not isinstance(told.changes, Skipped):
        yield _glance(told.changes)
    if not isinstance(told.propagation, Skipped):
        yield from map(_propagation, told.propagation)
    if not isinstance(told.false_label, Skipped):
        yield _acceptance(told.false_label)
        yield _pull(told.false_label)
    if not isinstance(told.anchoring, Skipped):
        yield _slopes(told.anchoring)
        yield from _means(told.anchoring)
    yield _runs(told)


def _glance(changes: Sequence[Change]) -> Table:
    items = {item.item: item for change in changes for item in change.items}
    labels = [name for name, item in items.items() if item.same is not None]
    numbers = [name for name, item in items.items() if item.same is None]
    columns = [
        *(bounded(name, f"Same {item}") for name, item in zip(column_names("same", labels), labels, strict=True)),
        *(points(name, heading(item)) for name, item in zip(column_names("shift", numbers), numbers, strict=True)),
        *(points(name, heading(item)) for name, item in zip(column_names("mae", numbers), numbers, strict=True)),
    ]
    return Table(
        id="ablations",
        title="Ablations at a glance: another way of asking minus the usual one",
        part=Part.COMPARISON,
        columns=(section("rater", "Rater"), stub("protocol", "Asked under"), text("usual", "Usual"), *columns),
        rows=tuple(_glance_row(change, labels, numbers) for change in changes),
        notes=(
            "Same = share of images with the same label as usual. Shift = mean difference of the ratings, and MAE = "
            "difference in MAE against people, both in scale points; a lower MAE is nearer to people.",
        ),
        spanners=_spanners(numbers),
    )


def _spanners(numbers: Sequence[str]) -> tuple[Spanner, ...]:
    if not numbers:
        return ()
    return (Spanner("Shift", column_names("shift", numbers)), Spanner("MAE", column_names("mae", numbers)))


def _glance_row(change: Change, labels: Sequence[str], numbers: Sequence[str]) -> tuple[Cell, ...]:
    of_item: dict[str, ItemChange] = {item.item: item for item in change.items}

    def cells(names: Sequence[str], field: str) -> list[Cell]:
        return [getattr(of_item[name], field) if name in of_item else None for name in names]

    values = [*cells(labels, "same"), *cells(numbers, "shift"), *cells(numbers, "mae")]
    return (change.rater, change.protocol, change.usual, *values)


def _propagation(item: ItemPropagation) -> Table:
    return Table(
        id=slug("propagation", item.item),
        title=f"{heading(item.item)}: what a wrong {item.labels} does to it (intended label carried minus own label)",
        part=Part.COMPARISON,
        columns=(
            section("rater", "Rater"),
            stub("images", "Images"),
            count("n", "n"),
            points("shift", "Shift"),
            points("mae", "Difference in MAE"),
            bounded("r", "Difference in r"),
        ),
        rows=tuple(row for rater in item.raters for row in _propagation_rows(rater)),
        notes=(
            "oracle-carry minus the usual protocol, each on the same images. Shift = mean difference of the ratings, "
            "which is the difference in bias; MAE and r are against people.",
            "Right and wrong are the answers under the usual protocol, each repeat by its own: an image that has both "
            "counts in both rows. Where one was right, both protocols carry the same label: at temperature 0 nothing "
            "then changes. Wrong − right compares images that may differ in other ways.",
        ),
    )


def _propagation_rows(rater: RaterPropagation) -> Iterator[tuple[Cell, ...]]:
    if isinstance(rater.parts, Skipped):
        yield (rater.rater, "all images", None, rater.parts, None, None)
        return
    for part in rater.parts:
        yield (rater.rater, part.name, part.n, part.shift, part.mae, part.r)


def _acceptance(raters: Sequence[FalseLabel]) -> Table:
    return Table(
        id="false-labels",
        title="False labels: what raters say that were told a wrong label",
        part=Part.COMPARISON,
        columns=(
            stub("rater", "Rater"),
            stub("item", "Item"),
            count("n", "n"),
            bounded("accepted", "Say it too"),
            bounded("unprompted", "Say it untold"),
            bounded("difference", "Difference"),
            bounded("right", "Say the right one"),
        ),
        rows=tuple(_acceptance_row(rater) for rater in raters),
        notes=(
            "Shares of images. Say it too = say the wrong label that they were told; say it untold = say that same "
            "label of the same image under the usual protocol. 0 in the difference = the word is not believed.",
        ),
    )


def _acceptance_row(rater: FalseLabel) -> tuple[Cell, ...]:
    told = rater.acceptance
    if isinstance(told, Skipped):
        return (rater.rater, rater.item, None, told, None, None, None)
    return (rater.rater, rater.item, told.n, told.accepted, told.unprompted, told.difference, told.right)


def _pull(raters: Sequence[FalseLabel]) -> Table:
    return Table(
        id="false-label-pull",
        title="False labels: how far the numbers follow the word",
        part=Part.COMPARISON,
        columns=(stub("rater", "Rater"), stub("item", "Item"), count("n", "n"), points("pull", "Pull")),
        rows=tuple((rater.rater, pull.item, pull.n, pull.slope) for rater in raters for pull in rater.pulls),
        notes=(
            "Pull = slope of (rating under the false label − rating under oracle-carry) on (the rater's own mean under "
            "oracle-carry of the images that the false label names − that of the right label's): 0 = the rating keeps "
            "to the face, 1 = it is that of the word.",
        ),
    )


def _slopes(anchorings: Sequence[Anchoring]) -> Table:
    return Table(
        id="anchoring",
        title="Anchoring: how far a number follows another one that the rater was told",
        part=Part.COMPARISON,
        columns=(
            section("rater", "Rater"),
            stub("told", "Told"),
            stub("item", "Rated"),
            stub("emotion", "Emotion"),
            count("n", "n"),
            points("slope", "Slope"),
            points("spread", "Spread"),
            bounded("never_falls", "Never falls"),
            bounded("unmoved", "Unmoved"),
        ),
        rows=tuple(row for one in anchorings for row in _slope_rows(one)),
        notes=(
            "Slope = points of rating a point of the number told, within images: 0 = the number told does not matter, "
            "1 = the rating rises with it point by point. Spread = highest minus lowest rating of an image, mean over "
            "images: it shows answers that hang on how extreme the number is, and the noise of answers that are drawn.",
            "Never falls = share of images whose rating never falls as the number told rises; unmoved = those of them "
            "that get one rating whatever is told.",
        ),
    )


def _slope_rows(one: Anchoring) -> Iterator[tuple[Cell, ...]]:
    for number, slope in enumerate(one.slopes):
        whole = (one.spread, one.never_falls, one.unmoved) if number == 0 else (None, None, None)
        yield (one.rater, one.told, one.item, slope.name, slope.n, slope.slope, *whole)


def _means(anchorings: Sequence[Anchoring]) -> Iterator[Table]:
    for told, item in dict.fromkeys((one.told, one.item) for one in anchorings):
        chosen = [one for one in anchorings if (one.told, one.item) == (told, item)]
        numbers = list(dict.fromkeys(mean.told for one in chosen for mean in one.means))
        columns: list[Column] = [
            points(name, number) for name, number in zip(column_names("told", numbers), numbers, strict=True)
        ]
        yield Table(
            id=slug("anchored", told, item),
            title=f"Anchoring: mean {item} by the {told} that the rater was told",
            part=Part.COMPARISON,
            columns=(stub("rater", "Rater"), *columns),
            rows=tuple(_mean_row(one, numbers) for one in chosen),
            notes=(f"Means over all images; each image was told every {told}.",),
            spanners=(Spanner(f"{heading(told)} told", tuple(column.name for column in columns)),),
            main=False,
        )


def _mean_row(one: Anchoring, numbers: Sequence[str]) -> tuple[Cell, ...]:
    means = {mean.told: mean.mean for mean in one.means}
    return (one.rater, *(means.get(number) for number in numbers))


def _runs(told: Ablations) -> Table:
    return Table(
        id="forced-runs",
        title="Raters that were told answers: ratings asked for and made",
        part=Part.RUNS,
        columns=(
            stub("rater", "Rater"),
            text("protocol", "Protocol"),
            text("forces", "Told"),
            count("planned", "Planned"),
            count("rated", "Rated"),
            count("failed", "Failed"),
            count("unreadable", "Unreadable"),
            share("invalid", "Invalid"),
        ),
        rows=tuple(
            (run.rater, run.protocol, run.forces, run.planned, run.rated, run.failed, run.unreadable, run.invalid)
            for run in told.runs
        ),
        notes=("These ratings stand in the ablations alone. each = every answer in turn; wrong = a wrong label.",),
        main=False,
    )
