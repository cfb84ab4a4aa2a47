"""Predictions made elsewhere as a rater on disk: stored whole, resumed, never mixed, readable like any rater."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import RaterError, StoreError
from vlmrate.inference.files import exclusive
from vlmrate.inference.imported import ImportWishes, examine_predictions, import_predictions
from vlmrate.inference.runner import run
from vlmrate.inference.store import stores
from vlmrate.inference.table import load_results
from vlmrate.raters.table.mapping import Said
from vlmrate.study.images import image_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.inference.job import Job
    from vlmrate.study.records import Study

ROWS = "image_id,emotion,v\na_happy,happy,1\na_sad,sad,-0.5\nb_happy,joy,0\nb_sad,,0.25\nc_happy,happy,\nc_sad,sad,-1\n"


@pytest.fixture
def wishes(study: Study, tmp_path: Path) -> ImportWishes:
    """An import of six images, one label off the list, one label and one number missing."""
    file = tmp_path / "theirs.csv"
    file.write_text(ROWS, encoding="utf-8")
    return ImportWishes(
        file=file,
        rater="theirs",
        said=Said(columns=("valence=v",), ranges=("valence=-1:1",)),
        off_list="keep",
        about={"source": "a lab", "parameters": "8.4M"},
        study=study.file,
    )


def test_an_import_is_a_rater_like_any_other(wishes: ImportWishes, study: Study) -> None:
    """The long table has a row an image and item: values on the study's scale, the routes of what is missing."""
    imported = import_predictions(wishes)
    assert (imported.stored, imported.already_there, imported.without_picture) == (6, 0, 0)
    results = load_results(study)
    rows = results.ratings.set_index(["image_id", "item"])
    assert set(rows["protocol"]) == {"imported"}
    assert rows["value"].xs("valence", level="item").to_dict() == {
        "a_happy": 9.0, "a_sad": 3.0, "b_happy": 5.0, "b_sad": 6.0, "c_happy": None, "c_sad": 1.0,
    }  # fmt: skip
    assert rows["route"].xs("emotion", level="item").to_dict() == {
        "a_happy": "native", "a_sad": "native", "b_happy": "off-list", "b_sad": "invalid", "c_happy": "native",
        "c_sad": "native",
    }  # fmt: skip
    (outcome,) = results.runs
    assert (outcome.planned, outcome.rated, outcome.failed, outcome.unreadable) == (6, 6, 0, 0)
    assert outcome.settings["source"] == "a lab"
    assert outcome.settings["range.valence"] == "-1.0:1.0"


def test_the_manifest_says_where_it_comes_from(wishes: ImportWishes, study: Study) -> None:
    """Digest of the file, what was done to it, what is known of the rater; and each image's picture is on record."""
    store = import_predictions(wishes).store
    manifest = store.manifest()
    assert manifest is not None
    settings = manifest.recipe.settings
    assert (settings["kind"], settings["file"], settings["file_sha256"]) == (
        "table", "theirs.csv", image_digest(wishes.file),
    )  # fmt: skip
    assert manifest.about == {"source": "a lab", "parameters": "8.4M"}
    assert set(manifest.scales) == {"emotion", "valence"}
    assert [(run.status, run.rated, run.invalid_answers) for run in manifest.runs] == [("finished", 6, 3)]
    rating = store.read("a_happy", 1)
    assert rating is not None
    assert rating.image_sha256 == image_digest(study.stimuli[0].path)
    assert rating.steps[0].text == '{"emotion": "happy", "v": "1"}'


def test_the_same_file_again_does_nothing(wishes: ImportWishes) -> None:
    """Not a byte changes; new words on its source are taken over."""
    store = import_predictions(wishes).store
    before = {file: file.read_bytes() for file in store.input_files() if file.is_file()}
    again = import_predictions(wishes)
    assert (again.stored, again.already_there, again.described_anew) == (0, 6, False)
    assert {file: file.read_bytes() for file in store.input_files() if file.is_file()} == before
    described = import_predictions(replace(wishes, about={"licence": "CC0"}))
    assert (described.stored, described.described_anew) == (0, True)
    manifest = store.manifest()
    assert manifest is not None
    assert manifest.about == {"source": "a lab", "parameters": "8.4M", "licence": "CC0"}
    assert len(manifest.runs) == 1


def test_what_was_lost_is_imported_again_and_nothing_else(wishes: ImportWishes) -> None:
    """A rating that is gone or torn is written anew, as after an import that was killed."""
    store = import_predictions(wishes).store
    store.path("a_sad", 1).unlink()
    store.path("b_sad", 1).write_text("{", encoding="utf-8")
    again = import_predictions(wishes)
    assert (again.stored, again.already_there) == (2, 4)
    manifest = store.manifest()
    assert manifest is not None
    assert [(run.rated, run.already_rated) for run in manifest.runs] == [(6, 0), (2, 4)]


