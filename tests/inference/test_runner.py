"""A run stores every rating once, goes on where it stopped, and never mixes ratings made in different ways."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from vlmrate.errors import RunStoppedError, StoreError
from vlmrate.inference.files import exclusive
from vlmrate.inference.job import FailAfter
from vlmrate.inference.runner import run
from vlmrate.inference.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.inference.job import Job, Progress


def test_every_image_gets_one_rating_with_all_that_was_said(job: Callable[..., Job]) -> None:
    """Six images, three steps each: prompts with the answers carried, readings, probabilities, digests."""
    made = job()
    finished = run(made)
    assert (finished.status, finished.progress.rated, finished.progress.failed) == ("finished", 6, 0)
    rating = made.store.read("b_sad", 1)
    assert rating is not None
    assert [step.answers[0].value for step in rating.steps] == ["happy", 7, 5]
    assert rating.steps[2].prompt.startswith("You identified this face as happy with pleasantness 7 out of 9.")
    assert rating.steps[1].answers[0].expected == pytest.approx(5.0)
    assert rating.steps[0].answers[0].expected is None
    assert rating.made_with == made.recipe.digest


def test_the_same_command_again_does_nothing(job: Callable[..., Job], scripted: type) -> None:
    """A finished run leaves nothing to do: no image is looked at, no file is touched."""
    run(job())
    before = {file: file.stat().st_mtime_ns for file in job().store.folder.rglob("*.json")}
    again = scripted()
    finished = run(job(again))
    assert finished.progress.already_rated == finished.progress.total == 6
    assert again.seen == []
    assert {file: file.stat().st_mtime_ns for file in job().store.folder.rglob("*.json")} == before


def test_an_interrupted_run_goes_on_with_what_is_left(job: Callable[..., Job], scripted: type) -> None:
    """Stopped after two images, the next run rates the other four; the manifest tells both stories."""
    progress: list[Progress] = []
    finished = run(job(), report=progress.append, should_stop=lambda: len(progress) > 2)
    assert (finished.status, finished.progress.rated, finished.progress.left) == ("interrupted", 2, 4)
    second = scripted()
    run(job(second))
    assert second.seen == [stimulus.image_id for stimulus in job().stimuli[2:]]
    manifest = job().store.manifest()
    assert manifest is not None
    assert [(r.status, r.rated, r.already_rated) for r in manifest.runs] == [("interrupted", 2, 0), ("finished", 4, 2)]


def test_a_failed_image_is_listed_and_tried_again(job: Callable[..., Job], scripted: type) -> None:
    """One image that cannot be rated ends only itself; the next run tries it once more."""
    finished = run(job(scripted(failing=frozenset({"b_happy"}))))
    assert (finished.progress.rated, finished.progress.failed) == (5, 1)
    (failure,) = job().store.failures()
    assert (failure.image_id, failure.error, failure.message) == ("b_happy", "RaterError", "cannot look at b_happy")
    second = scripted()
    run(job(second))
    assert second.seen == ["b_happy"]


@pytest.mark.parametrize(("fail_after", "failed"), [(FailAfter(count=2), 2), (FailAfter(share=0.4), 3)])
def test_too_many_failures_end_the_run(
    job: Callable[..., Job], scripted: type, fail_after: FailAfter, failed: int
) -> None:
    """A count or a share of failures stops the run with exit code 1, and says what was kept."""
    everything = frozenset({"a_sad", "b_happy", "b_sad", "c_happy", "c_sad"})
    with pytest.raises(RunStoppedError, match="1 were rated and are kept") as stopped:
        run(job(scripted(failing=everything), fail_after=fail_after))
    assert stopped.value.exit_code == 1
    assert len(job().store.failures()) == failed
    assert job().store.manifest().runs[-1].status == "stopped"  # type: ignore[union-attr]


def test_repeats_are_files_of_their_own_with_seeds_of_their_own(job: Callable[..., Job], scripted: type) -> None:
    """Each repeat of an image is stored beside the first, drawn with another seed; adding repeats keeps the old."""
    rater = scripted()
    run(job(rater, repeats=2))
    assert len(set(rater.seeds)) == 12
    assert {file.name for file in job().store.ratings_folder.iterdir()} >= {"a_happy.json", "a_happy~2.json"}
    more = scripted()
    run(job(more, repeats=3))
    assert len(more.seen) == 6


def test_seeds_do_not_depend_on_the_order_of_images(job: Callable[..., Job], scripted: type) -> None:
    """An image rated alone draws as it does in a whole run."""
    whole, part = scripted(), scripted()
    run(job(whole))
    run(job(part, name="part", stimuli=1))
    assert part.seeds[0] == whole.seeds[whole.seen.index(part.seen[0])]


@pytest.mark.parametrize(
    ("change", "said"), [({"temperature": 0.7}, "temperature: 0.0 there, 0.7 now"), ({}, "seed: 0 there, 5 now")]
)
def test_ratings_made_in_another_way_are_not_mixed_in(
    job: Callable[..., Job], scripted: type, change: dict[str, float], said: str
) -> None:
    """Another decoding or seed stops the run before anything is asked and names the field that differs."""
    run(job(stimuli=2))
    other = scripted(**change)
    with pytest.raises(StoreError, match=said) as refused:
        run(job(other, seed=0 if change else 5))
    assert "--fresh" in str(refused.value)
    assert other.seen == []


def test_another_protocol_text_is_refused(job: Callable[..., Job]) -> None:
    """One changed byte of a template is another recipe."""
    run(job(stimuli=2))
    made = job()
    changed = replace(made, protocol=replace(made.protocol, digest="0" * 64))
    with pytest.raises(StoreError, match=r"protocol: .* there, 000000000000 now"):
        run(changed)


def test_a_changed_picture_is_refused(job: Callable[..., Job]) -> None:
    """A picture that was replaced under the same name is not taken for the one that was rated."""
    run(job())
    Image.new("RGB", (8, 8), (255, 0, 0)).save(job().stimuli[0].path)
    with pytest.raises(StoreError, match=r"images/a_happy.png is not the picture that was rated in .*a_happy.json"):
        run(job())


def test_a_foreign_rating_without_manifest_is_refused(job: Callable[..., Job], scripted: type) -> None:
    """Even with the manifest gone, a rating knows how it was made."""
    run(job())
    (job().store.folder / "manifest.json").unlink()
    with pytest.raises(StoreError, match="made with another protocol, model, seed or decoding"):
        run(job(scripted(temperature=1.0)))


def test_a_damaged_rating_is_made_again(job: Callable[..., Job], scripted: type) -> None:
    """Half a JSON, or one with a field that does not belong there, counts as not rated."""
    run(job())
    half, odd = (job().store.path(name, 1) for name in ("a_sad", "c_sad"))
    half.write_text(half.read_text(encoding="utf-8")[:100], encoding="utf-8")
    odd.write_text(json.dumps(json.loads(odd.read_text(encoding="utf-8")) | {"extra": 1}), encoding="utf-8")
    rater = scripted()
    run(job(rater))
    assert sorted(rater.seen) == ["a_sad", "c_sad"]


def test_a_damaged_manifest_is_one_sentence(job: Callable[..., Job]) -> None:
    """A manifest that cannot be read stops the run and loses nothing."""
    run(job())
    file = job().store.folder / "manifest.json"
    file.write_text('{"format": "vlmrate-manifest/1"', encoding="utf-8")
    with pytest.raises(StoreError, match=r"manifest.json cannot be read .* --fresh"):
        run(job())
    assert len(list(job().store.rating_files())) == 6


def test_a_second_process_is_refused(job: Callable[..., Job]) -> None:
    """While one process holds the folder, another ends with a sentence: it writes nothing, clears no file that the
    first has in hand, and moves nothing away, also with --fresh."""
    made = replace(job(), fresh=True)
    run(job(stimuli=1))
    in_hand = made.store.ratings_folder / ".a_sad.json.tmp"
    in_hand.touch()
    with exclusive(made.store.lock_file), pytest.raises(StoreError, match="another vlmrate process"):
        run(made)
    assert in_hand.exists()
    assert made.store.read("a_happy", 1) is not None
    in_hand.unlink()
    made.store.path("a_happy", 1).unlink()
    assert list(made.store.rating_files()) == []


def test_unreadable_answers_are_kept_and_counted(job: Callable[..., Job], scripted: type) -> None:
    """An answer that cannot be read is stored raw with value None, carried as text, and counted."""
    made = job(scripted(answers=("a puzzled look", "7", "12")), stimuli=1)
    finished = run(made)
    assert finished.progress.invalid_answers == 1
    rating = made.store.read("a_happy", 1)
    assert rating is not None
    emotion, _, arousal = (step.answers[0] for step in rating.steps)
    assert (emotion.value, emotion.route, rating.steps[0].text) == (None, "invalid", "a puzzled look")
    assert "identified this face as a puzzled look." in rating.steps[1].prompt
    assert (arousal.value, arousal.clamped_from) == (9, 12.0)


def test_fresh_sets_aside_and_loses_nothing(job: Callable[..., Job]) -> None:
    """A fresh run moves earlier ratings to a name of their own, one number each, and begins anew."""
    assert run(replace(job(), fresh=True)).set_aside is None
    for number in (1, 2):
        finished = run(replace(job(), fresh=True))
        assert finished.progress.rated == 6
        assert finished.set_aside is not None
        assert finished.set_aside.name == f"context-carry~{number}"
        assert len(list((finished.set_aside / "ratings").iterdir())) == 6


def test_a_folder_that_cannot_be_written_is_one_sentence(job: Callable[..., Job], tmp_path: Path) -> None:
    """A results folder that is a file (or a full disk) ends the run with a sentence that says what is kept."""
    (tmp_path / "occupied").write_text("", encoding="utf-8")
    made = replace(job(), store=Store(tmp_path / "occupied" / "script" / "context-carry"))
    with pytest.raises(StoreError, match=r"occupied/script/context-carry cannot be written: .* every rating so far"):
        run(made)


def test_a_failure_survives_signs_that_look_like_line_ends(job: Callable[..., Job], scripted: type) -> None:
    """Unicode line separators in a message stay in it; a line torn inside a character is left out."""
    made = job(scripted(failing=frozenset({"a_sad"})))
    run(made)
    (failure,) = made.store.failures()
    odd = failure.model_copy(update={"message": "one\u2028two 행복"})
    made.store.record_failure(odd)
    with (made.store.folder / "errors.jsonl").open("ab") as log:
        log.write('{"message": "행'.encode()[:-1])
    assert made.store.failures() == (failure, odd)


def test_the_manifest_says_how_the_ratings_were_made(job: Callable[..., Job]) -> None:
    """Recipe, versions, machine, counts and the study's hash are on record."""
    run(job())
    manifest = job().store.manifest()
    assert manifest is not None
    assert manifest.recipe == job().recipe
    (record,) = manifest.runs
    assert {"python", "vlmrate", "numpy"} <= record.versions.keys()
    assert record.machine["cores"]
    assert (record.planned, record.rated, record.failed, record.status) == (6, 6, 0, "finished")
    assert len(manifest.study_sha256) == 64
