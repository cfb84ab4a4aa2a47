"""A run: ask about every image that is left, and store each rating the moment it is complete."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from vlmrate import machine
from vlmrate.errors import RunStoppedError, StoreError
from vlmrate.inference.files import exclusive
from vlmrate.inference.plan import plan_run
from vlmrate.inference.records import Failure, Manifest, Rating, Recipe, RunRecord
from vlmrate.inference.steps import asked_steps
from vlmrate.protocol.conduct import conduct
from vlmrate.study.faults import shown
from vlmrate.study.images import image_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from vlmrate.inference.plan import Plan, Task
    from vlmrate.inference.store import Store
    from vlmrate.protocol.conduct import Outcome
    from vlmrate.protocol.records import Protocol, Question
    from vlmrate.raters.base import Rater, Reply, View
    from vlmrate.study.records import Stimulus, Study

Status = Literal["finished", "interrupted", "stopped"]


@dataclass(frozen=True, slots=True)
class FailAfter:
    """When to give up: after `count` failed images, or when failures exceed `share` of the images asked for."""

    count: int | None = None
    share: float | None = None

    def reached(self, failed: int, total: int) -> bool:
        """Whether so many failures are too many."""
        by_count = self.count is not None and failed >= self.count
        return by_count or (self.share is not None and failed > self.share * total)


@dataclass(frozen=True, slots=True)
class Job:
    """All that a run needs: who rates what, how, and where it is stored.

    `arguments` are those of the command, as recorded in the manifest; `passed` names the ones that were given; `note`
    is what people should know of the model, `about` what is known of it for tables; `fresh` sets earlier
    ratings aside.
    """

    study: Study
    protocol: Protocol
    rater: Rater
    rater_name: str
    store: Store
    stimuli: tuple[Stimulus, ...]
    repeats: int = 1
    seed: int = 0
    fail_after: FailAfter = FailAfter()
    arguments: Mapping[str, str | int | float | bool | list[str] | None] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    note: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False

    @property
    def recipe(self) -> Recipe:
        """What must be equal between the ratings of one folder."""
        return Recipe(protocol_digest=self.protocol.digest, seed=self.seed, settings=self.rater.settings)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after a task, or (with no task) at its beginning."""

    total: int
    already_rated: int
    rated: int
    failed: int
    invalid_answers: int
    seconds: float
    failure: Failure | None = None

    @property
    def left(self) -> int:
        """Tasks not yet tried."""
        return self.total - self.already_rated - self.rated - self.failed


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended; `set_aside` is where earlier ratings were moved, if they were."""

    status: Status
    progress: Progress
    set_aside: Path | None = None


def _nothing(_: Progress) -> None:
    """Report to nobody."""


def _never() -> bool:
    return False


def run(
    job: Job, *, report: Callable[[Progress], None] = _nothing, should_stop: Callable[[], bool] = _never
) -> Finished:
    """Rate every image that is left; `should_stop` is asked between images.

    Raises:
        StoreError: Another process writes to the same folder, it holds ratings made in another way, or it cannot be
            written (a full disk: what is stored stays).
        RunStoppedError: Too many images failed.
    """
    try:
        return _run_locked(job, report, should_stop)
    except OSError as error:
        raise StoreError(
            f"{shown(job.store.folder)} cannot be written: {error.strerror or error}; every rating so far is stored, "
            "and the same command goes on"
        ) from error


def _run_locked(job: Job, report: Callable[[Progress], None], should_stop: Callable[[], bool]) -> Finished:
    job.store.folder.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(job.store.lock_file) as held:
        if not held:
            raise StoreError(f"another vlmrate process is rating into {shown(job.store.folder)}; wait or stop it")
        set_aside = job.store.set_aside() if job.fresh else None
        job.store.open()
        job.store.refuse_other_recipe(job.recipe)
        plan = plan_run(job.store, job.stimuli, job.repeats, job.recipe.digest)
        return replace(_Run(job, plan, report, should_stop).go(), set_aside=set_aside)


class _Run:
    """The counters of one run, and the manifest that follows them."""

    def __init__(
        self, job: Job, plan: Plan, report: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> None:
        self._job = job
        self._plan = plan
        self._report = report
        self._should_stop = should_stop
        self._made_with = job.recipe.digest
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._id = self._started.strftime("%Y%m%dT%H%M%S.%fZ")
        self._rated = self._failed = self._invalid = 0
        self._earlier = self._earlier_runs()
        self._about = machine.versions(), machine.machine(), machine.git_revision(job.study.file.parent)

    def go(self) -> Finished:
        if not self._plan.todo:
            return Finished("finished", self._progress())
        self._write_manifest("running")
        self._report(self._progress())
        status = self._work()
        self._write_manifest(status)
        if status == "stopped":
            raise RunStoppedError(
                f"stopped after {self._failed} failed images (--fail-after); {self._rated} were rated and are kept. "
                f"See {shown(self._job.store.folder / 'errors.jsonl')}, then run the same command again"
            )
        return Finished(status, self._progress())

    def _work(self) -> Status:
        for task in self._plan.todo:
            if self._should_stop():
                return "interrupted"
            failure = self._rate(task)
            self._report(self._progress(failure))
            if self._job.fail_after.reached(self._failed, self._plan.total):
                return "stopped"
        return "finished"

    def _rate(self, task: Task) -> Failure | None:
        """Rate and store one image; whatever goes wrong with it is recorded and ends only this image."""
        try:
            rating = self._ask(task)
        except Exception as error:  # noqa: BLE001 - one image's border: a run of thousands goes on
            failure = self._failure(task, error)
            self._job.store.record_failure(failure)
            self._failed += 1
            return failure
        self._job.store.write(rating)
        self._rated += 1
        self._invalid += sum(answer.value is None for step in rating.steps for answer in step.answers)
        return None

    def _ask(self, task: Task) -> Rating:
        view = self._job.rater.view(task.stimulus.path, self._seed(task))
        outcome = _converse(conduct(self._job.protocol, task.stimulus), view)
        return Rating(
            image_id=task.stimulus.image_id,
            image_sha256=image_digest(task.stimulus.path),
            rater=self._job.rater_name,
            protocol=self._job.protocol.name,
            repeat=task.repeat,
            run=self._id,
            made_with=self._made_with,
            stopped=outcome.stopped,
            steps=asked_steps(outcome),
        )

    def _seed(self, task: Task) -> int:
        """A seed of its own for every image and repeat, whatever the order in which they are rated."""
        text = f"{self._job.seed}/{task.repeat}/{task.stimulus.image_id}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])

    def _failure(self, task: Task, error: Exception) -> Failure:
        return Failure(
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            run=self._id,
            image_id=task.stimulus.image_id,
            repeat=task.repeat,
            error=type(error).__name__,
            message=str(error),
        )

    def _progress(self, failure: Failure | None = None) -> Progress:
        return Progress(
            total=self._plan.total,
            already_rated=self._plan.done,
            rated=self._rated,
            failed=self._failed,
            invalid_answers=self._invalid,
            seconds=time.monotonic() - self._clock,
            failure=failure,
        )

    def _earlier_runs(self) -> tuple[RunRecord, ...]:
        manifest = self._job.store.manifest()
        runs = manifest.runs if manifest else ()
        # This run holds the lock, so whichever still says that it is running was killed.
        if all(run.status != "running" for run in runs):
            return runs
        stored = Counter(rating.run for _, rating in self._job.store.rating_files())
        return tuple(_if_killed(run, stored[run.id]) for run in runs)

    def _write_manifest(self, status: Literal["running"] | Status) -> None:
        job = self._job
        manifest = Manifest(
            study=job.study.name,
            study_sha256=hashlib.sha256(job.study.file.read_bytes()).hexdigest(),
            rater=job.rater_name,
            protocol=job.protocol.name,
            recipe=job.recipe,
            scales={item.name: item.answers for step in job.protocol.steps for item in step.asks},
            about=dict(job.about),
            runs=(*self._earlier, self._record(status)),
        )
        job.store.write_manifest(manifest)

    def _record(self, status: Literal["running"] | Status) -> RunRecord:
        versions, about_machine, revision = self._about
        ended = None if status == "running" else datetime.now(UTC).isoformat(timespec="seconds")
        return RunRecord(
            id=self._id,
            started=self._started.isoformat(timespec="seconds"),
            finished=ended,
            status=status,
            arguments=dict(self._job.arguments),
            passed=self._job.passed,
            planned=self._plan.total,
            already_rated=self._plan.done,
            rated=self._rated,
            failed=self._failed,
            invalid_answers=self._invalid,
            seconds=round(time.monotonic() - self._clock, 3),
            versions=versions,
            machine=about_machine,
            git_revision=revision,
        )


def _if_killed(run: RunRecord, rated: int) -> RunRecord:
    return run.model_copy(update={"status": "killed", "rated": rated}) if run.status == "running" else run


def _converse(conversation: Generator[Question, Reply, Outcome[Reply]], view: View) -> Outcome[Reply]:
    """Let the protocol ask and the rater answer until the protocol has no more questions."""
    try:
        question = next(conversation)
        while True:
            question = conversation.send(view.ask(question))
    except StopIteration as done:
        outcome: Outcome[Reply] = done.value
        return outcome
