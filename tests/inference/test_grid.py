"""Several ways of asking run as one: image by image, resumed in the middle, all folders or none; forced answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import StoreError
from vlmrate.inference.files import exclusive
from vlmrate.inference.runner import run, run_all
from vlmrate.inference.store import store_for
from vlmrate.inference.table import load_results
from vlmrate.protocol.forced import conditions
from vlmrate.protocol.load import load_protocol
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.inference.job import Job, Progress
    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Reply, Settings, View
    from vlmrate.study.records import Study


@dataclass(slots=True)
class Watched:
    """Lets a scripted rater answer by item, and notes in a list that a whole grid shares whom it was shown."""

    inner: object
    name: str
    shown: list[tuple[str, str]]
    workers: int = 1

    @property
    def settings(self) -> Settings:
        return {"kind": "watched", "way": self.name}

    def view(self, image: Path, seed: int) -> View:
        self.shown.append((image.stem, self.name))
        return ByItem(self.inner.view(image, seed))  # type: ignore[attr-defined]


@dataclass(slots=True)
class ByItem:
    """Answers whatever is asked for."""

    view: View

    def ask(self, question: Question) -> Reply:
        self.view.step = {"emotion": 0, "valence": 1, "arousal": 2}[question.items[0].name]  # type: ignore[attr-defined]
        return self.view.ask(question)


@pytest.fixture
def grid(job: Callable[..., Job], scripted: type) -> Callable[..., tuple[list[Job], list[tuple[str, str]]]]:
    """Jobs of one rater under these protocols, and the list of whom they are shown."""

    def make(*protocols: str, repeats: int = 1, **more: object) -> tuple[list[Job], list[tuple[str, str]]]:
        shown: list[tuple[str, str]] = []
        jobs = []
        for name in protocols:
            made = job(Watched(scripted(**more), name, shown), repeats=repeats)
            protocol = load_protocol(name, made.study)
            jobs.append(replace(made, protocol=protocol, store=store_for(made.study, "script", name)))
        return jobs, shown

    return make


def files(study: Study) -> dict[str, set[str]]:
    """The rating files of every protocol."""
    top = study.results / study.name / "script"
    return {folder.name: {file.name for file in (folder / "ratings").glob("*.json")} for folder in top.glob("*/")}


def test_an_image_is_asked_in_every_way_and_repeat_before_the_next(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], study: Study
) -> None:
    """Images in the study's order; of each, protocol by protocol with all its repeats."""
    jobs, shown = grid("context-carry", "anchor", "independent", repeats=2)
    run_all(jobs)
    assert [image for image, _ in groupby(shown, key=lambda piece: piece[0])] == [s.image_id for s in study.stimuli]
    ways = ["context-carry"] * 2 + ["anchor"] * 18 + ["independent"] * 2
    for _, pieces in groupby(shown, key=lambda piece: piece[0]):
        assert [way for _, way in pieces] == ways


def test_one_job_asks_all_repeats_of_an_image_together(job: Callable[..., Job], scripted: type) -> None:
    """What a rater sees of a picture serves all repeats of it, also where one way of asking is all there is."""
    rater = scripted()
    run(job(rater, repeats=3))
    assert rater.seen == [s.image_id for s in job().stimuli for _ in range(3)]


def test_a_grid_stopped_in_the_middle_goes_on_where_it_was(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], study: Study
) -> None:
    """Interrupted after 25 of 60 ratings and run again: every rating once, none asked twice."""
    ways = ("context-carry", "false-label", "independent")
    jobs, first = grid(*ways, repeats=2)
    steps: list[Progress] = []
    ended = run_all(jobs, report=steps.append, should_stop=lambda: len(steps) > 25)
    assert {one.status for one in ended} == {"interrupted"}
    assert sum(map(len, files(study).values())) == len(first) == 25
    jobs, second = grid(*ways, repeats=2)
    again = run_all(jobs)
    assert [one.progress.left for one in again] == [0, 0, 0]
    assert len(first) + len(second) == 3 * 12 == sum(map(len, files(study).values()))
    jobs, third = grid(*ways, repeats=2)
    run_all(jobs)
    assert third == []


def test_one_foreign_folder_and_nothing_is_asked(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], study: Study
) -> None:
    """The last of three folders holds ratings made with another seed: no way is asked, no other folder written."""
    (lone,), _ = grid("independent")
    run(replace(lone, seed=9))
    jobs, shown = grid("context-carry", "single-shot", "independent")
    with pytest.raises(StoreError, match="seed: 9 there, 0 now"):
        run_all(jobs)
    assert shown == []
    assert {name: len(found) for name, found in files(study).items() if found} == {"independent": 6}


