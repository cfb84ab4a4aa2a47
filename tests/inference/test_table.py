"""All ratings as one long table, in memory and as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from vlmrate.errors import StoreError
from vlmrate.inference.export import export_table
from vlmrate.inference.runner import run
from vlmrate.inference.table import COLUMNS, load_results

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.inference.runner import Job
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
