"""The bias profile: where each rater is off, furthest first, and the differences between groups that hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, count, p_value, points, section, stub, text
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.profile import ItemProfile, RaterProfile


def profile_tables(analysis: Analysis) -> Iterator[Table]:
    """The differences between groups that hold, over all items, then a table an item with a scale."""
    if isinstance(analysis.profile, Skipped):
        return
    told = [(item, item.raters) for item in analysis.profile if not isinstance(item.raters, Skipped)]
    if any(rater.tested for _, raters in told for rater in raters):
        yield _differences(told)
    for item, raters in told:
        yield _profile(item, raters)


def _differences(told: Sequence[tuple[ItemProfile, Sequence[RaterProfile]]]) -> Table:
    rows = tuple(
        (
            rater.rater,
            item.item,
            f"{held.group} − {held.reference}",
            held.factor,
            held.bias,
            held.percent,
            held.p_adjusted,
            held.family_size,
        )
        for item, raters in told
        for rater in raters
        for held in rater.differences
    )
    tested = sum(rater.tested for _, raters in told for rater in raters)
    found = f"{len(rows)} of {tested:,} differences hold" if rows else f"None of {tested:,} differences holds"
    return Table(
        id="bias-groups-held",
        title="Differences in bias between groups that hold after correction",
        part=Part.GROUPS,
        columns=(
            stub("rater", "Rater"),
            stub("item", "Item"),
            stub("groups", "Groups"),
            text("factor", "Factor", terminal=False),
            points("bias", "Bias"),
            points("percent", "% of the range", interval=False),
            p_value("p_holm", "p Holm"),
            count("tests", "Tests"),
        ),
        rows=rows,
        notes=(
            f"{found} after Holm's correction over an item's tests. Bias = (rater − people) in the first group minus "
            "the same in the second, in scale points, largest first for each rater.",
        ),
    )


def _profile(item: ItemProfile, raters: Sequence[RaterProfile]) -> Table:
    return Table(
        id=slug("profile", item.item),
        title=f"{heading(item.item)}: bias profile",
        part=Part.GROUPS,
        columns=(
            section("rater", "Rater"),
            stub("where", "Where"),
            text("factor", "Factor", terminal=False),
            points("bias", "Bias"),
            points("centred", "Beyond its own bias"),
            points("percent", "% of the range", interval=False),
            count("n", "n"),
        ),
        rows=tuple(
            (rater.rater, entry.level, entry.factor, entry.bias, entry.centred, entry.percent, entry.n)
            for rater in raters
            for entry in rater.entries
        ),
        notes=(
            "Bias = rater − people, in scale points. Beyond its own bias: of an emotion, less the mean over emotions; "
            "of a group, less everyone's bias in the same emotions, mean over emotions; the furthest first. % of the "
            f"range = that in per cent of the scale's {item.scale_range} points. Intervals resample who is shown; the "
            "rows are no tests.",
        ),
        main=False,
    )
