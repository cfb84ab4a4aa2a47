"""How far a run is: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from vlmrate.inference.job import Progress

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def reporter(console: Console, what: str = "ratings") -> Iterator[Callable[[Progress], None]]:
    """A function to be told of every step of a run; `what` a run makes is what it counts."""
    if console.is_terminal:
        with _bar(console) as bar:
            yield _on_bar(bar)
    else:
        yield _as_lines(console, what)


def _bar(console: Console) -> Bar:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"), TimeRemainingColumn())
    return Bar(*columns, TextColumn("left {task.fields[trouble]}"), console=console, transient=True)


def _on_bar(bar: Bar) -> Callable[[Progress], None]:
    task = bar.add_task("rating", total=None, pace="", trouble="")

    def report(progress: Progress) -> None:
        done = progress.already_rated + progress.rated + progress.failed
        bar.update(task, total=progress.total, completed=done, pace=_pace(progress), trouble=_trouble(progress))
        _print_failure(bar.console, progress)

    return report


def _as_lines(console: Console, what: str) -> Callable[[Progress], None]:
    last = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal last
        _print_failure(console, progress)
        now = time.monotonic()
        if progress.left and now - last >= SECONDS_BETWEEN_LINES:
            last = now
            done = progress.total - progress.left
            console.print(f"{done:,} of {progress.total:,} {what}, {_pace(progress)}, {_time_left(progress)}")

    return report


def _print_failure(console: Console, progress: Progress) -> None:
    if progress.failure is not None:
        failure = progress.failure
        console.print(f"failed: {escape(failure.image_id)}: {escape(failure.message)}", soft_wrap=True)


def _tried(progress: Progress) -> int:
    return progress.rated + progress.failed


def _pace(progress: Progress) -> str:
    return f"{progress.seconds / _tried(progress):.2f} s each" if _tried(progress) else ""


def _time_left(progress: Progress) -> str:
    seconds = round(progress.left * progress.seconds / _tried(progress)) if _tried(progress) else 0
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02} left"


def _trouble(progress: Progress) -> str:
    words = [f"{progress.failed:,} failed"] if progress.failed else []
    words += [f"{progress.invalid_answers:,} unreadable"] if progress.invalid_answers else []
    return escape(f"({', '.join(words)})") if words else ""
