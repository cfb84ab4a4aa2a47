"""What a check found, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from vlmrate.apa import decimal, p_value
from vlmrate.check.ewma import LEAST, sparkline
from vlmrate.check.history import verdicts
from vlmrate.check.markdown import WORDS, flips_told
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from vlmrate.check.history import Entry, Tracked
    from vlmrate.check.outcome import Outcome
    from vlmrate.check.records import Baseline
    from vlmrate.check.verdict import Row

_COLOURS = {"pass": "green", "undecided": "yellow", "changed": "yellow", "regressed": "red"}


def print_baseline(console: Console, baseline: Baseline, file: Path) -> None:
    """Say what a new baseline holds."""
    chosen = baseline.chosen
    cells = f"{chosen.cells:,} cells ({' x '.join(chosen.factors)})" if chosen.factors else "no factors"
    size = file.stat().st_size / 1000
    console.print(
        escape(f"Baseline of {baseline.rater}: {chosen.images:,} images of {cells}, seed {chosen.seed}."),
        soft_wrap=True,
    )
    for metric in baseline.metrics:
        if metric.level is None:
            interval = f"[{decimal(metric.low, 3)}, {decimal(metric.high, 3)}]"
            console.print(escape(f"  {metric.name}: {decimal(metric.value, 3)} {interval}"))
    console.print(
        escape(f"Written to {shown(file)} ({size:.0f} kB); commit it with the code it guards."), soft_wrap=True
    )


def print_outcome(console: Console, outcome: Outcome, *, explain: bool) -> None:
    """The table of rows, what differs (with `explain`), and the verdict last, where eyes end up."""
    where = f"{outcome.images:,} images against {outcome.baseline}"
    stored = f", {outcome.from_store:,} of them from stored ratings" if outcome.from_store else ""
    console.print(escape(f"{outcome.rater}: {where}{stored}. Mode {outcome.mode}: {outcome.why}."), soft_wrap=True)
    if outcome.simulated_people:
        console.print("The people of this study are simulated.")
    console.print(_rows(outcome, every=explain))
    if explain:
        _explain(console, outcome)
    elif outcome.differs and outcome.verdict != "pass":
        names = ", ".join(entry.what for entry in outcome.differs)
        console.print(escape(f"Not as in the baseline: {names}; --explain tells more."), soft_wrap=True)
    colour = _COLOURS[outcome.verdict]
    console.print(f"[bold {colour}]{outcome.verdict}[/]: {WORDS[outcome.verdict]}", soft_wrap=True)
    if outcome.mode == "exact" and outcome.verdict == "regressed":
        console.print("Whether the change matters is asked with --mode statistical or --mode tolerance.")


def _rows(outcome: Outcome, *, every: bool) -> Table:
    """Rows over all images, and of groups those in which something was found; all with `every`."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("", "What", "Found", "Limit, or what could be shown"):
        table.add_column(column, overflow="fold")
    table.add_column("p (Holm)", justify="right", no_wrap=True)
    for row in outcome.rows:
        if every or not row.aside:
            table.add_row(_word(row), *map(escape, (row.name, row.finding, row.limit, _p(row))))
    return table


def _word(row: Row) -> str:
    return "told" if row.verdict is None else f"[{_COLOURS[row.verdict]}]{row.verdict}[/]"


def _p(row: Row) -> str:
    return "" if row.p is None else p_value(row.p)


def _explain(console: Console, outcome: Outcome) -> None:
    if outcome.differs:
        console.print("How it was rated differs in:")
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in ("", "Baseline", "Now"):
            table.add_column(column, overflow="fold")
        for entry in outcome.differs:
            table.add_row(escape(entry.what), escape(entry.before), escape(entry.now))
        console.print(table)
    else:
        console.print("Nothing differs in how it was rated: recipe, prompts, versions and machine are the baseline's.")
    if outcome.most_changed:
        console.print(f"{outcome.changed_images:,} of {outcome.images:,} images changed; the most:")
    for image in outcome.most_changed:
        shift = "" if image.shift is None else f"greatest shift {image.shift:.4f}"
        told = "; ".join(filter(None, (flips_told(image), shift)))
        console.print(escape(f"  {image.image_id}: {told}"), soft_wrap=True)


def print_history(console: Console, entries: Sequence[Entry], series: Sequence[Tracked]) -> None:
    """A sparkline a metric, of the checks against the newest baseline; its average, and where that left its limits."""
    counts = ", ".join(f"{number:,} {verdict}" for verdict, number in verdicts(entries).items())
    console.print(f"{len(entries):,} checks from {entries[0].time[:10]} to {entries[-1].time[:10]}: {counts}.")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Metric", no_wrap=True)
    for column in ("Checks", "Baseline", "Last", "EWMA", "Limits", "Outside"):
        table.add_column(column, overflow="fold")
    for entry in series:
        table.add_row(*map(escape, _history_row(entry)))
    console.print(table)
    if series and not series[0].chart.low:
        console.print(f"Limits of the moving average need {LEAST} checks against one baseline.")


def _history_row(entry: Tracked) -> tuple[str, ...]:
    chart = entry.chart
    limits = f"{decimal(chart.low[-1], 3)} to {decimal(chart.high[-1], 3)}" if chart.low else ""
    outside = f"{len(chart.outside):,}, last {entry.times[chart.outside[-1]][:10]}" if chart.outside else ""
    numbers = (decimal(value, 3) for value in (chart.target, chart.values[-1], chart.averages[-1]))
    return (entry.name, sparkline(chart.values), *numbers, limits, outside)
