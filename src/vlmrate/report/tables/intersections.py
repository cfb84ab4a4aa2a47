"""Bias where two factors of groups meet, their interaction, and the bias of every group in every emotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Column, Part, Style, Table, p_value, points, section, stub, text
from vlmrate.report.tables.corrected import adjusted, p_of
from vlmrate.report.tables.naming import column_names, counted, heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.intersections import BiasCell, ItemIntersections, RaterCells, RaterIntersections
    from vlmrate.report.table import Cell

ROBUST = "Interval and p: t with a cluster-robust standard error (CR2) over who is shown, df by Satterthwaite."


def intersection_tables(analysis: Analysis) -> Iterator[Table]:
    """The tables of each item with a scale that people rated."""
    if isinstance(analysis.intersections, Skipped):
        return
    for item in analysis.intersections:
        if not isinstance(item.raters, Skipped):
            yield _gaps(item, item.raters)
            yield _interactions(item, item.raters)
        if not isinstance(item.cells, Skipped) and any(not isinstance(of.cells, Skipped) for of in item.cells):
            yield _cells(item, item.cells)


def _gaps(item: ItemIntersections, raters: Sequence[RaterIntersections]) -> Table:
    return Table(
        id=slug("bias-intersections", item.item),
        title=f"{heading(item.item)}: bias of intersections of groups, in scale points",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("intersection", "Intersection"),
            points("bias", "Bias"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            points("rater_effect", "Rater's effect"),
            points("people_effect", "People's effect"),
            Column("n", "n", Style.COUNT, terminal=False),
        ),
        rows=tuple(row for entry in raters for row in _gap_rows(entry)),
        notes=(
            "Bias = (rater − people) in the intersection minus the same over all other images, mean over emotions = "
            f"the rater's effect minus people's. It holds each factor's own share: the interaction is apart. {ROBUST} "
            f"Holm corrects over {counted(item.family_size, 'test')} here.",
        ),
        main=False,
    )


def _gap_rows(entry: RaterIntersections) -> Iterator[tuple[Cell, ...]]:
    if isinstance(entry.gaps, Skipped):
        yield (entry.rater, entry.factors, entry.gaps, *[None] * 5)
        return
    for of in entry.gaps:
        tested = (p_of(of.gap.test), adjusted(of.holm))
        yield (
            entry.rater,
            str(of.gap.group),
            of.gap.bias,
            *tested,
            of.gap.model_effect,
            of.gap.people_effect,
            of.gap.n,
        )


def _interactions(item: ItemIntersections, raters: Sequence[RaterIntersections]) -> Table:
    return Table(
        id=slug("interactions-intersections", item.item),
        title=f"{heading(item.item)}: bias beyond both factors where groups meet, in scale points",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("first", "Bias between"),
            stub("second", "in the first minus the second"),
            text("factors", "Factors", terminal=False),
            points("bias", "Interaction"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            points("rater_effect", "Rater's"),
            points("people_effect", "People's"),
        ),
        rows=tuple(row for entry in raters for row in _interaction_rows(entry)),
        notes=tuple(_interaction_notes(item, raters)),
        main=False,
    )


def _interaction_rows(entry: RaterIntersections) -> Iterator[tuple[Cell, ...]]:
    if isinstance(entry.interactions, Skipped):
        yield (entry.rater, "all", "all", entry.factors, entry.interactions, *[None] * 4)
        return
    for of in entry.interactions:
        (a, b), (x, y) = of.gap.first, of.gap.second
        tested = (p_of(of.gap.test), adjusted(of.holm))
        effects = (of.gap.model_effect, of.gap.people_effect)
        yield (entry.rater, f"{a} − {b}", f"{x}, {y}", entry.factors, of.gap.bias, *tested, *effects)


def _interaction_notes(item: ItemIntersections, raters: Sequence[RaterIntersections]) -> Iterator[str]:
    yield (
        "Interaction = the bias between two levels of one factor at the first level of the other, minus the same at "
        f"its second level. {ROBUST} Holm corrects over {counted(item.interaction_family_size, 'test')} here."
    )
    mixed = dict.fromkeys(entry.rater for entry in raters if entry.mix_differs)
    if mixed:
        yield (
            f"{', '.join(mixed)}: the intersections differ in their mix of emotions, which interactions here do not "
            "correct for: part of one may be an emotion's."
        )


def _cells(item: ItemIntersections, raters: Sequence[RaterCells]) -> Table:
    told = [(of.rater, of.cells) for of in raters if not isinstance(of.cells, Skipped)]
    emotions = tuple(dict.fromkeys(cell.emotion for _, cells in told for cell in cells))
    named = zip(column_names("emotion", emotions), emotions, strict=True)
    return Table(
        id=slug("bias-cells", item.item),
        title=f"{heading(item.item)}: bias by group and emotion, in scale points",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("group", "Group"),
            text("factor", "Factor", terminal=False),
            *(points(name, emotion, interval=False) for name, emotion in named),
        ),
        rows=tuple(row for rater, cells in told for row in _cell_rows(rater, cells, emotions)),
        notes=(
            "Rater − people. The intervals, t with a cluster-robust standard error where an identity has several of "
            f"the images, are in {slug('bias-cells', item.item)}.csv.",
        ),
        main=False,
    )


def _cell_rows(rater: str, cells: Sequence[BiasCell], emotions: Sequence[str]) -> Iterator[tuple[Cell, ...]]:
    by_group: dict[tuple[str, str], dict[str, BiasCell]] = {}
    for cell in cells:
        by_group.setdefault((cell.factor, cell.level), {})[cell.emotion] = cell
    for (factor, level), of_emotion in by_group.items():
        yield (rater, level, factor, *(of_emotion[emotion].bias for emotion in emotions))
