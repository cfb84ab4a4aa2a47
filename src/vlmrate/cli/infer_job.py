"""What `vlmrate infer` shows: what is asked of whom, how far it is, how it ended."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vlmrate.cli.progress import reporter
from vlmrate.inference.prepare import prepare
from vlmrate.inference.runner import run_all
from vlmrate.protocol.forced import conditions
from vlmrate.protocol.native import NATIVE
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from vlmrate.inference.job import Finished, Job
    from vlmrate.inference.prepare import Wishes

_EXIT = {"finished": 0, "interrupted": 130}


def rate(wishes: Wishes, *, as_json: bool) -> int:
    """Carry out a run and return the exit code: 0 done, 1 some images failed, 130 interrupted."""
    console = Console(highlight=False, stderr=as_json)
    jobs = prepare(wishes, lambda words: console.print(escape(words), soft_wrap=True))
    told: set[str] = set()
    for job in jobs:
        _announce(console, job, prompts=job.protocol.name not in told)
        told.add(job.protocol.name)
    if any(job.repeats > 1 and job.rater.settings.get("temperature") == 0 for job in jobs):
        console.print("Note: at temperature 0 every repeat is the same; above it answers vary.")
    if jobs[0].note:  # one model is behind all of them
        console.print(f"Note: {escape(jobs[0].rater_name)} {escape(jobs[0].note)}.")
    with _stop_on_interrupt() as should_stop, reporter(console) as report:
        finished = run_all(jobs, report=report, should_stop=should_stop)
    for job, ended in zip(jobs, finished, strict=True):
        _conclude(console, job, ended, alone=len(jobs) == 1)
    if len(jobs) > 1:
        _conclude_all(console, finished)
    if as_json:
        summaries = [_summary(job, ended) for job, ended in zip(jobs, finished, strict=True)]
        sys.stdout.write(json.dumps(summaries if len(jobs) > 1 else summaries[0], indent=2) + "\n")
    return _exit_code(finished)


def _exit_code(finished: Sequence[Finished]) -> int:
    status = finished[0].status
    return 1 if status == "finished" and any(ended.progress.failed for ended in finished) else _EXIT[status]


@contextmanager
def _stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C lets the image in hand be finished and stored; the second ends at once."""
    pressed: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if pressed:
            signal.default_int_handler(number, frame)
        pressed.append(number)
        sys.stderr.write("\nfinishing what is in hand; press Ctrl-C again to stop at once\n")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def _announce(console: Console, job: Job, *, prompts: bool) -> None:
    """Who rates what, and (where they were not told before) how the protocol asks."""
    study, protocol = job.study, job.protocol
    console.print(
        f"[bold]{escape(job.rater_name)}[/] rates {len(job.stimuli):,} images of study {escape(study.name)} "
        f"with protocol {escape(protocol.name)} (digest {protocol.digest[:12]})",
        soft_wrap=True,
    )
    if not prompts:
        return
    for line in _forced(job):
        console.print(line, soft_wrap=True)
    for number, step in enumerate(protocol.steps if protocol.name != NATIVE else (), start=1):
        console.print(f"  {number}. {escape(step.template.outline)}", soft_wrap=not console.is_terminal)


def _forced(job: Job) -> Iterator[str]:
    """What the protocol puts into the rater's mouth, and how often each image is asked for it."""
    for force in job.protocol.forces:
        told = "every valid answer in turn" if force.how == "each" else "a wrong label"
        yield f"Forced: {escape(force.item.name)} is carried as {told}, whatever the rater says."
    times = max(len(conditions(job.protocol, stimulus)) for stimulus in job.stimuli) * job.repeats
    if job.protocol.forces and times > 1:
        yield f"Every image is rated {times:,} times."


def _conclude_all(console: Console, finished: Sequence[Finished]) -> None:
    """How long all ways of asking took together: they ran image by image, so that none has a time of its own."""
    progress = reduce(add, (ended.progress for ended in finished))
    if progress.rated:
        pace = 1000 * progress.seconds / progress.rated
        console.print(f"All together: {progress.rated:,} ratings in {progress.seconds:.1f} s, {pace:.0f} ms each.")


def _conclude(console: Console, job: Job, finished: Finished, *, alone: bool) -> None:
    progress, cost = finished.progress, finished.progress.spent.cost
    folder = escape(shown(job.store.folder))
    if finished.set_aside is not None:
        console.print(f"Earlier ratings are now in {escape(shown(finished.set_aside))}.", soft_wrap=True)
    if progress.already_rated == progress.total:
        console.print(f"Nothing to do: all {progress.total:,} ratings are in {folder}.", soft_wrap=True)
        return
    pace = f", {1000 * progress.seconds / progress.rated:.0f} ms each" if progress.rated else ""
    took = f" in {progress.seconds:.1f} s{pace}" if alone else ""
    skipped = f", {progress.already_rated:,} were there already" if progress.already_rated else ""
    console.print(
        f"{progress.rated:,} ratings made{took}{skipped}; "
        f"{progress.failed:,} failed, {progress.invalid_answers:,} answers {_lacking(job)}"
        f"{'' if cost is None else f'; it cost {cost:.4f}'}.",
        soft_wrap=True,
    )
    if progress.failed:
        console.print(f"Failures are in {folder}/errors.jsonl; the same command tries them again.", soft_wrap=True)
    if finished.status == "interrupted":
        console.print(f"Interrupted with {progress.left:,} ratings left; the same command goes on.", soft_wrap=True)
    console.print(f"Ratings are in {folder}.", soft_wrap=True)


def _lacking(job: Job) -> str:
    """What is wrong with an answer without a value: of words that they could not be read."""
    return "are missing" if job.protocol.name == NATIVE else "could not be read"


def _summary(job: Job, finished: Finished) -> dict[str, str | int | float | None]:
    progress = finished.progress
    return {
        "status": finished.status,
        "study": job.study.name,
        "rater": job.rater_name,
        "protocol": job.protocol.name,
        "folder": str(job.store.folder),
        "total": progress.total,
        "already_rated": progress.already_rated,
        "rated": progress.rated,
        "failed": progress.failed,
        "invalid_answers": progress.invalid_answers,
        "attempts": progress.spent.attempts,
        "prompt_tokens": progress.spent.prompt_tokens,
        "answer_tokens": progress.spent.answer_tokens,
        "cost": progress.spent.cost,
        "seconds": round(progress.seconds, 3),
    }
