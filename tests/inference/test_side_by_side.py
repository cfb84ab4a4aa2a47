"""Runs with several images in hand, several jobs in one, and a limit on what they may cost."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import AskError, RaterGoneError, RunStoppedError, StoreError
from vlmrate.inference.files import exclusive
from vlmrate.inference.runner import run, run_all
from vlmrate.inference.store import store_for
from vlmrate.protocol.load import load_protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.inference.job import Job, Progress
    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Reply, Settings, View


@dataclass(slots=True)
class Priced:
    """Lets another rater answer and puts a price on every answer; may fail at a step, with what that cost."""

    rater: object
    price: float | None = 0.01
    workers: int = 1
    failing: str = ""
    refusing: frozenset[str] = frozenset()
    dearer: float = 0.0
    """How much dearer every answer is about each picture that is looked at after the first."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: int = 0

    @property
    def settings(self) -> Settings:
        return {"kind": "priced"}

    def view(self, image: Path, seed: int) -> View:
        with self.lock:
            price = None if self.price is None else self.price + self.seen * self.dearer
            self.seen += 1
        return PricedView(self, self.rater.view(image, seed), image.stem, price)  # type: ignore[attr-defined]


@dataclass(slots=True)
class PricedView:
    """One picture's turn."""

    rater: Priced
    view: View
    image: str
    price: float | None

    def ask(self, question: Question) -> Reply:
        reply = self.view.ask(question)
        if self.image == self.rater.failing and question.items[0].name == "arousal":
            raise AskError("gave up", attempts=4, cost=0.02)
        if self.image in self.rater.refusing:
            return replace(reply, text="", options={}, cost=None, refused=True)
        return replace(reply, cost=self.price, attempts=2)


@dataclass(slots=True)
class Slow:
    """Lets another rater look, which takes a while for all pictures but the first."""

    rater: object
    seconds: float
    workers: int

    @property
    def settings(self) -> Settings:
        return {"kind": "slow"}

    def view(self, image: Path, seed: int) -> View:
        time.sleep(0.0 if image.stem == "a_happy" else self.seconds)
        return self.rater.view(image, seed)  # type: ignore[attr-defined,no-any-return]


def test_images_side_by_side_end_as_one_after_another(job: Callable[..., Job], scripted: type) -> None:
    """Four images in hand give the ratings of one at a time, each in a thread beside the main one."""
    rater = scripted(workers=4)
    assert run(job(rater)).progress.rated == 6
    assert run(job(scripted(), name="alone")).progress.rated == 6
    for stimulus in job().stimuli:
        together = job().store.read(stimulus.image_id, 1)
        alone = job(name="alone").store.read(stimulus.image_id, 1)
        assert together is not None
        assert alone is not None
        assert [step.answers for step in together.steps] == [step.answers for step in alone.steps]


def test_a_failure_side_by_side_ends_only_its_image(job: Callable[..., Job], scripted: type) -> None:
    """The others are rated, and the same run tries the failed one again."""
    finished = run(job(scripted(workers=3, failing=frozenset({"b_sad"}))))
    assert (finished.progress.rated, finished.progress.failed) == (5, 1)
    assert run(job(scripted(workers=3))).progress.rated == 1


def test_an_interrupt_side_by_side_keeps_what_is_in_hand(job: Callable[..., Job], scripted: type) -> None:
    """What was begun is finished and stored; nothing else is begun; the same command goes on."""
    rater = scripted(workers=2)
    finished = run(job(rater), should_stop=lambda: len(rater.seen) >= 2)
    assert finished.status == "interrupted"
    assert finished.progress.rated == len(list(job().store.rating_files())) == len(rater.seen) < 6
    assert run(job(scripted(workers=2))).progress.left == 0


def test_an_error_lets_go_of_the_folder_when_nothing_is_in_hand(job: Callable[..., Job], scripted: type) -> None:
    """A run that ends with an error has stored what it had in hand: nothing is written after its lock is free."""
    made = job(Slow(scripted(), 0.2, workers=4))

    def give_up(progress: Progress) -> None:
        if progress.rated:
            raise OSError("no terminal")

    with pytest.raises(OSError, match="no terminal"):
        run(made, report=give_up)
    stored = [file.name for file, _ in made.store.rating_files()]
    assert len(stored) == 4
    time.sleep(0.4)
    assert [file.name for file, _ in made.store.rating_files()] == stored


def test_what_was_spent_is_on_record(job: Callable[..., Job], scripted: type) -> None:
    """Attempts, tokens and cost are summed over all that was asked, the failed image's too."""
    rater = Priced(scripted(), failing="a_sad")
    spent = run(job(rater)).progress.spent
    assert spent.attempts == 5 * 3 * 2 + 2 * 2 + 4
    assert spent.cost == pytest.approx(17 * 0.01 + 0.02)
    manifest = job().store.manifest()
    assert manifest is not None
    assert manifest.runs[0].cost == pytest.approx(spent.cost)
    assert (manifest.runs[0].attempts, manifest.runs[0].prompt_tokens) == (spent.attempts, 170)
    (failure,) = job().store.failures()
    assert (failure.attempts, failure.cost) == (8, pytest.approx(0.04))