def test_nothing_is_set_aside_while_one_folder_is_held(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], study: Study
) -> None:
    """With --fresh the earlier ratings of every folder stay where they are until all folders are this run's."""
    jobs, _ = grid("context-carry", "independent")
    run_all(jobs)
    fresh = [replace(one, fresh=True) for one in jobs]
    with exclusive(jobs[1].store.lock_file), pytest.raises(StoreError, match="another vlmrate process"):
        run_all(fresh)
    assert {name: len(found) for name, found in files(study).items()} == {"context-carry": 6, "independent": 6}
    run_all(fresh)
    assert set(files(study)) == {"context-carry", "context-carry~1", "independent", "independent~1"}


def test_all_folders_are_locked_while_a_grid_runs(grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]]) -> None:
    """From the first rating to the last no other process may write to any of them; afterwards any may."""
    jobs, _ = grid("context-carry", "independent")
    held: list[list[bool]] = []

    def look(_: Progress) -> None:
        taken = []
        for one in jobs:
            with exclusive(one.store.lock_file) as free:
                taken.append(not free)
        held.append(taken)

    run_all(jobs, report=look)
    assert len(held) == 13
    assert all(all(taken) for taken in held)
    for one in jobs:
        with exclusive(one.store.lock_file) as free:
            assert free


def test_forced_answers_are_numbered_through_and_stored(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], study: Study
) -> None:
    """Nine valences and two repeats: eighteen files an image; number (r - 1) 9 + c was told c, in the prompt too."""
    (anchor,), _ = grid("anchor", repeats=2)
    assert run(anchor).progress.total == 6 * 18
    for number in range(1, 19):
        rating = anchor.store.read("b_sad", number)
        assert rating is not None
        told = str((number - 1) % 9 + 1)
        assert rating.forced == {"valence": told}
        assert f"with pleasantness {told} out of 9" in rating.steps[1].prompt
    manifest = anchor.store.manifest()
    assert manifest is not None
    assert (manifest.forces, set(manifest.scales)) == ({"valence": "each"}, {"emotion", "arousal"})


def test_more_repeats_keep_what_is_there(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], study: Study
) -> None:
    """A second repeat adds nine files an image and asks none of the first nine again."""
    (once,), _ = grid("anchor")
    run(once)
    (twice,), shown = grid("anchor", repeats=2)
    assert (run(twice).progress.already_rated, len(shown)) == (54, 54)


def test_the_table_and_the_runs_say_what_was_forced(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], study: Study
) -> None:
    """Every row under false-label says what it was told; the run says what its protocol forces."""
    jobs, _ = grid("context-carry", "false-label")
    run_all(jobs)
    results = load_results(study)
    forced = {outcome.protocol: dict(outcome.forces) for outcome in results.runs}
    assert forced == {"context-carry": {}, "false-label": {"emotion": "wrong"}}
    rows = results.ratings.query("protocol == 'false-label' and image_id == 'a_sad'")
    assert set(rows["forced"]) == {"emotion=happy"}
    assert results.ratings.query("protocol == 'context-carry'")["forced"].isna().all()


def test_a_corrected_intended_label_is_not_mixed_with_what_was_told_before(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], study: Study
) -> None:
    """An image whose right label has changed was told what is now right: the run stops and says so."""
    (false,), _ = grid("false-label")
    run(false)
    file = study.file.with_name("stimuli.csv")
    file.write_text(file.read_text().replace("a_sad.png,sad", "a_sad.png,happy"))
    changed = load_study(study.file)
    assert conditions(false.protocol, changed.stimuli[1]) == ({"emotion": "sad"},)
    again = replace(false, study=changed, stimuli=changed.stimuli)
    with pytest.raises(StoreError, match="was told emotion happy where the protocol tells emotion sad now"):
        run(again)


def test_a_failed_condition_fails_alone(
    grid: Callable[..., tuple[list[Job], list[tuple[str, str]]]], scripted: type
) -> None:
    """An image that cannot be looked at fails once a condition; the next run tries just those."""
    (anchor,), _ = grid("anchor", failing=frozenset({"c_sad"}))
    progress = run(anchor).progress
    assert (progress.rated, progress.failed) == (45, 9)
    (again,), shown = grid("anchor")
    run(again)
    assert shown == [("c_sad", "anchor")] * 9