@pytest.mark.parametrize("change", ["file", "mapping"])
def test_another_file_or_mapping_is_never_mixed_in(wishes: ImportWishes, change: str) -> None:
    """It is refused with what differs; --fresh sets the earlier ratings aside."""
    store = import_predictions(wishes).store
    other = replace(wishes, off_scale="clamp")
    if change == "file":
        wishes.file.write_text(ROWS.replace("-0.5", "0.5"), encoding="utf-8")
        other = wishes
    field = "file_sha256: " if change == "file" else "off_scale: fault there, clamp now"
    with pytest.raises(StoreError, match=f"holds ratings made in another way .*{field}.*Pass --fresh"):
        import_predictions(other)
    fresh = import_predictions(replace(other, fresh=True))
    assert (fresh.stored, fresh.set_aside) == (6, store.folder.with_name("imported~1"))


def test_ratings_of_an_import_without_an_end_are_not_taken_for_another_file(wishes: ImportWishes, study: Study) -> None:
    """The manifest comes last: before it no analysis sees the rater, and another file does not go on with it."""
    store = import_predictions(wishes).store
    (store.folder / "manifest.json").unlink()
    assert stores(study) == ()
    with pytest.raises(StoreError, match=r"was imported from another file, or read in another way\. Pass --fresh"):
        import_predictions(replace(wishes, off_scale="clamp"))
    assert import_predictions(wishes).already_there == 6
    assert len(stores(study)) == 1


def test_nothing_is_stored_while_anything_is_wrong(wishes: ImportWishes, study: Study) -> None:
    """The first fault is told, the others counted; the results folder is not even made."""
    wishes.file.write_text(ROWS.replace("c_sad", "c_bad").replace("a_sad,sad,-0.5", "a_sad,sad,-5"), encoding="utf-8")
    assert len(examine_predictions(wishes).faults) == 2
    with pytest.raises(RaterError, match=r"row 3, column v: -5 is off the scale -1 to 1.* … and 1 more; nothing was"):
        import_predictions(wishes)
    assert not study.results.exists()


def test_faults_leave_earlier_ratings_where_they_are(wishes: ImportWishes) -> None:
    """Even with --fresh: the file is read before anything is set aside."""
    store = import_predictions(wishes).store
    wishes.file.write_text("image_id,v\na_sad,x\n", encoding="utf-8")
    with pytest.raises(RaterError, match="nothing was stored"):
        import_predictions(replace(wishes, fresh=True))
    assert len(list(store.rating_files())) == 6


def test_pictures_may_be_elsewhere(wishes: ImportWishes, study: Study) -> None:
    """Without a picture there is none on record; it is counted, and the picture may come later."""
    picture = study.stimuli[0].path
    content = picture.read_bytes()
    picture.unlink()
    imported = import_predictions(wishes)
    assert (imported.stored, imported.without_picture) == (6, 1)
    rating = imported.store.read("a_happy", 1)
    assert rating is not None
    assert rating.image_sha256 == ""
    picture.write_bytes(content)
    assert import_predictions(wishes).already_there == 6


def test_another_picture_under_the_same_name_is_refused(wishes: ImportWishes, study: Study) -> None:
    """As for every rater: what was said was said of the picture that was there."""
    import_predictions(wishes)
    study.stimuli[0].path.write_bytes(study.stimuli[1].path.read_bytes())
    with pytest.raises(StoreError, match=r"a_happy\.png is not the picture that was there when"):
        import_predictions(wishes)


def test_a_folder_in_use_and_a_name_that_cannot_be_are_refused(wishes: ImportWishes, study: Study) -> None:
    """One writer at a time; and no rater writes outside of the results."""
    store = examine_predictions(wishes).store
    store.folder.parent.mkdir(parents=True)
    with exclusive(store.lock_file), pytest.raises(StoreError, match="another vlmrate process is writing to"):
        import_predictions(wishes)
    assert list(store.folder.parent.glob("imported*")) == []
    for name in ("../elsewhere", "report", "", "a~2"):
        with pytest.raises(StoreError, match="give the rater another with --as"):
            examine_predictions(replace(wishes, rater=name))


def test_a_name_is_not_shared_with_a_rater_that_was_asked(
    wishes: ImportWishes, study: Study, job: Callable[..., Job]
) -> None:
    """Else the predictions would count as the same rater asked in another way; not even --fresh mixes them."""
    run(job(name="theirs"))
    for fresh in (False, True):
        with pytest.raises(StoreError, match=r"a rater called theirs already, which was asked in words .*--as"):
            import_predictions(replace(wishes, fresh=fresh))
    assert [store.folder.name for store in stores(study)] == ["context-carry"]
    assert import_predictions(replace(wishes, rater="others")).stored == 6