def test_a_killed_run_is_on_record_with_what_it_stored(job: Callable[..., Job], scripted: type) -> None:
    """Its manifest says that it is running; the next run sums attempts, tokens and cost over what is stored of it."""
    made = job(Priced(scripted(answers=("happy", "7", "what?"))))

    class KilledError(BaseException):
        """As a process ends that is killed: nothing more is written."""

    def kill(progress: Progress) -> None:
        if progress.rated == 2:
            raise KilledError

    with pytest.raises(KilledError):
        run(made, report=kill)
    assert run(made).progress.rated == 4
    killed, whole = made.store.manifest().runs  # type: ignore[union-attr]
    assert (killed.status, killed.rated, killed.invalid_answers) == ("killed", 2, 2)
    assert (killed.attempts, killed.prompt_tokens, killed.answer_tokens) == (12, 60, 6)
    assert killed.cost == pytest.approx(0.06)
    assert whole.cost == pytest.approx(0.12)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_run_stops_before_it_costs_more_than_allowed(job: Callable[..., Job], scripted: type, workers: int) -> None:
    """At .03 an image, .10 pays for three, however many are in hand at once; the same command goes on."""
    with pytest.raises(RunStoppedError, match=r"spending 0\.0900 of the 0\.1 allowed \(--max-cost\); 3 were rated"):
        run(replace(job(Priced(scripted(), workers=workers)), max_cost=0.10))
    assert len(list(job().store.rating_files())) == 3
    assert run(replace(job(Priced(scripted(), workers=workers)), max_cost=0.10)).progress.rated == 3


@pytest.mark.parametrize("workers", [1, 4])
def test_images_that_are_declined_without_a_count_end_no_run(
    job: Callable[..., Job], scripted: type, workers: int
) -> None:
    """A service need not count what it declines: the limit holds for the images that it answers about."""
    rater = Priced(scripted(), workers=workers, refusing=frozenset({"a_happy", "a_sad"}))
    with pytest.raises(RunStoppedError, match=r"spending 0\.0600 of the 0\.07 allowed"):
        run(replace(job(rater), max_cost=0.07))
    assert len(list(job().store.rating_files())) == 4


@pytest.mark.parametrize("workers", [1, 4])
def test_answers_without_a_count_end_the_run(job: Callable[..., Job], scripted: type, workers: int) -> None:
    """Also behind images that were declined: nothing is spent blindly."""
    rater = Priced(scripted(), None, workers, refusing=frozenset({"a_happy"}))
    with pytest.raises(RunStoppedError, match="does not tell what its answers use"):
        run(replace(job(rater), max_cost=100.0))
    assert len(list(job().store.rating_files())) == 2


def test_few_are_in_hand_while_little_is_known_of_costs(job: Callable[..., Job], scripted: type) -> None:
    """The first image costs .003, the second .033: were six begun after the first, more than .15 would be spent."""
    with pytest.raises(RunStoppedError, match=r"spending 0\.0360 of the 0\.05 allowed"):
        run(replace(job(Priced(scripted(), 0.001, 6, dearer=0.01)), max_cost=0.05))


def test_a_run_ends_when_nobody_answers_any_more(job: Callable[..., Job], scripted: type) -> None:
    """A server that has gone for good costs a few images and not all of them; one that answers again goes on."""

    @dataclass(slots=True)
    class Going:
        gone: bool
        workers: int = 1
        settings: Settings = field(default_factory=lambda: {"kind": "going"})

        def view(self, image: Path, seed: int) -> View:
            if self.gone:
                raise RaterGoneError("no server answers", attempts=6)
            return scripted().view(image, seed)  # type: ignore[no-any-return]

    with pytest.raises(RunStoppedError, match="3 images in a row that found nobody to answer; 0 were rated"):
        run(job(Going(gone=True)))
    assert len(job().store.failures()) == 3
    assert run(job(Going(gone=False))).progress.rated == 6


def test_jobs_in_one_run_are_asked_image_by_image(job: Callable[..., Job], scripted: type) -> None:
    """Every way of asking about an image comes before the next image; each job has its folder and manifest."""
    first, second = job(scripted()), _under(job, scripted(), "independent")
    seen: list[tuple[str, str]] = []
    first.rater.asked, second.rater.asked = [], []  # type: ignore[attr-defined]
    order = _watch(first, "first", seen), _watch(second, "second", seen)
    finished = run_all(order)
    assert [ended.progress.rated for ended in finished] == [6, 6]
    images = [stimulus.image_id for stimulus in first.stimuli]
    assert seen == [(image, name) for image in images for name in ("first", "second")]
    assert {first.store.manifest().protocol, second.store.manifest().protocol} == {  # type: ignore[union-attr]
        "context-carry",
        "independent",
    }


def test_no_job_is_begun_when_one_folder_is_held(job: Callable[..., Job], scripted: type) -> None:
    """A second process on one of the folders stops the whole run before anything is asked."""
    first, second = job(scripted()), _under(job, scripted(), "independent")
    second.store.folder.parent.mkdir(parents=True)
    with exclusive(second.store.lock_file), pytest.raises(StoreError, match="another vlmrate process"):
        run_all((first, second))
    assert first.rater.seen == []  # type: ignore[attr-defined]


def _under(job: Callable[..., Job], rater: object, protocol: str) -> Job:
    made = job(rater)
    loaded = load_protocol(protocol, made.study)
    return replace(made, protocol=loaded, store=store_for(made.study, "script", protocol))


def _watch(job: Job, name: str, seen: list[tuple[str, str]]) -> Job:
    looked = job.rater.view

    class Watched:
        settings = job.rater.settings
        workers = 1

        def view(self, image: Path, seed: int) -> View:
            seen.append((image.stem, name))
            return looked(image, seed)

    return replace(job, rater=Watched())
