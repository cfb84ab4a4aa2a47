"""How derived raters are stored, refused and found again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from derive.bench import bench, noisy, values
from vlmrate.analysis.derivations import unsound
from vlmrate.derive.prepare import Wishes, prepare_for, store
from vlmrate.errors import RaterError, StoreError
from vlmrate.inference.derivation import Derivation
from vlmrate.inference.store import store_for
from vlmrate.inference.table import load_results


def test_a_derived_rater_does_without_the_pictures(desk):
    """Predictions can be imported where the pictures are not; so can others be made of them, and once more later."""
    for stimulus in desk.study.stimuli[:20]:
        stimulus.path.unlink()
    made = desk.derive("calibrated", "near")
    assert (made.progress.rated, made.progress.failed) == (24, 0)
    again = desk.derive("calibrated", "near")
    assert (again.progress.already_rated, again.progress.rated) == (24, 0)
    for stimulus in desk.study.stimuli:
        stimulus.path.write_bytes(stimulus.image_id.encode())
    assert desk.derive("calibrated", "near").progress.already_rated == 24
    desk.study.stimuli[-1].path.write_bytes(b"another picture")
    with pytest.raises(StoreError, match="is not the picture that was rated"):
        desk.derive("calibrated", "near")


def test_a_derived_rater_is_stored_like_any_other(desk):
    """One JSON an image under NAME/derived, a manifest with the recipe, and what it was made of beside it."""
    finished = desk.derive("calibrated", "near")
    assert (finished.progress.rated, finished.progress.failed) == (24, 0)
    manifest = json.loads((desk.folder() / "manifest.json").read_text(encoding="utf-8"))
    settings = manifest["recipe"]["settings"]
    assert (settings["kind"], settings["method"], settings["source_1"]) == (
        "derived",
        "calibrated",
        "near/native: emotion, valence",
    )
    assert (settings["held_out"], settings["folds"], settings["line_of"]) == ("identity", 5, "emotion")
    assert manifest["about"]["knows"].startswith("the emotion posed (an oracle in that)")
    record = Derivation.model_validate_json((desk.folder() / "derivation.json").read_bytes())
    assert record.sources[0].values_sha256 == settings["source_1_values"]
    rating = json.loads((desk.folder() / "ratings" / f"{desk.images[0]}.json").read_text(encoding="utf-8"))
    (step,) = rating["steps"]
    assert step["text"] == f"fold {record.folds[desk.images[0]]}"
    assert {answer["route"] for answer in step["answers"]} == {"native"}
    assert isinstance(step["answers"][1]["value"], float)


def test_the_rating_says_which_person_was_drawn(desk):
    """In the step's text."""
    desk.derive("person", name="someone")
    record = Derivation.model_validate_json((desk.folder("someone") / "derivation.json").read_bytes())
    rating = json.loads((desk.folder("someone") / "ratings" / f"{desk.images[4]}.json").read_text(encoding="utf-8"))
    assert rating["steps"][0]["text"] == f"person {record.drawn[desk.images[4]]}"


def test_the_same_again_does_nothing(desk):
    """Equal inputs: all ratings are there already, and no file of them is touched."""
    desk.derive("calibrated", "near")
    before = {file: file.stat().st_mtime_ns for file in (desk.folder() / "ratings").iterdir()}
    again = desk.derive("calibrated", "near")
    assert (again.progress.already_rated, again.progress.rated) == (24, 0)
    assert before == {file: file.stat().st_mtime_ns for file in (desk.folder() / "ratings").iterdir()}


def test_a_changed_source_makes_it_stale(desk):
    """It is refused with what differs, until --fresh sets the old one aside."""
    desk.derive("calibrated", "near")
    desk.rate("near", noisy(desk, 0.4, seed=9), fresh=True)
    with pytest.raises(StoreError, match=r"source_1_recipe: .*source_1_values: .*--fresh"):
        desk.derive("calibrated", "near")
    assert desk.derive("calibrated", "near", fresh=True).set_aside is not None


def test_changed_people_make_it_stale(desk):
    """So do other ratings by people, but not the same ones in another order."""
    desk.derive("category-mean")
    shuffled = desk.with_people(lambda table: table.sample(frac=1, random_state=1))
    assert shuffled.derive("category-mean").progress.rated == 0
    with pytest.raises(StoreError, match="people: "):
        desk.with_people(lambda table: table.assign(valence=table["valence"].replace(4.0, 5.0))).derive("category-mean")


def test_other_folds_or_seeds_are_another_rater(desk):
    """They change what is held out from what."""
    desk.derive("calibrated", "near")
    with pytest.raises(StoreError, match="folds: 5 there, 3 now"):
        desk.derive("calibrated", "near", folds=3)
    with pytest.raises(StoreError, match="seed: 0 there, 1 now"):
        desk.derive("calibrated", "near", seed=1)


def test_what_a_killed_run_left_is_finished(desk):
    """Ratings without their record, one of them gone: the same command brings both back."""
    desk.derive("calibrated", "near")
    (desk.folder() / "derivation.json").unlink()
    (desk.folder() / "ratings" / f"{desk.images[3]}.json").unlink()
    again = desk.derive("calibrated", "near")
    assert (again.progress.already_rated, again.progress.rated) == (23, 1)
    assert (desk.folder() / "derivation.json").is_file()


def test_images_that_no_source_rated_are_left_out(desk):
    """And counted aloud."""
    desk.rate("part", dict.fromkeys(desk.images[:10], 3.0))
    prepared = desk.prepare("calibrated", "part", by="none")
    assert len(prepared.job.stimuli) == 10
    assert prepared.notes[0] == "14 of 24 images are left out: nobody rated them"


