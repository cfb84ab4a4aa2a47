"""How long raters reason, what thinking changes, and how it goes with the time that people take."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, p_value, points, section, share, stub, text
from vlmrate.report.tables.corrected import adjusted, p_of
from vlmrate.report.tables.naming import counted, heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.thinking_pairs import ItemLabelEffects, LabelEffect, ThinkingPair
    from vlmrate.analysis.thinking_traces import RaterTraces, TraceLength
    from vlmrate.report.table import Cell

MINUS = "Differences are first minus second, on the images that both rated; the first thinks, or may think longer."


def thinking_tables(analysis: Analysis) -> Iterator[Table]:
    """Lengths of reasoning, thinking on against off in labels and in numbers, and people's response times."""
    told = analysis.thinking
    if isinstance(told, Skipped):
        return
    if not isinstance(told.raters, Skipped):
        yield _lengths(told.raters)
    if not isinstance(told.pairs, Skipped):
        yield from _label_tables(told.pairs)
        yield _scales(told.pairs)
    if not isinstance(told.raters, Skipped):
        yield _times(told.raters)


def _lengths(raters: Sequence[RaterTraces]) -> Table:
    return Table(
        id="thinking-length",
        title="Raters that think: tokens of reasoning an image",
        part=Part.COMPARISON,
        columns=(
            section("rater", "Rater"),
            stub("level", "Images"),
            text("thinking", "Thinking"),
            count("budget", "Budget"),
            points("mean", "Mean"),
            points("median", "Median"),
            share("reasoned", "Reasoned at all"),
            share("spent", "Budget spent"),
        ),
        rows=tuple((rater.rater, *_length_row(rater, length)) for rater in raters for length in rater.lengths),
        notes=(
            "Tokens of reasoning of all prompts of an image together, the mean over repeats. Thinking and budget "
            "(tokens a prompt) as set: where thinking is off, what is told is the reasoning that remained.",
            "Budget spent = prompts whose reasoning took all of it and was cut.",
        ),
        main=False,
    )


def _length_row(rater: RaterTraces, length: TraceLength) -> tuple[Cell, ...]:
    return (length.level, rater.thinking, rater.budget, length.mean, length.median, length.reasoned, length.spent)


def _label_tables(pairs: Sequence[ThinkingPair]) -> Iterator[Table]:
    effects = [(effect.item, pair, effect) for pair in pairs for effect in pair.labels]
    effects.sort(key=lambda entry: entry[0])
    for item, of_item in groupby(effects, key=lambda entry: entry[0]):
        yield _labels(item, [(pair, effect) for _, pair, effect in of_item])


def _labels(item: str, effects: Sequence[tuple[ThinkingPair, ItemLabelEffects]]) -> Table:
    sizes = sorted({effect.family_size for _, effect in effects})
    return Table(
        id=slug("thinking", item),
        title=f"{heading(item)}: thinking on against off",
        part=Part.COMPARISON,
        columns=(
            section("pair", "Pair"),
            stub("level", "Images"),
            share("first", "First right"),
            share("second", "Second right"),
            count("only_first", "only first"),
            count("only_second", "only second"),
            bounded("difference", "Difference"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
        ),
        rows=tuple(
            (f"{pair.first} − {pair.second}", *_label_row(level)) for pair, effect in effects for level in effect.levels
        ),
        notes=(
            f"{MINUS} Images by their intended label; an invalid answer is an error.",
            "p: McNemar's test, two-sided, exact below 25 images that only one has right. Holm corrects over the "
            f"labels of a pair ({', '.join(counted(size, 'test') for size in sizes)}); the row over all images is not "
            "among them.",
        ),
        spanners=(Spanner("Right in", ("only_first", "only_second")),),
    )


def _label_row(effect: LabelEffect) -> tuple[Cell, ...]:
    corrected = None if isinstance(effect.holm, Skipped) else adjusted(effect.holm)
    return (
        effect.level,
        effect.first,
        effect.second,
        effect.only_first,
        effect.only_second,
        effect.difference,
        p_of(effect.test),
        corrected,
    )


def _scales(pairs: Sequence[ThinkingPair]) -> Table:
    return Table(
        id="thinking-scales",
        title="Thinking on against off: agreement with people's means",
        part=Part.COMPARISON,
        columns=(
            section("pair", "Pair"),
            stub("item", "Item"),
            count("n", "n"),
            bounded("r", "Difference in r"),
            points("mae", "Difference in MAE"),
        ),
        rows=tuple(
            (f"{pair.first} − {pair.second}", scale.item, scale.n, scale.r, scale.mae)
            for pair in pairs
            for scale in pair.scales
        ),
        notes=(f"{MINUS} A negative difference in MAE says that the first is nearer to people.",),
        main=False,
    )


def _times(raters: Sequence[RaterTraces]) -> Table:
    rows = [
        (rater.rater, relation.level, None if isinstance(relation.rho, Skipped) else relation.rho.n, relation.rho)
        for rater in raters
        if not isinstance(rater.times, Skipped)
        for relation in rater.times
    ]
    return Table(
        id="thinking-times",
        title="Length of reasoning and people's response times",
        part=Part.COMPARISON,
        columns=(
            section("rater", "Rater"),
            stub("level", "Images"),
            count("n", "n"),
            bounded("rho", "Spearman rho"),
        ),
        rows=tuple(rows),
        notes=(
            "Tokens of reasoning an image beside the median response time of people, over images. Within emotions = "
            "each image ranked among those of its emotion, all emotions pooled.",
        ),
        main=False,
    )
