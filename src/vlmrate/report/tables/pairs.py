"""Which of two raters is right more often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, p_value, stub
from vlmrate.report.tables.naming import counted, heading, slug
from vlmrate.stats import Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.pairs import ItemPairs, RaterPair
    from vlmrate.report.table import Cell


def pair_tables(analysis: Analysis) -> Iterator[Table]:
    """A table an item with intended labels that two raters answered."""
    if isinstance(analysis.pairs, Skipped):
        return
    for item in analysis.pairs:
        if not isinstance(item.raters, Skipped):
            yield _table(item, item.raters)


def _table(item: ItemPairs, pairs: tuple[RaterPair, ...]) -> Table:
    return Table(
        id=slug("pairs", item.item),
        title=f"{heading(item.item)}: pairs of raters, who is right more often",
        part=Part.COMPARISON,
        columns=(
            stub("first", "First"),
            stub("second", "Second"),
            count("n", "n"),
            count("only_first", "only first"),
            count("only_second", "only second"),
            count("both", "both"),
            count("neither", "neither"),
            bounded("difference", "Difference"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
        ),
        rows=tuple(_row(pair) for pair in pairs),
        notes=(
            "Images that both rated, by who gave the intended label; an invalid answer is an error. Difference = "
            "accuracy of the first minus that of the second.",
            f"p: McNemar's test, two-sided, exact below 25 images that only one has right. Holm corrects over "
            f"{counted(item.family_size, 'test')} here.",
        ),
        spanners=(Spanner("Images that are right in", ("only_first", "only_second", "both", "neither")),),
        main=False,
    )


def _row(pair: RaterPair) -> tuple[Cell, ...]:
    told = pair.mcnemar
    return (
        told.first,
        told.second,
        pair.n,
        told.only_first,
        told.only_second,
        told.both_right,
        told.both_wrong,
        pair.accuracy,
        told.test.p_value if isinstance(told.test, TestResult) else told.test,
        pair.holm if isinstance(pair.holm, Skipped) else pair.holm.p_adjusted,
    )
