"""What `vlmrate check` does: make a baseline, check against one, or draw the history of checks."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vlmrate.check.allow import parse_allow, refuse_unknown
from vlmrate.check.baseline import baseline_file, read_baseline, write_baseline
from vlmrate.check.find import Place, place_of
from vlmrate.check.gate import Against, judge, refuse_misfit, subset_of
from vlmrate.check.history import append, entry_of, read_history, tracked
from vlmrate.check.make import make_baseline
from vlmrate.check.records import Limits
from vlmrate.check.rerate import rerate
from vlmrate.check.subset import choose
from vlmrate.check.verdict import exit_code
from vlmrate.check.write import clear, write_outcome
from vlmrate.cli.check_table import print_baseline, print_history, print_outcome
from vlmrate.cli.progress import reporter
from vlmrate.errors import CheckError
from vlmrate.inference.prepare import Wishes, prepare
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.check.outcome import Outcome
    from vlmrate.check.verdict import Mode
    from vlmrate.inference.job import Job

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable by which GitHub names the file of a step's summary."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks of `vlmrate check`; None where the baseline, the study or the model decides."""

    wishes: Wishes
    baseline: Path | None = None
    images: int | None = None
    mode: Mode | None = None
    allow: tuple[str, ...] = ()
    cached: bool = False
    strict: bool = False
    fail_undecided: bool = False
    explain: bool = False
    history_file: Path | None = None
    output: Path | None = None
    as_json: bool = False


def check_rater(request: Request, *, update: bool, history: bool) -> int:
    """Carry out what is asked and return the exit code.

    Raises:
        VlmrateError: It cannot be done; nothing is taken for passed then.
    """
    if update and history:
        raise CheckError("--update makes a baseline and --history draws what checks found; name one of them")
    if request.images is not None and not update:
        raise CheckError("--images says how large a new baseline's subset is; give it with --update")
    console = Console(highlight=False, emoji=False, stderr=request.as_json)
    if request.output is not None and not (update or history):
        clear(request.output)
    place = place_of(request.wishes, request.baseline, update=update)
    if history:
        return _draw(request, place, console)
    return _update(request, place, console) if update else _check(request, place, console)


def _prepared(wishes: Wishes, console: Console) -> Job:
    jobs = prepare(wishes, lambda words: console.print(escape(words), soft_wrap=True))
    if len(jobs) > 1:
        raise CheckError("a check is of one protocol; name one after --protocol")
    return jobs[0]


def _update(request: Request, place: Place, console: Console) -> int:
    allow = parse_allow(request.allow)
    stimuli, chosen = choose(place.study, request.images, request.wishes.seed)
    job = _prepared(place.wishes, console)
    with reporter(console) as report:
        rated = rerate(job, stimuli, report, cached=request.cached)
    baseline = make_baseline(job, stimuli, rated, chosen, Limits(allow=allow), place.model)
    refuse_unknown(allow, baseline.metrics)
    file = request.baseline or baseline_file(job.study, job.rater_name, job.protocol.name)
    write_baseline(file, baseline)
    if request.as_json:
        sys.stdout.write(file.read_text(encoding="utf-8"))
    print_baseline(console, read_baseline(file), file)
    return 0


def _check(request: Request, place: Place, console: Console) -> int:
    folder = request.output or place.output
    clear(folder)
    against = Against(read_baseline(place.file), place.file.name)
    allow = parse_allow(request.allow)
    refuse_unknown(allow, against.baseline.metrics)
    stimuli = subset_of(place.study, against.baseline, shown(place.file))
    job = _prepared(place.wishes, console)
    refuse_misfit(job, against.baseline, shown(place.file))
    with reporter(console) as report:
        rated = rerate(job, stimuli, report, cached=request.cached)
    outcome = judge(job, against, rated, request.mode, allow)
    history = request.history_file or folder / "history.jsonl"
    append(history, entry_of(outcome, against.baseline.metrics))
    written = write_outcome(
        folder,
        outcome,
        stimuli,
        tracked(read_history(history)),
        strict=request.strict,
        fail_undecided=request.fail_undecided,
        summary=os.environ.get(SUMMARY),
    )
    _tell(request, console, outcome, folder, written)
    return exit_code(outcome.rows, strict=request.strict, fail_undecided=request.fail_undecided)


def _tell(request: Request, console: Console, outcome: Outcome, folder: Path, written: tuple[Path, ...]) -> None:
    if request.as_json:
        sys.stdout.write(outcome.model_dump_json(indent=1) + "\n")
    print_outcome(console, outcome, explain=request.explain)
    names = ", ".join(path.name for path in written)
    console.print(escape(f"Written to {shown(folder)}: {names}."), soft_wrap=True)


def _draw(request: Request, place: Place, console: Console) -> int:
    from vlmrate.check.figure import save_history

    folder = request.output or place.output
    entries = read_history(request.history_file or folder / "history.jsonl")
    series = tracked(entries)
    print_history(console, entries, series)
    folder.mkdir(parents=True, exist_ok=True)
    written = save_history(folder, series)
    console.print(escape(f"Drawn in {', '.join(map(shown, written))}."), soft_wrap=True)
    return 0
