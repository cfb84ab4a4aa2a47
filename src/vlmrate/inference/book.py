"""The book of one job while it runs: its counters, and the manifest that follows them."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from vlmrate import machine
from vlmrate.inference.asking import ask
from vlmrate.inference.job import Progress, Spent
from vlmrate.inference.records import Failure, Manifest, RunRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.inference.job import Job, Status
    from vlmrate.inference.plan import Plan, Task
    from vlmrate.inference.records import Rating


class Book:
    """Rates and stores tasks of one job, and counts. `rate` may be called from several threads, `enter` from one."""

    def __init__(self, job: Job, plan: Plan) -> None:
        self.job = job
        self.plan = plan
        self._made_with = job.recipe.digest
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._id = self._started.strftime("%Y%m%dT%H%M%S.%fZ")
        self._rated = self._failed = self._invalid = 0
        self._spent = Spent()
        self._earlier = self._earlier_runs()
        self._about = machine.versions(), machine.machine(), machine.git_revision(job.study.file.parent)

    def rate(self, task: Task) -> tuple[Rating | Failure, Spent]:
        """Rate one image and store the rating."""
        result, spent = ask(self.job, task, self._id, self._made_with)
        if not isinstance(result, Failure):
            self.job.store.write(result)
        return result, spent

    def enter(self, result: Rating | Failure, spent: Spent) -> None:
        """Count what became of a task, and record it where it failed."""
        self._spent += spent
        if isinstance(result, Failure):
            self.job.store.record_failure(result)
            self._failed += 1
            return
        self._rated += 1
        self._invalid += sum(answer.value is None for step in result.steps for answer in step.answers)

    def progress(self, failure: Failure | None = None) -> Progress:
        """Where the job stands."""
        return Progress(
            total=self.plan.total,
            already_rated=self.plan.done,
            rated=self._rated,
            failed=self._failed,
            invalid_answers=self._invalid,
            seconds=time.monotonic() - self._clock,
            failure=failure,
            spent=self._spent,
        )

    @property
    def too_many_failed(self) -> bool:
        """Whether the job is to be given up."""
        return self.job.fail_after.reached(self._failed, self.plan.total)

    def write_manifest(self, status: Literal["running"] | Status) -> None:
        """Store the manifest with the counts as they are."""
        job = self.job
        manifest = Manifest(
            study=job.study.name,
            study_sha256=hashlib.sha256(job.study.file.read_bytes()).hexdigest(),
            rater=job.rater_name,
            protocol=job.protocol.name,
            recipe=job.recipe,
            scales={item.name: item.answers for step in job.protocol.steps for item in step.asks},
            about=dict(job.about),
            forces={force.item.name: force.how for force in job.protocol.forces},
            runs=(*self._earlier, self._record(status)),
        )
        job.store.write_manifest(manifest)

    def _earlier_runs(self) -> tuple[RunRecord, ...]:
        manifest = self.job.store.manifest()
        runs = manifest.runs if manifest else ()
        # This run holds the lock, so whichever still says that it is running was killed.
        if all(run.status != "running" for run in runs):
            return runs
        stored = [rating for _, rating in self.job.store.rating_files()]
        return tuple(
            _killed(run, [rating for rating in stored if rating.run == run.id]) if run.status == "running" else run
            for run in runs
        )

    def _record(self, status: Literal["running"] | Status) -> RunRecord:
        versions, about_machine, revision = self._about
        ended = None if status == "running" else datetime.now(UTC).isoformat(timespec="seconds")
        return RunRecord(
            id=self._id,
            started=self._started.isoformat(timespec="seconds"),
            finished=ended,
            status=status,
            arguments=dict(self.job.arguments),
            passed=self.job.passed,
            planned=self.plan.total,
            already_rated=self.plan.done,
            rated=self._rated,
            failed=self._failed,
            invalid_answers=self._invalid,
            seconds=round(time.monotonic() - self._clock, 3),
            versions=versions,
            machine=about_machine,
            git_revision=revision,
            attempts=self._spent.attempts,
            prompt_tokens=self._spent.prompt_tokens,
            answer_tokens=self._spent.answer_tokens,
            cost=self._spent.cost,
        )


def _killed(run: RunRecord, stored: Sequence[Rating]) -> RunRecord:
    """A run that could not say how it ended, with the counts of what it stored."""
    steps = [step for rating in stored for step in rating.steps]
    costs = [step.cost for step in steps if step.cost is not None]
    return run.model_copy(
        update={
            "status": "killed",
            "rated": len(stored),
            "invalid_answers": sum(answer.value is None for step in steps for answer in step.answers),
            "attempts": sum(step.attempts for step in steps),
            "prompt_tokens": sum(step.prompt_tokens for step in steps),
            "answer_tokens": sum(step.answer_tokens for step in steps),
            "cost": sum(costs) if costs else None,
        }
    )
