"""All ratings as one long table, in memory and as a file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from vlmrate.errors import StoreError
from vlmrate.inference.export import export_table
from vlmrate.inference.runner import run
from vlmrate.inference.table import COLUMNS, load_results
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.inference.job import Job
    from vlmrate.study.records import Study


def test_the_table_has_a_row_an_item_and_repeat(job: Callable[..., Job], study: Study, scripted: type) -> None:
    """Two raters, one with an unreadable label and two repeats: values, routes and expectations stand as stored."""
    run(job())
    run(job(scripted(answers=("no idea", "9", "2")), name="other", repeats=2))
    ratings = load_results(study).ratings
    assert tuple(ratings.columns) == COLUMNS
    assert len(ratings) == 6 * 3 + 6 * 2 * 3
    label = ratings.query("rater == 'other' and item == 'emotion' and repeat == 2 and image_id == 'a_sad'").iloc[0]
    assert (label["value"], label["route"]) == (None, "invalid")
    valence = ratings.query("rater == 'script' and item == 'valence' and image_id == 'a_sad'").iloc[0]
    assert (valence["value"], valence["expected"], valence["valid_mass"]) == (7.0, 5.0, 0.9)


def test_runs_are_counted(job: Callable[..., Job], study: Study, scripted: type) -> None:
    """A failure counts until the image is rated; files that cannot be read are counted apart."""
    run(job(scripted(failing=frozenset({"a_sad", "b_sad"}))))
    run(job(scripted(failing=frozenset({"b_sad"}))))
    job().store.path("c_sad", 1).write_text("{", encoding="utf-8")
    (outcome,) = load_results(study).runs
    assert (outcome.planned, outcome.rated, outcome.failed, outcome.unreadable) == (6, 4, 1, 1)


def test_folders_set_aside_are_left_out(job: Callable[..., Job], study: Study) -> None:
    """Ratings set aside by --fresh are nobody's any more."""
    run(job())
    job().store.set_aside()
    assert load_results(study).ratings.empty


def test_ratings_copied_in_from_elsewhere_are_refused(job: Callable[..., Job], study: Study, scripted: type) -> None:
    """A rating made at another temperature, laid into a folder by hand, is named and not counted."""
    run(job())
    run(job(scripted(temperature=1.5), name="warm"))
    foreign = job(name="warm").store.path("a_sad", 1)
    foreign.replace(job().store.path("a_sad", 1))
    with pytest.raises(StoreError, match=r"a_sad.json was made in another way than its folder's manifest says"):
        load_results(study)


def test_a_copied_folder_is_no_second_rater(job: Callable[..., Job], study: Study) -> None:
    """A backup beside the rater's folder is named and to be moved away."""
    run(job())
    folder = job().store.folder.parent
    shutil.copytree(folder, folder.with_name("script-backup"))
    with pytest.raises(StoreError, match="holds ratings by script under context-carry, so it is a copy"):
        load_results(study)


def test_images_taken_out_of_the_study_are_left_out_and_counted(job: Callable[..., Job], study: Study) -> None:
    """Ratings of images that the study no longer has do not stop an analysis."""
    run(job())
    results = load_results(replace(study, stimuli=study.stimuli[:4]))
    assert set(results.ratings["image_id"]) == {stimulus.image_id for stimulus in study.stimuli[:4]}
    assert (results.runs[0].rated, results.runs[0].outside) == (4, 2)


def test_answers_on_another_scale_are_refused(job: Callable[..., Job], study: Study) -> None:
    """A scale changed after the run would give the stored numbers another meaning."""
    run(job())
    items = tuple(replace(i, scale=Likert(1, 20)) if i.name == "valence" else i for i in study.items)
    with pytest.raises(StoreError, match=r"valence on another scale \(1 to 9\) than the study has now .1 to 20"):
        load_results(replace(study, items=items))


def test_items_left_unasked_are_rows_of_their_own(job: Callable[..., Job], study: Study, scripted: type) -> None:
    """Where a protocol stopped at an unreadable answer, the later items count as asked for and not answered."""
    made = job(scripted(answers=("no idea",)))
    run(replace(made, protocol=replace(made.protocol, on_invalid="stop")))
    ratings = load_results(study).ratings
    assert len(ratings) == 18
    assert dict(ratings["route"].value_counts()) == {"unasked": 12, "invalid": 6}


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_the_exported_table_carries_the_factors(
    job: Callable[..., Job], study: Study, tmp_path: Path, ending: str
) -> None:
    """Every row has its image's factors; both formats give the same values back."""
    run(job())
    file = tmp_path / f"long{ending}"
    assert export_table(study, file) == 18
    table = pd.read_parquet(file) if ending == ".parquet" else pd.read_csv(file, dtype={"value": str})
    row = table.query("image_id == 'b_sad' and item == 'valence'").iloc[0]
    assert (row["emotion"], row["who"], float(row["value"])) == ("sad", "b", 7.0)


@pytest.mark.parametrize(
    ("name", "said"), [("long.xlsx", "use .csv, .csv.gz or .parquet"), ("no/such/folder.csv", "cannot be written")]
)
def test_an_export_that_cannot_be_written_is_said(
    job: Callable[..., Job], study: Study, tmp_path: Path, name: str, said: str
) -> None:
    """An unknown ending or a missing folder is one sentence."""
    run(job())
    with pytest.raises(StoreError, match=said):
        export_table(study, tmp_path / name)


def test_nothing_to_export_is_said(study: Study, tmp_path: Path) -> None:
    """Before any run there is no table."""
    with pytest.raises(StoreError, match="no ratings to export yet"):
        export_table(study, tmp_path / "long.csv")
