"""A whole check with a rater that replays its baseline: modes, refusals, and what is told of the setting."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from check.replay import Replay, elsewhere, job_of, outcome_of, reworded
from vlmrate.check.gate import refuse_misfit, subset_of
from vlmrate.check.make import setting_now
from vlmrate.check.rerate import rerate
from vlmrate.errors import CheckError
from vlmrate.inference.runner import run
from vlmrate.study.ratings import HumanRatings

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from vlmrate.check.records import Baseline
    from vlmrate.study.records import Study


@pytest.fixture
def here(baseline: Baseline, demo: Study, tmp_path: Path) -> Baseline:
    """The repository's baseline as if it had been made on this machine."""
    now = setting_now(job_of(demo, Replay(baseline), tmp_path))
    return baseline.model_copy(update={"machine": dict(now.machine), "versions": dict(now.versions)})


def test_a_rater_that_says_the_same_passes(here: Baseline, demo: Study, tmp_path: Path) -> None:
    """Nothing differs, every row passed, and speed and memory are told as ratios."""
    outcome = outcome_of(demo, Replay(here), tmp_path)
    assert (outcome.verdict, outcome.mode, outcome.differs, outcome.most_changed) == ("pass", "exact", (), ())
    assert {"seconds", "memory"} == set(outcome.ratios)


def test_another_chip_is_judged_by_tests_and_has_no_ratios(here: Baseline, demo: Study, tmp_path: Path) -> None:
    """Equal answers pass on another chip too; speed there says nothing."""
    outcome = outcome_of(demo, Replay(elsewhere(here)), tmp_path)
    assert (outcome.verdict, outcome.mode, outcome.ratios) == ("pass", "statistical", {})
    assert [entry.what for entry in outcome.differs] == ["machine: chip"]


def test_a_server_is_never_held_to_equal_answers(here: Baseline, demo: Study, tmp_path: Path) -> None:
    """Where answers are computed elsewhere nobody knows on what."""
    settings = {**here.recipe.settings, "kind": "server"}
    served = here.model_copy(update={"recipe": here.recipe.model_copy(update={"settings": settings})})
    assert outcome_of(demo, Replay(served), tmp_path).mode == "statistical"


def test_the_words_that_changed_are_shown(here: Baseline, demo: Study, tmp_path: Path) -> None:
    """A prompt is shown from a few words before the change to a few after it."""
    outcome = outcome_of(demo, Replay(reworded(here)), tmp_path)
    (prompt,) = outcome.differs
    assert (prompt.before, prompt.now) == (
        "What is the fiscal expression in this …",
        "What is the facial expression in this …",
    )


def test_images_that_changed_most_come_first(here: Baseline, demo: Study, tmp_path: Path) -> None:
    """Flips decide, then the shift; not more than ten are listed."""
    ids = [image.image_id for image in here.images]
    instead = {(image_id, "valence"): "1" for image_id in ids[:14]} | {(ids[5], "arousal"): "9"}
    outcome = outcome_of(demo, Replay(here, instead), tmp_path)
    assert len(outcome.most_changed) == 10
    assert outcome.most_changed[0].image_id == ids[5]


def test_a_check_that_could_not_be_carried_out_is_no_pass(here: Baseline, demo: Study, tmp_path: Path) -> None:
    """One image fails: the sentence names it, and nothing is compared."""
    broken = here.images[4].image_id
    with pytest.raises(CheckError, match=rf"1 of 36 images could not be rated \({broken}: .+ is damaged\)"):
        outcome_of(demo, Replay(here, broken=(broken,)), tmp_path)


def test_stored_ratings_of_other_pictures_or_versions_are_not_taken(
    here: Baseline, demo: Study, tmp_path: Path
) -> None:
    """`cached` takes what would come out the same: not a picture that was replaced, not another version of mlx."""
    job = job_of(demo, Replay(here), tmp_path)
    stimuli = subset_of(demo, here, "baseline")
    run(replace(job, stimuli=stimuli))
    assert rerate(job, stimuli, lambda _: None, cached=True).from_store == 36
    other = tmp_path / f"{stimuli[0].image_id}.jpg"
    other.write_bytes(stimuli[1].path.read_bytes())
    swapped = (replace(stimuli[0], path=other), *stimuli[1:])
    assert rerate(job, swapped, lambda _: None, cached=True).from_store == 35
    manifest = job.store.manifest()
    assert manifest is not None
    old = manifest.runs[0].model_copy(update={"versions": {**manifest.runs[0].versions, "mlx": "0.1"}})
    job.store.write_manifest(manifest.model_copy(update={"runs": (old,)}))
    assert rerate(job, stimuli, lambda _: None, cached=True).from_store == 0


def test_results_are_not_touched(here: Baseline, demo: Study, tmp_path: Path) -> None:
    """A check leaves nothing in the folder of the rater's ratings."""
    outcome_of(demo, Replay(here), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_study_and_missing_images_are_refused(baseline: Baseline, demo: Study) -> None:
    """The sentence says which study, or how many images lack."""
    with pytest.raises(CheckError, match="is of the study demo, not of other; name another with --baseline"):
        subset_of(replace(demo, name="other"), baseline, "b.json")
    with pytest.raises(CheckError, match=r"b.json has \d+ images that the study lacks"):
        subset_of(replace(demo, stimuli=demo.stimuli[:50]), baseline, "b.json")


def test_other_scales_are_refused(baseline: Baseline, demo: Study, tmp_path: Path) -> None:
    """Answers on a scale to 9 say nothing about answers on one to 7."""
    job = job_of(demo, Replay(baseline), tmp_path)
    other = baseline.model_copy(update={"scales": {**baseline.scales, "valence": ("1", "2", "3")}})
    with pytest.raises(CheckError, match="have other scales; make the baseline anew"):
        refuse_misfit(job, other, "b.json")


def test_other_people_are_refused(baseline: Baseline, demo: Study, tmp_path: Path) -> None:
    """Metrics against people can be compared only while the people stay."""
    assert demo.ratings is not None
    table: pd.DataFrame = demo.ratings.table.assign(valence=5.0)
    others = replace(demo, ratings=HumanRatings(demo.ratings.items, table, has_singles=True))
    with pytest.raises(CheckError, match=r"people's ratings or intended answers .+ are not those it was made with"):
        refuse_misfit(job_of(others, Replay(baseline), tmp_path), baseline, "b.json")


def test_folders_and_addresses_are_in_no_setting(baseline: Baseline, demo: Study, tmp_path: Path) -> None:
    """A model folder keeps its name, a server's address is left out: a baseline goes to other machines."""
    job = replace(job_of(demo, Replay(baseline), tmp_path), about={"model": "/somewhere/on/this/disk/tiny"})
    settings = {**baseline.recipe.settings, "url": "http://127.0.0.1:8000/v1"}
    served = baseline.model_copy(update={"recipe": baseline.recipe.model_copy(update={"settings": settings})})
    now = setting_now(replace(job, rater=Replay(served)))
    assert (now.about["model"], now.recipe.settings["url"]) == ("tiny", "an address")
