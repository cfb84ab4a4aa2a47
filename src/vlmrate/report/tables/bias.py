"""Where a rater rates above or below people, per emotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.asked import ALL
from vlmrate.report.table import Part, Spanner, Table, bounded, count, p_value, points, section, stub
from vlmrate.report.tables.corrected import adjusted, p_of
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped, TestResult
from vlmrate.stats.signed_rank import CLUSTERED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.bias import EmotionBias, ItemBias, RaterBias
    from vlmrate.report.table import Cell


def bias_tables(analysis: Analysis) -> Iterator[Table]:
    """A table an item with a scale that people rated."""
    if isinstance(analysis.bias, Skipped):
        return
    for item in analysis.bias:
        if not isinstance(item.raters, Skipped):
            yield _table(item, item.raters)


def _table(item: ItemBias, raters: Sequence[RaterBias]) -> Table:
    return Table(
        id=slug("bias", item.item),
        title=f"{heading(item.item)}: bias per emotion, in scale points",
        part=Part.BIAS,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            count("n", "n"),
            points("mean", "rater"),
            points("people_mean", "people"),
            points("bias", "Bias"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            p_value("p_bonferroni", "p Bonferroni"),
            bounded("rank_biserial", "Rank-biserial", interval=False, terminal=False),
            points("d_z", "d_z", interval=False, terminal=False),
        ),
        rows=tuple(row for rater in raters for row in _rows(rater)),
        spanners=(Spanner("Mean", ("mean", "people_mean")),),
        notes=(
            "Bias = rater − mean of people, averaged over images; each emotion is tested for itself against 0, not "
            "against another emotion.",
            f"p: {_method(raters)}, two-sided. Holm and Bonferroni correct over {_tests(item.family_size)} of them.",
            "The interval is of the mean, p of the ranks: near the border one may leave out 0 and the other not.",
            f"All images: t test of the mean{_clustered(raters)}, two-sided; Holm corrects over "
            f"{_tests(item.overall_family_size)} of all images. Its mean weighs every image the same.",
            f"Effect sizes (rank-biserial, d_z) with their intervals are in {slug('bias', item.item)}.csv.",
        ),
    )


def _method(raters: Sequence[RaterBias]) -> str:
    """The test in words: images of who is shown several times in an emotion are not taken for independent."""
    rows = [row for rater in raters if not isinstance(rater.emotions, Skipped) for row in rater.emotions]
    methods = [row.bias.wilcoxon.method for row in rows if isinstance(row.bias.wilcoxon, TestResult)]
    if not any(method.startswith(CLUSTERED) for method in methods):
        return "Wilcoxon signed-rank test"
    return (
        "signed-rank test over images; where an emotion shows someone several times, the signs of all images of one "
        "identity turn together (Rosner, Glynn & Lee 2006), else Wilcoxon's"
    )


def _clustered(raters: Sequence[RaterBias]) -> str:
    tests = [rater.overall_test for rater in raters]
    clustered = any(isinstance(test, TestResult) and "CR2" in test.method for test in tests)
    return ", standard error over identities" if clustered else ""


def _tests(size: int) -> str:
    return f"the {size} tests" if size != 1 else "the one test"


def _rows(rater: RaterBias) -> Iterator[tuple[Cell, ...]]:
    if not isinstance(rater.emotions, Skipped):
        for emotion in rater.emotions:
            yield _row(rater.rater, emotion)
    n = None if isinstance(rater.overall, Skipped) else rater.overall.n
    tested = p_of(rater.overall_test), adjusted(rater.overall_holm)
    yield (rater.rater, ALL, n, None, None, rater.overall, *tested, *[None] * 3)


def _row(rater: str, emotion: EmotionBias) -> tuple[Cell, ...]:
    bias = emotion.bias
    return (
        rater,
        emotion.emotion,
        bias.n,
        bias.model_mean,
        bias.human_mean,
        bias.mean_bootstrap,
        p_of(bias.wilcoxon),
        adjusted(emotion.holm),
        adjusted(emotion.bonferroni),
        bias.rank_biserial,
        bias.d_z,
    )
