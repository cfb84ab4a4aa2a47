"""Scores against the intended label, scores a label, confusion and error pathways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.apa import bounded as written
from vlmrate.report.table import Part, Spanner, Table, bounded, count, section, share, stub, text
from vlmrate.report.tables.naming import column_names, heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.classification import ItemClassification, RaterClassification
    from vlmrate.report.table import Cell
    from vlmrate.stats import Outcome

MOST_PATHWAYS = 6
"""Error pathways shown a rater; the others are in the confusion matrix."""


def classification_tables(analysis: Analysis) -> Iterator[Table]:
    """The tables of each item with intended labels."""
    if isinstance(analysis.classification, Skipped):
        return
    for item in analysis.classification:
        if isinstance(item.raters, Skipped):
            continue
        yield _overall(analysis, item, item.raters)
        yield _by_label(item, item.raters)
        yield _scores(item, item.raters)
        yield _confusion(item, item.raters)
        yield _pathways(item, item.raters)


def _overall(analysis: Analysis, item: ItemClassification, raters: Sequence[RaterClassification]) -> Table:
    kinds = {run.name: {s.name: s.value for s in run.settings} for run in analysis.runs}
    return Table(
        id=slug("classification", item.item),
        title=f"{heading(item.item)}: agreement with the intended label",
        part=Part.CLASSIFICATION,
        columns=(
            stub("rater", "Rater"),
            count("n", "n"),
            bounded("accuracy", "Accuracy"),
            bounded("macro_f1", "Macro-F1"),
            bounded("kappa", "Kappa"),
            bounded("accuracy_valid", "Accuracy, valid answers only", interval=False),
            bounded("balanced_accuracy", "Balanced accuracy", terminal=False),
            text("type", "Type", terminal=False),
            text("parameters", "Parameters", terminal=False),
        ),
        rows=tuple(
            (*_overall_row(entry), kinds[entry.rater].get("kind"), kinds[entry.rater].get("parameters"))
            for entry in raters
        ),
        notes=(
            "Ranked by Cohen's kappa. n = images rated; every one of them counts, an invalid answer is an error.",
            f"Macro-F1 (and balanced accuracy) = mean over the {len(item.labels)} declared labels. "
            "Valid answers only = over the images with a valid answer.",
            *_kappa_notes(item, raters),
        ),
    )


def _overall_row(entry: RaterClassification) -> tuple[Cell, ...]:
    scores = entry.scores
    if isinstance(scores, Skipped):
        return (entry.rater, entry.images, *[scores] * 5)
    estimates = (scores.accuracy, scores.macro_f1, scores.kappa, scores.accuracy_valid, scores.balanced_accuracy)
    return (entry.rater, scores.n, *estimates)


def _kappa_notes(item: ItemClassification, raters: Sequence[RaterClassification]) -> Iterator[str]:
    """In a balanced design kappa follows from accuracy; a pair that breaks this comes from some other computation."""
    checks = {entry.rater: entry.kappa_check for entry in raters if not isinstance(entry.kappa_check, Skipped)}
    k = len(item.labels)
    for rater, check in checks.items():
        if not check.holds:
            yield (
                f"{rater}: kappa {written(check.observed)} is not the {written(check.expected)} "
                "that its accuracy implies in a balanced design."
            )
    if checks and all(check.holds for check in checks.values()):
        whose = "every kappa" if len(checks) == len(raters) else f"kappa of {', '.join(checks)}"
        chance = f"1/{k}"
        if any(not isinstance(e.scores, Skipped) and e.scores.n_valid < e.scores.n for e in raters):
            chance = f"v/{k}"
        implied = f"(accuracy − {chance}) / (1 − {chance})"
        valid = ", v being the share of valid answers" if chance.startswith("v") else ""
        yield f"Checked: labels are balanced, and {whose} is what accuracy implies, {implied}{valid}."


def _by_label(item: ItemClassification, raters: Sequence[RaterClassification]) -> Table:
    named = zip(column_names("label", item.labels), item.labels, strict=True)
    return Table(
        id=slug("accuracy", item.item),
        title=f"{heading(item.item)}: accuracy per intended label",
        part=Part.CLASSIFICATION,
        columns=(
            stub("rater", "Rater"),
            *(bounded(name, label, interval=False) for name, label in named),
        ),
        rows=tuple((entry.rater, *_recalls(entry, item.labels)) for entry in raters),
        notes=(
            "Share of the images of a label that the rater answered with it (recall). "
            f"Intervals, precision and F1 are in {slug('scores', item.item)}.csv.",
        ),
    )


def _recalls(entry: RaterClassification, labels: Sequence[str]) -> tuple[Outcome, ...]:
    if isinstance(entry.scores, Skipped):
        return (entry.scores,) * len(labels)
    return tuple(label.recall for label in entry.scores.labels)


def _scores(item: ItemClassification, raters: Sequence[RaterClassification]) -> Table:
    return Table(
        id=slug("scores", item.item),
        title=f"{heading(item.item)}: recall, precision and F1 per label",
        part=Part.CLASSIFICATION,
        columns=(
            section("rater", "Rater"),
            stub("label", "Label"),
            count("images", "Images"),
            count("answers", "Answers"),
            bounded("recall", "Recall"),
            bounded("precision", "Precision"),
            bounded("f1", "F1"),
        ),
        rows=tuple(
            (entry.rater, label.label, label.n_truth, label.n_answers, label.recall, label.precision, label.f1)
            for entry in raters
            if not isinstance(entry.scores, Skipped)
            for label in entry.scores.labels
        ),
        notes=("Images = images of the label; answers = images answered with it.",),
        main=False,
    )


def _confusion(item: ItemClassification, raters: Sequence[RaterClassification]) -> Table:
    answers = raters[0].confusion.answers
    return Table(
        id=slug("confusion", item.item),
        title=f"{heading(item.item)}: intended label (rows) by answer (columns), images",
        part=Part.CLASSIFICATION,
        columns=(
            section("rater", "Rater"),
            stub("intended", "Intended"),
            *(count(name, answer) for name, answer in zip(column_names("answer", answers), answers, strict=True)),
            count("n", "n"),
        ),
        rows=tuple(
            (entry.rater, label, *counts, sum(counts))
            for entry in raters
            for label, counts in zip(entry.confusion.labels, entry.confusion.counts, strict=True)
        ),
        notes=("invalid = no answer, one that could not be read, or none of the labels offered.",),
        main=False,
    )


def _pathways(item: ItemClassification, raters: Sequence[RaterClassification]) -> Table:
    return Table(
        id=slug("pathways", item.item),
        title=f"{heading(item.item)}: the most frequent errors",
        part=Part.CLASSIFICATION,
        columns=(
            section("rater", "Rater"),
            stub("pathway", "Intended → answered"),
            share("of_errors", "Of all errors"),
            share("of_label", "all images"),
            share("of_label_valid", "valid answers only"),
        ),
        rows=tuple(
            (
                entry.rater,
                f"{pathway.truth} → {pathway.answer}",
                pathway.of_errors,
                pathway.of_truth,
                # An invalid answer is no share of the valid ones: the column does not apply.
                None if isinstance(pathway.of_truth_valid, Skipped) else pathway.of_truth_valid,
            )
            for entry in raters
            for pathway in entry.pathways[:MOST_PATHWAYS]
        ),
        notes=(
            f"Up to {MOST_PATHWAYS} a rater, largest first; the confusion table has all. Of the intended label = "
            "how many of its images went this way: of all, and of those with a valid answer.",
        ),
        spanners=(Spanner("Of the intended label", ("of_label", "of_label_valid")),),
        main=False,
    )
