"""The long table of a study as a file for R, Python or a spreadsheet."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from vlmrate.errors import StoreError
from vlmrate.inference.table import COLUMNS, load_results

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from vlmrate.study.records import Study

_CSV = (".csv", ".csv.gz")
_PARQUET = ".parquet"


def export_table(study: Study, file: Path, *, people: bool = False) -> int:
    """Write every rating with its image's factors; the number of rows written.

    With `people` each person's ratings stand below, their id in `rater` and "people" in `protocol`. Missing values are
    empty in CSV. Values are text in the Parquet form, since labels and numbers share a column.

    Raises:
        StoreError: There is nothing to write, the ending is unknown, or the file cannot be written.
    """
    if not file.name.endswith((*_CSV, _PARQUET)):
        raise StoreError(f"{file}: the ending says the format; use .csv, .csv.gz or .parquet")
    table = load_results(study).ratings
    if people:
        table = _with_people(table, study)
    if table.empty:
        raise StoreError(f"study {study.name} has no ratings to export yet; run `vlmrate infer` first")
    table = table.merge(_factors(study), on="image_id", how="left", validate="many_to_one")
    try:
        _write(table, file)
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror or error}") from None
    return len(table)


def _factors(study: Study) -> pd.DataFrame:
    import pandas as pd

    rows = [{"image_id": stimulus.image_id, **stimulus.factors} for stimulus in study.stimuli]
    taken = set(COLUMNS) - {"image_id"}
    return pd.DataFrame(rows).rename(columns=lambda name: f"stimulus_{name}" if name in taken else name)


def _with_people(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    import pandas as pd

    if study.ratings is None or not study.ratings.has_singles:
        raise StoreError(f"study {study.name} has no ratings of single people to export; leave out --people")
    parts = [
        study.ratings.singles(item)
        .rename(columns={"rater_id": "rater"})
        .assign(protocol="people", repeat=1, item=item, route="native", clamped=False)
        for item in study.ratings.items
    ]
    return pd.concat([table, *parts], ignore_index=True)


def _write(table: pd.DataFrame, file: Path) -> None:
    if not file.name.endswith(_PARQUET):
        table.to_csv(file, index=False)
        return
    try:
        metadata.version("pyarrow")
    except metadata.PackageNotFoundError:
        raise StoreError("a Parquet file needs pyarrow: pip install 'vlmrate[parquet]'") from None
    table.assign(value=table["value"].map(lambda value: None if value is None else str(value))).to_parquet(file)