@pytest.mark.parametrize(
    ("kind", "sources", "others", "sentence"),
    [
        ("calibrate", ("near",), {}, "no rater can be derived as 'calibrate'; did you mean 'calibrated'?"),
        ("calibrated", (), {}, "calibrated takes one --from"),
        ("ensemble", ("near",), {}, "ensemble takes 2 or more --from"),
        ("person", ("near",), {}, "person takes no --from"),
        ("hybrid", ("near", "near"), {}, "--from names one rater twice"),
        ("hybrid", ("near:emotion", "near:valence"), {}, "--from names one rater twice"),
        ("calibrated", ("neer",), {}, "--from neer: no rater of that name has rated the study; did you mean 'near'?"),
        ("calibrated", ("near/oracle",), {}, "--from near/oracle: no rater of that name"),
        ("calibrated", ("near:trust",), {}, "near did not answer an item 'trust'; it answered emotion, valence"),
        ("calibrated", ("near:valence,valence",), {}, "names an item twice"),
        ("calibrated", ("near:emotion",), {}, "people rated no item with numbers among emotion"),
        ("calibrated", ("near",), {"name": "near"}, "there is a rater called near already"),
        ("expected", ("near",), {"folds": 3}, "--folds does not apply to expected"),
        ("category-mean", (), {"seed": 3}, "--seed does not apply to category-mean"),
        ("calibrated", ("near:valence",), {"name": "a/b"}, None),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(desk, kind, sources, others, sentence):
    """A rater, item, option or name that will not do."""
    with pytest.raises((RaterError, StoreError)) as told:
        desk.prepare(kind, *sources, **others)
    assert sentence is None or sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_what_rests_on_people_is_not_calibrated(desk):
    """A line fitted to a fitted rater would see whom it serves by way of the first fit; nor is a person a source."""
    desk.derive("calibrated", "near")
    desk.derive("ensemble", "near", "made", name="both")
    desk.derive("person", name="someone")
    for source in ("made", "both"):
        with pytest.raises(RaterError, match="rests on people's ratings itself"):
            desk.prepare("calibrated", source, name="again")
    with pytest.raises(RaterError, match="one person's ratings cannot be made into another rater"):
        desk.prepare("ensemble", "near", "someone", name="again")


def test_what_a_source_was_told_reaches_whoever_is_made_of_it(desk):
    """An ensemble with an oracle in it says that it knows the emotion."""
    desk.derive("category-mean", name="oracle")
    assert "the emotion posed" in desk.prepare("ensemble", "near", "oracle").job.about["knows"]


def test_a_rater_is_not_made_of_what_was_made_of_it(desk):
    """Not even with --fresh, nor by way of a third: a circle would say of none of them what it is made of."""
    desk.rate("far", noisy(desk, 1.2))
    desk.derive("ensemble", "near", "far", name="first")
    desk.derive("ensemble", "first", "near", name="second")
    desk.derive("ensemble", "second", "far", name="third")
    for source in ("second", "third"):
        with pytest.raises(RaterError, match=f"--from {source}: it was itself made of first, which cannot be made"):
            desk.prepare("ensemble", source, "far", name="first", fresh=True)


def test_an_analysis_of_raters_made_of_one_another_says_so(desk):
    """Where such a circle is stored all the same the analysis ends, and takes neither for what it says it is."""
    desk.rate("far", noisy(desk, 1.2))
    desk.derive("ensemble", "near", "far", name="first")
    desk.derive("ensemble", "first", "near", name="second")
    circular = desk.prepare("ensemble", "second", "far", name="third")
    job = replace(circular.job, rater_name="first", store=store_for(desk.study, "first", "derived"), fresh=True)
    store(replace(circular, job=job))
    analysis = desk.analyze()
    assert {run.rater for run in analysis.runs} == {"near", "far", "first", "second"}
    material = desk.material()
    (second,) = [rater for rater in material.raters if rater.name == "second"]
    assert "its source first/derived has changed since it was derived" in unsound(material, second).reason


def test_a_protocol_is_named_where_there_are_several(desk):
    """RATER/PROTOCOL; without it the sentence lists them."""
    desk.rate("near", dict.fromkeys(desk.images, 2.0), protocol="other")
    with pytest.raises(RaterError, match="name one: near/native or near/other"):
        desk.prepare("ensemble", "near", "near/other")
    assert desk.prepare("ensemble", "near/native", "near/other:valence").made.derivation.items == ("valence",)


def test_a_broken_source_is_not_built_upon(desk):
    """A derived rater that has lost its record cannot be made into another."""
    desk.derive("calibrated", "near")
    file = desk.folder() / "derivation.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(RaterError, match=r"cannot serve as a source: its derivation\.json is missing"):
        desk.prepare("ensemble", "near", "made", name="both")


def test_a_study_without_people_or_raters_is_told_so(tmp_path):
    """What is missing decides the sentence."""
    empty = bench(tmp_path)
    with pytest.raises(RaterError, match="no rater has rated the study bench yet"):
        empty.prepare("calibrated", "near")
    assert len(values(empty.prepare("category-mean"))) == 24


def test_two_images_of_one_file_are_told_apart_or_refused(desk):
    """A derived rater finds its answers by file."""
    stimuli = list(desk.study.stimuli)
    stimuli[1] = replace(stimuli[1], path=stimuli[0].path)
    study = replace(desk.study, stimuli=tuple(stimuli))
    with pytest.raises(RaterError, match="is that of another image too"):
        prepare_for(study, load_results(study), Wishes("category-mean", (), "made"))
