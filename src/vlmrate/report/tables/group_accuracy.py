"""Accuracy by group and label, groups beside one another, and the errors that each group meets most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, p_value, points, section, share, stub, text
from vlmrate.report.tables.corrected import adjusted, p_of
from vlmrate.report.tables.naming import column_names, counted, heading, slug
from vlmrate.stats import Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.group_accuracy import AccuracyGap, GroupScores, ItemGroupAccuracy, RaterGroupAccuracy
    from vlmrate.report.table import Cell

MOST_PATHWAYS = 3
"""Error pathways shown a group; analysis.json has all."""
ALL = "all"


def group_accuracy_tables(analysis: Analysis) -> Iterator[Table]:
    """The tables of each item with intended labels, where the study names groups."""
    if isinstance(analysis.group_accuracy, Skipped):
        return
    for item in analysis.group_accuracy:
        if isinstance(item.raters, Skipped):
            continue
        yield _accuracy(item, item.raters)
        if any(not isinstance(entry.gaps, Skipped) for entry in item.raters):
            yield _ratios(item, item.raters)
            yield _detection(item, item.raters)
        yield _pathways(item, item.raters)


def _accuracy(item: ItemGroupAccuracy, raters: Sequence[RaterGroupAccuracy]) -> Table:
    named = zip(column_names("label", item.labels), item.labels, strict=True)
    return Table(
        id=slug("accuracy-groups", item.item),
        title=f"{heading(item.item)}: accuracy by group of people shown and intended label",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("group", "Group"),
            text("factor", "Factor", terminal=False),
            count("n", "n"),
            bounded("accuracy", "Accuracy"),
            *(bounded(name, label, interval=False) for name, label in named),
        ),
        rows=tuple(_group_row(entry, group) for entry in raters for group in entry.groups),
        notes=(
            "Accuracy, over all labels and of the images of each; an invalid answer is an error. Intervals resample "
            "who is shown, Wilson's where all or no answers are right; those of the labels are in "
            f"{slug('accuracy-groups', item.item)}.csv.",
        ),
        main=False,
    )


def _group_row(entry: RaterGroupAccuracy, group: GroupScores) -> tuple[Cell, ...]:
    by_label = (label.accuracy for label in group.labels)
    return (entry.rater, group.level, entry.factor, group.correct.denominator, group.accuracy, *by_label)


def _ratios(item: ItemGroupAccuracy, raters: Sequence[RaterGroupAccuracy]) -> Table:
    return Table(
        id=slug("accuracy-ratios", item.item),
        title=f"{heading(item.item)}: accuracy of one group over that of another",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("groups", "Groups"),
            stub("label", "Label"),
            share("first", "First right", terminal=False),
            share("second", "Second right", terminal=False),
            points("ratio", "Ratio"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
        ),
        rows=tuple(_ratio_row(entry, gap) for entry in raters for gap in _gaps(entry)),
        notes=tuple(_ratio_notes(item, raters)),
        main=False,
    )


def _ratio_row(entry: RaterGroupAccuracy, gap: AccuracyGap) -> tuple[Cell, ...]:
    groups = {group.level: group for group in entry.groups}
    first, second = groups[gap.group], groups[gap.reference]
    if gap.label is None:
        shares = (first.correct, second.correct)
    else:
        of_label = [{label.label: label.correct for label in group.labels} for group in (first, second)]
        shares = (of_label[0][gap.label], of_label[1][gap.label])
    return (
        entry.rater,
        f"{gap.group} / {gap.reference}",
        gap.label or ALL,
        *shares,
        gap.ratio,
        p_of(gap.test),
        adjusted(gap.holm),
    )


def _ratio_notes(item: ItemGroupAccuracy, raters: Sequence[RaterGroupAccuracy]) -> Iterator[str]:
    yield (
        "Ratio = accuracy of the first group over that of the second; below 1 the rater is right less often about the "
        "first. p: of equal accuracies. Over all labels each label weighs alike, the interval is a bootstrap's, and p "
        "a t test of the difference with a cluster-robust standard error (CR2)."
    )
    tests = [gap.test for entry in raters for gap in _gaps(entry) if gap.label is not None]
    methods = [test.method for test in tests if isinstance(test, TestResult)]
    if any(method.startswith("N - 1") for method in methods):
        yield "Within a label: score interval (Miettinen-Nurminen) and N − 1 chi-squared test, which agree."
    if any(not method.startswith("N - 1") for method in methods):
        yield "Where an identity has several images of a label, interval and p are those of over all labels."
    yield (
        f"Holm corrects over {counted(item.family_size, 'test')} over all labels, and apart from them over "
        f"{counted(item.label_family_size, 'test')} within labels. An accuracy that differs may be a "
        "response bias: see d' and the criterion."
    )


def _detection(item: ItemGroupAccuracy, raters: Sequence[RaterGroupAccuracy]) -> Table:
    return Table(
        id=slug("detection-groups", item.item),
        title=f"{heading(item.item)}: seeing a label (d') and answering it (criterion), by group",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("groups", "Groups"),
            stub("label", "Label"),
            points("d_first", "First", interval=False),
            points("d_second", "Second", interval=False),
            points("d_gap", "Difference"),
            points("c_first", "First", interval=False),
            points("c_second", "Second", interval=False),
            points("c_gap", "Difference"),
        ),
        rows=tuple(_detection_row(entry, gap) for entry in raters for gap in _gaps(entry) if gap.label is not None),
        notes=(
            "d' = how well images of the label are told from all others, in SD units; criterion = how seldom it is "
            "answered: above 0 too seldom, below 0 too readily. Log-linear correction of 0 and 1. Differences are "
            "first minus second; intervals resample who is shown, large-sample where a rate is 0 or 1. A difference in "
            "criterion without one in d' is a response bias. Not tested, so not corrected.",
        ),
        spanners=(
            Spanner("d'", ("d_first", "d_second", "d_gap")),
            Spanner("Criterion", ("c_first", "c_second", "c_gap")),
        ),
        main=False,
    )


def _detection_row(entry: RaterGroupAccuracy, gap: AccuracyGap) -> tuple[Cell, ...]:
    seen = {(group.level, label.label): label for group in entry.groups for label in group.labels}
    first, second = seen[gap.group, gap.label or ALL], seen[gap.reference, gap.label or ALL]
    of_d = (first.d_prime, second.d_prime, gap.d_prime)
    of_criterion = (first.criterion, second.criterion, gap.criterion)
    return (entry.rater, f"{gap.group} − {gap.reference}", gap.label, *of_d, *of_criterion)


def _pathways(item: ItemGroupAccuracy, raters: Sequence[RaterGroupAccuracy]) -> Table:
    return Table(
        id=slug("pathways-groups", item.item),
        title=f"{heading(item.item)}: the most frequent errors in each group",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("group", "Group"),
            stub("pathway", "Intended → answered"),
            share("of_errors", "Of the group's errors"),
            share("of_label", "Of the label's images"),
        ),
        rows=tuple(
            (entry.rater, group.level, f"{path.truth} → {path.answer}", path.of_errors, path.of_truth)
            for entry in raters
            for group in entry.groups
            for path in group.pathways[:MOST_PATHWAYS]
        ),
        notes=(f"Up to {MOST_PATHWAYS} a group, largest first. Of the label's images = of those in the group.",),
        main=False,
    )


def _gaps(entry: RaterGroupAccuracy) -> tuple[AccuracyGap, ...]:
    return () if isinstance(entry.gaps, Skipped) else entry.gaps
