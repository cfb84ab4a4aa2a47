"""People's ratings: one row a rater and image, or already aggregated to mean, SD and n."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.errors import StudyError
from vlmrate.study.csvfile import UNREADABLE, header_faults, read_header, why_unreadable
from vlmrate.study.faults import Fault, did_you_mean
from vlmrate.study.ratings_checks import aggregated_faults, raw_faults, time_faults
from vlmrate.study.records import Item, Labels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RAW_COLUMNS = ("rater_id", "image_id")
AGGREGATED_COLUMNS = ("image_id", "item", "mean", "sd", "n")
MISSING = ("", "NA")


@dataclass(frozen=True, slots=True, eq=False)
class HumanRatings:
    """Ratings that people gave to a study's images.

    `items` are the study's items that people rated, in the study's order. `table` is as loaded: with singles
    rater_id, image_id, a column an item (float, or text for labels; missing cells NaN) and any extra columns;
    else image_id, item, mean, sd, n. `response_time` names the column of how long each rating took, where there is one.
    """

    items: tuple[str, ...]
    table: pd.DataFrame
    has_singles: bool
    response_time: str | None = None

    def singles(self, item: str) -> pd.DataFrame:
        """Single ratings that are not missing: rater_id, image_id, value (float, or text for labels).

        Raises:
            StudyError: People did not rate the item, or only means are at hand.
        """
        self._require(item)
        if not self.has_singles:
            raise StudyError(f"people's ratings of {item} are aggregated (mean, sd, n), but single ratings are needed")
        single = self.table.loc[self.table[item].notna(), [*RAW_COLUMNS, item]]
        return single.rename(columns={item: "value"}).reset_index(drop=True)

    def means(self, item: str) -> pd.DataFrame:
        """Mean, SD (n - 1; NaN where n is 1) and number of ratings of each image that has any.

        Index image_id, sorted; columns mean, sd (float), n (int), in the units of the item's scale.

        Raises:
            StudyError: People did not rate the item, or it is answered with labels and has no mean.
        """
        self._require(item)
        if not self.has_singles:
            rows = self.table.loc[self.table["item"] == item, ["image_id", "mean", "sd", "n"]]
            return rows.set_index("image_id").sort_index()
        if not pd.api.types.is_numeric_dtype(self.table[item]):
            raise StudyError(f"the item {item} is answered with labels and has no mean; use its votes")
        values = self.table[item].dropna().groupby(self.table["image_id"])
        return pd.DataFrame({"mean": values.mean(), "sd": values.std(ddof=1), "n": values.count()})

    def votes(self, item: str) -> pd.DataFrame:
        """How often each label was given to each image.

        Index image_id, sorted; a column (int) for each label that was given.

        Raises:
            StudyError: As `singles`.
        """
        single = self.singles(item)
        return pd.crosstab(single["image_id"], single["value"])

    def log_times(self) -> pd.Series[float]:
        """Median natural log of the response time of each image, over people; index image_id, sorted.

        Images without any are left out. A unit shifts all of them alike.

        Raises:
            StudyError: The study names no column of response times.
        """
        if self.response_time is None:
            raise StudyError("the study names no column of response times (response_time in study.yaml)")
        logs: pd.Series[float] = np.log(self.table[self.response_time].dropna())
        return logs.groupby(self.table["image_id"]).median()

    def _require(self, item: str) -> None:
        if item not in self.items:
            rated = ", ".join(self.items)
            raise StudyError(f"people did not rate the item {item} (they rated {rated})")


def read_ratings(
    file: Path, items: Sequence[Item], image_ids: Sequence[str] | None, *, response_time: str | None = None
) -> tuple[HumanRatings | None, tuple[Fault, ...]]:
    """Read people's ratings, plain or .gz, raw or aggregated (told apart by their columns), with every fault.

    The ratings are None where they cannot be used. `image_ids` are the study's images, None where they are
    not known (then no image is called unknown). `response_time` names the column of how long each rating took. Blank
    cells and NA are missing.
    """
    try:
        header = read_header(file)
    except UNREADABLE as error:
        return None, (why_unreadable(file, error),)
    if not header:
        return None, (Fault(file, None, None, "is empty; the first row must name the columns"),)
    aggregated = set(AGGREGATED_COLUMNS) <= set(header)
    wanted = AGGREGATED_COLUMNS if aggregated else RAW_COLUMNS
    item_faults = () if aggregated else _item_column_faults(file, header, items)
    faults = (*header_faults(file, header, wanted), *item_faults)
    if response_time is not None and not faults:
        faults = _time_column_faults(file, header, items, response_time, aggregated=aggregated)
    if faults:
        return None, faults
    if aggregated:
        return _read_aggregated(file, header, items, image_ids)
    return _read_raw(file, header, items, image_ids, response_time)


def _time_column_faults(
    file: Path, header: Sequence[str], items: Sequence[Item], column: str, *, aggregated: bool
) -> tuple[Fault, ...]:
    """Response times need a column of single ratings that is nothing else."""
    names = {item.name for item in items}
    extras = [name for name in header if name not in {*RAW_COLUMNS, *names}]
    if aggregated:
        message = "means of ratings have no response times; take response_time out of the study file"
    elif column in header and column not in extras:
        message = "is an id or an item and cannot be the response time too; name another column in the study file"
    elif column not in header:
        message = f"the column of response times is missing; {did_you_mean(column, extras)}"
    else:
        return ()
    return (Fault(file, 1, column, message),)


def _item_column_faults(file: Path, header: Sequence[str], items: Sequence[Item]) -> tuple[Fault, ...]:
    """Raw ratings need a column of an item, and none that differs from one by case or spaces alone."""
    names = [item.name for item in items]
    by_folded = {name.casefold(): name for name in names if name not in header}
    near = [(column, by_folded.get(column.strip().casefold())) for column in header]
    if faults := tuple(
        Fault(file, 1, column, f"is nearly the item {name}; write it so") for column, name in near if name
    ):
        return faults
    if not set(names) & set(header):
        return (Fault(file, 1, None, f"has no column of an item; the study's items are {', '.join(names)}"),)
    return ()


def _read_raw(
    file: Path,
    header: Sequence[str],
    items: Sequence[Item],
    image_ids: Sequence[str] | None,
    response_time: str | None,
) -> tuple[HumanRatings | None, tuple[Fault, ...]]:
    rated = [item for item in items if item.name in header]
    texts = [*RAW_COLUMNS, *(item.name for item in rated if isinstance(item.scale, Labels))]
    table, faults = _read_table(file, header, texts, [item.name for item in rated])
    if table is None:
        return None, faults
    found = raw_faults(file, table, rated, image_ids)
    if response_time is not None:
        found = (*found, *time_faults(file, table[response_time]))
    if found:
        return None, found
    names = tuple(item.name for item in rated)
    numeric = [name for name in (*names, response_time) if name is not None and name not in texts]
    return HumanRatings(names, _typed(table, texts, numeric), has_singles=True, response_time=response_time), ()


def _read_aggregated(
    file: Path, header: Sequence[str], items: Sequence[Item], image_ids: Sequence[str] | None
) -> tuple[HumanRatings | None, tuple[Fault, ...]]:
    table, faults = _read_table(file, header, ["image_id", "item"], ["mean", "sd", "n"])
    if table is None:
        return None, faults
    found = aggregated_faults(file, table, items, image_ids)
    if found:
        return None, found
    present = set(table["item"].cat.categories)
    rated = tuple(item.name for item in items if item.name in present)
    typed = table.astype({"image_id": "str", "item": "str", "mean": float, "sd": float, "n": int})
    return HumanRatings(rated, typed.reset_index(drop=True), has_singles=False), ()


def _read_table(
    file: Path, header: Sequence[str], texts: Sequence[str], may_miss: Sequence[str]
) -> tuple[pd.DataFrame | None, tuple[Fault, ...]]:
    """The table indexed by row of the file, `texts` as categories (so ids like 007 keep their zeros).

    Only the columns `may_miss` know missing values besides extra ones; wholly blank rows are dropped.
    """
    extras = [name for name in header if name not in {*texts, *may_miss}]
    try:
        table = pd.read_csv(
            file,
            engine="c",
            encoding="utf-8",
            dtype=dict.fromkeys(texts, "str"),  # read as categories at once, 007 would become 7
            keep_default_na=False,
            na_values={name: list(MISSING) for name in [*may_miss, *extras]},
            skip_blank_lines=False,
            low_memory=False,
        )
    except pd.errors.ParserError as error:
        return None, (_ragged(file, error),)
    except UNREADABLE as error:
        return None, (why_unreadable(file, error),)
    if not isinstance(table.index, pd.RangeIndex):
        return None, (Fault(file, 2, None, "has more cells than the header; look for a stray comma"),)
    table.index = pd.RangeIndex(2, 2 + len(table))
    table = table.astype(dict.fromkeys(texts, "category"))
    blank = table[header[0]].isna() | table[header[0]].isin([""])
    if blank.any():
        rows = table[blank]
        wholly = (rows.isna() | (rows.astype(object) == "")).all(axis=1)
        table = table.drop(index=rows.index[wholly])
    if table.empty:
        return None, (Fault(file, None, None, "holds no ratings, only a header"),)
    return table, ()


def _ragged(file: Path, error: pd.errors.ParserError) -> Fault:
    """pandas says 'Expected 5 fields in line 7, saw 6' in the middle of its message."""
    words = str(error).replace(",", " ").split()
    row = next((int(after) for word, after in pairwise(words) if word == "line"), None)
    return Fault(file, row, None, "has more cells than the header; look for a stray comma")


def _typed(table: pd.DataFrame, texts: Sequence[str], numeric: Sequence[str]) -> pd.DataFrame:
    kinds: dict[str, str] = {**dict.fromkeys(texts, "str"), **dict.fromkeys(numeric, "float64")}
    return table.astype(kinds).reset_index(drop=True)
