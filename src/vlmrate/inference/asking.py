"""One image asked about by one rater under one protocol, and what that took."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vlmrate.errors import AskError
from vlmrate.inference.job import Spent
from vlmrate.inference.pictures import digest_for
from vlmrate.inference.records import Failure, Rating
from vlmrate.inference.steps import asked_steps
from vlmrate.protocol.conduct import conduct

if TYPE_CHECKING:
    from collections.abc import Generator

    from vlmrate.inference.job import Job
    from vlmrate.inference.plan import Task
    from vlmrate.protocol.conduct import Outcome
    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Reply, View


def ask(job: Job, task: Task, run_id: str, made_with: str) -> tuple[Rating | Failure, Spent]:
    """The rating of one image, or why there is none; whatever goes wrong with it ends only this image."""
    replies: list[Reply] = []
    try:
        view = job.rater.view(task.stimulus.path, picture_seed(job.seed, task.repeat, task.stimulus.image_id))
        outcome = _converse(conduct(job.protocol, task.stimulus, task.forced), view, replies)
        rating = Rating(
            image_id=task.stimulus.image_id,
            image_sha256=digest_for(job.protocol.name, task.stimulus.path),
            rater=job.rater_name,
            protocol=job.protocol.name,
            repeat=task.repeat,
            run=run_id,
            made_with=made_with,
            stopped=outcome.stopped,
            steps=asked_steps(outcome),
            forced=dict(task.forced),
        )
    except Exception as error:  # noqa: BLE001 - one image's border: a run of thousands goes on
        spent = sum(map(_spent, replies), _spent_in_vain(error))
        return _failure(task, run_id, error, spent), spent
    return rating, sum(map(_spent, replies), Spent())


def picture_seed(seed: int, repeat: int, image_id: str) -> int:
    """A seed of its own for every image and repeat of a run, whatever the order in which they are rated."""
    text = f"{seed}/{repeat}/{image_id}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])


def _converse(
    conversation: Generator[Question, Reply, Outcome[Reply]], view: View, replies: list[Reply]
) -> Outcome[Reply]:
    """Let the protocol ask and the rater answer until the protocol has no more questions; keep every reply."""
    try:
        question = next(conversation)
        while True:
            replies.append(view.ask(question))
            question = conversation.send(replies[-1])
    except StopIteration as done:
        outcome: Outcome[Reply] = done.value
        return outcome


def _spent(reply: Reply) -> Spent:
    return Spent(reply.attempts, reply.prompt_tokens, reply.answer_tokens, reply.cost)


def _spent_in_vain(error: Exception) -> Spent:
    return Spent(attempts=error.attempts, cost=error.cost) if isinstance(error, AskError) else Spent()


def _failure(task: Task, run_id: str, error: Exception, spent: Spent) -> Failure:
    return Failure(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        run=run_id,
        image_id=task.stimulus.image_id,
        repeat=task.repeat,
        error=type(error).__name__,
        message=str(error),
        attempts=spent.attempts,
        cost=spent.cost,
    )
