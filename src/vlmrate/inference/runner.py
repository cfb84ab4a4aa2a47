"""A run: ask about every image that is left, and store each rating the moment it is complete.

Several jobs with the same model run as one: image by image, each asked in every way before the next is looked at, so
that what a model sees of it can be shared.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Literal

from vlmrate.errors import RaterGoneError, RunStoppedError, StoreError
from vlmrate.inference.book import Book
from vlmrate.inference.files import exclusive
from vlmrate.inference.job import Finished
from vlmrate.inference.plan import plan_run
from vlmrate.inference.records import Failure
from vlmrate.inference.workers import done_in_turn, done_side_by_side
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vlmrate.inference.job import Job, Progress, Spent, Status
    from vlmrate.inference.plan import Task
    from vlmrate.inference.records import Rating

    Piece = tuple[Book, Task]
    Done = tuple[Book, Rating | Failure, Spent]


SURELY_GONE = 3
"""Images in a row that must find a rater gone before a run ends for it, or as many as are in hand."""


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
        RunStoppedError: Too many images failed, or the cost allowed is spent.
    """
    (finished,) = run_all((job,), report=report, should_stop=should_stop)
    return finished


def run_all(
    jobs: Sequence[Job],
    *,
    report: Callable[[Progress], None] = _nothing,
    should_stop: Callable[[], bool] = _never,
) -> tuple[Finished, ...]:
    """Run jobs that share a model as one; `report` is told how far all of them are together.

    Raises:
        StoreError: As `run`; nothing has been asked when one of the folders cannot be used.
        RunStoppedError: As `run`.
    """
    with ExitStack() as folders:
        for job in jobs:
            folders.enter_context(_locked(job))
        opened = [_opened(job) for job in jobs]
        books = [book for book, _ in opened]
        status = _Run(books, report, should_stop).go()
        return tuple(Finished(status, book.progress(), aside) for book, aside in opened)


@contextmanager
def _locked(job: Job) -> Iterator[None]:
    """The job's folder for this process alone."""
    with ExitStack() as lock:
        with _writable(job):
            job.store.folder.parent.mkdir(parents=True, exist_ok=True)
            held = lock.enter_context(exclusive(job.store.lock_file))
        if not held:
            raise StoreError(f"another vlmrate process is rating into {shown(job.store.folder)}; wait or stop it")
        yield


def _opened(job: Job) -> tuple[Book, Path | None]:
    """What is left to do in a locked folder; and where earlier ratings were moved, if they were."""
    with _writable(job):
        set_aside = job.store.set_aside() if job.fresh else None
        job.store.open()
        job.store.refuse_other_recipe(job.recipe)
        return Book(job, plan_run(job.store, job.protocol, job.stimuli, job.repeats, job.recipe.digest)), set_aside


@contextmanager
def _writable(job: Job) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{shown(job.store.folder)} cannot be written: {error.strerror or error}; every rating so far is stored, "
            "and the same command goes on"
        ) from error


class _Run:
    """One pass over the images that are left."""

    def __init__(
        self, books: Sequence[Book], report: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> None:
        self._busy = [book for book in books if book.plan.todo]
        self._books = books
        self._report = report
        self._should_stop = should_stop
        self._status: Status = "finished"
        self._why = ""
        self._dearest = 0.0
        self._costs = 0  # images of which it is known what they cost
        self._unpriced = False
        self._workers = max((book.job.rater.workers for book in self._busy), default=1)
        self._gone = 0  # images in a row that found the rater gone

    def go(self) -> Status:
        if not self._busy:
            return "finished"
        self._write_manifests("running")
        self._report(self._progress())
        results = self._results()
        try:
            for done in results:
                self._enter(*done)
        except Exception:
            self._let_finish(results)
            raise
        self._write_manifests(self._status)
        if self._status == "stopped":
            raise RunStoppedError(self._stopped())
        return self._status

    def _enter(self, book: Book, result: Rating | Failure, spent: Spent) -> None:
        with _writable(book.job):
            book.enter(result, spent)
        self._costs += spent.cost is not None
        self._dearest = max(self._dearest, spent.cost or 0.0)
        self._unpriced |= spent.cost is None and not isinstance(result, Failure) and _was_answered(result)
        self._report(self._progress(result if isinstance(result, Failure) else None))
        self._gone = self._gone + 1 if isinstance(result, Failure) and result.error == RaterGoneError.__name__ else 0
        if self._gone >= max(self._workers, SURELY_GONE):
            self._stop(f"{self._gone} images in a row that found nobody to answer")
        if book.too_many_failed:
            self._stop(f"{book.progress().failed} failed images (--fail-after)")

    def _let_finish(self, results: Iterator[Done]) -> None:
        """Wait for what is in hand, so that nothing is written any more when the folders are let go."""
        self._stop("an error")
        with suppress(StoreError):  # the same trouble, met by another image
            for _ in results:
                pass

    def _results(self) -> Iterator[Done]:
        if self._workers == 1:
            return done_in_turn(_rate, self._pieces(), self._may_begin)
        return done_side_by_side(_rate, self._pieces(), self._workers, self._may_begin)

    def _pieces(self) -> Iterator[Piece]:
        """All that is left, image by image; of an image, job by job in the order of their plans."""
        order = {stimulus.image_id: i for i, stimulus in enumerate(self._busy[0].job.stimuli)}
        pieces = [(book, task) for book in self._busy for task in book.plan.todo]
        yield from sorted(pieces, key=lambda piece: order[piece[1].stimulus.image_id])

    def _may_begin(self, in_hand: int) -> Literal["go", "wait", "stop"]:
        if self._status == "finished" and self._should_stop():
            self._status = "interrupted"
        if self._status != "finished":
            return "stop"
        return self._affordable(in_hand)

    def _affordable(self, in_hand: int) -> Literal["go", "wait", "stop"]:
        """Whether one more image fits into the cost allowed, at the cost of the dearest image so far.

        The dearest is known the better the more images are done: no more are in hand than costs are known.
        """
        limit = self._busy[0].job.max_cost
        if limit is None:
            return "go"
        if self._unpriced:
            self._stop("an image, as the server does not tell what its answers use, so --max-cost cannot be kept")
            return "stop"
        if in_hand >= max(self._costs, 1):
            return "wait"
        spent = self._progress().spent.cost or 0.0
        if spent + (in_hand + 1) * self._dearest <= limit:
            return "go"
        if in_hand:
            return "wait"
        self._stop(f"spending {spent:.4f} of the {limit:g} allowed (--max-cost)")
        return "stop"

    def _stop(self, why: str) -> None:
        if self._status == "finished":
            self._status, self._why = "stopped", why

    def _stopped(self) -> str:
        progress = self._progress()
        failures = [shown(b.job.store.folder / "errors.jsonl") for b in self._busy if b.progress().failed]
        look = f"See {', '.join(failures)}, then run" if failures else "Run"
        return (
            f"stopped after {self._why}; {progress.rated} were rated and are kept, {progress.left} are left. "
            f"{look} the same command again"
        )

    def _progress(self, failure: Failure | None = None) -> Progress:
        return replace(reduce(add, (book.progress() for book in self._books)), failure=failure)

    def _write_manifests(self, status: Literal["running"] | Status) -> None:
        for book in self._busy:
            with _writable(book.job):
                book.write_manifest(status)


def _was_answered(rating: Rating) -> bool:
    """Whether the rater gave any answer: a service need not charge for, nor count, what it declines."""
    return any(answer.route != "refused" for step in rating.steps for answer in step.answers)


def _rate(piece: Piece) -> Done:
    book, task = piece
    with _writable(book.job):
        return book, *book.rate(task)
