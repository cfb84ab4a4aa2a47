"""What can be wrong with a table of ratings, found for all rows at once.

Tables are indexed by the row of the file, with ids and labels as categories.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.study.faults import Fault, did_you_mean
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


def raw_faults(
    file: Path, table: pd.DataFrame, rated: Sequence[Item], image_ids: Sequence[str] | None
) -> tuple[Fault, ...]:
    """Faults of single ratings: ids, raters that rated an image twice, values that are not on their scale."""
    faults = [
        *_blank(file, table, "rater_id"),
        *_image_faults(file, table, image_ids),
        *_twice(file, table, "rater_id", "image_id", "this rater has already rated the image"),
    ]
    for item in rated:
        check = _label_faults if isinstance(item.scale, Labels) else _number_faults
        faults.extend(check(file, table[item.name], item))
    return _in_order(faults)


def aggregated_faults(
    file: Path, table: pd.DataFrame, items: Sequence[Item], image_ids: Sequence[str] | None
) -> tuple[Fault, ...]:
    """Faults of aggregated ratings: ids, items, means off the scale, impossible SDs and counts."""
    scales = {item.name: item.scale for item in items}
    unknown = table["item"].notna() & ~table["item"].isin([*scales, ""])
    faults = [
        *_image_faults(file, table, image_ids),
        *_blank(file, table, "item"),
        *_grouped(file, table["item"], unknown, _unknown_item(list(scales))),
        *_twice(file, table, "image_id", "item", "the item's mean for this image already stands"),
    ]
    for name, scale in scales.items():
        rows = table[table["item"] == name]
        if isinstance(scale, Labels) and len(rows):
            message = f"the item {name} is answered with labels and has no mean; give one row a rater and image"
            faults.append(_fault(file, rows.index, "item", message))
        elif isinstance(scale, Likert):
            faults.extend(_mean_faults(file, rows["mean"], scale))
    faults.extend(_spread_faults(file, table))
    return _in_order(faults)


def time_faults(file: Path, column: pd.Series) -> tuple[Fault, ...]:
    """Response times that are no number above 0; a missing one is no fault."""
    numbers, no_number = _numbers(column)
    wrong = numbers.notna() & ~numbers.between(0, np.finfo(float).max, inclusive="right")
    advice = "no response time above 0; leave the cell blank where it is not known"
    faults = [
        *_grouped(file, column, no_number, lambda value: f"{str(value)!r} is not a number"),
        *_grouped(file, numbers, wrong, lambda value: f"{value:g} is {advice}"),
    ]
    return _in_order(faults)


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.row or 0))


def _fault(file: Path, rows: pd.Index, column: str, message: str) -> Fault:
    first, *also = (int(row) for row in rows)
    return Fault(file, first, column, message, tuple(also))


def _grouped(file: Path, column: pd.Series, wrong: pd.Series, message: Callable[[object], str]) -> Iterator[Fault]:
    """One fault for each distinct value among the wrong cells, naming every row that has it."""
    if not wrong.any():
        return
    cells = column[wrong].astype(object)
    for value, rows in cells.groupby(cells, sort=False).groups.items():
        yield _fault(file, pd.Index(rows), str(column.name), message(value))


def _blank(file: Path, table: pd.DataFrame, column: str) -> Iterator[Fault]:
    blank = table[column].isna() | (table[column] == "")
    if blank.any():
        yield _fault(file, table.index[blank], column, f"the {column} is missing")


def _image_faults(file: Path, table: pd.DataFrame, image_ids: Sequence[str] | None) -> Iterator[Fault]:
    yield from _blank(file, table, "image_id")
    if image_ids is None:
        return
    known = {*image_ids, ""}
    strange = [name for name in table["image_id"].cat.categories if name not in known]
    if strange:
        yield from _grouped(
            file, table["image_id"], table["image_id"].isin(strange),
            lambda name: f"unknown image {str(name)!r}, not in the stimuli table",
        )  # fmt: skip


def _unknown_item(names: Sequence[str]) -> Callable[[object], str]:
    return lambda name: f"unknown item {str(name)!r}; {did_you_mean(str(name), names)}"


def _twice(file: Path, table: pd.DataFrame, outer: str, inner: str, message: str) -> Iterator[Fault]:
    """Rows whose pair of ids has stood before; a fault a pair."""
    outer_codes = table[outer].cat.codes.astype(np.int64)
    inner_codes = table[inner].cat.codes.astype(np.int64)
    pairs = outer_codes * len(table[inner].cat.categories) + inner_codes
    again = pairs.duplicated() & (outer_codes >= 0) & (inner_codes >= 0)
    if not again.any():
        return
    first = pairs[pairs.isin(pairs[again])].drop_duplicates()
    row_of = dict(zip(first.array, first.index, strict=True))
    for pair, rows in pairs[again].groupby(pairs[again], sort=False).groups.items():
        row = row_of[pair]
        who = f"{table.at[row, outer]!r} x {table.at[row, inner]!r}"
        yield _fault(file, pd.Index(rows), inner, f"{message} in row {row} ({who}); keep one")


def _label_faults(file: Path, column: pd.Series, item: Item) -> Iterator[Fault]:
    options = item.answers
    yield from _grouped(
        file,
        column,
        column.notna() & ~column.isin(options),
        lambda value: f"unknown level {str(value)!r}; {did_you_mean(str(value), options)}",
    )


def _number_faults(file: Path, column: pd.Series, item: Item) -> Iterator[Fault]:
    scale = item.scale
    if not isinstance(scale, Likert):
        return
    yield from _off_scale(file, column, scale)
    numbers, _ = _numbers(column)
    broken = numbers.between(scale.low, scale.high) & (numbers != numbers.round())
    yield from _grouped(
        file,
        numbers,
        broken,
        lambda value: f"{value:g} lies between two points of the scale; give whole numbers",
    )


def _mean_faults(file: Path, column: pd.Series, scale: Likert) -> Iterator[Fault]:
    missing = column.isna()
    if missing.any():
        yield _fault(file, column.index[missing], "mean", "the mean is missing; leave the row out instead")
    yield from _off_scale(file, column, scale)


def _off_scale(file: Path, column: pd.Series, scale: Likert) -> Iterator[Fault]:
    numbers, no_number = _numbers(column)
    yield from _grouped(file, column, no_number, lambda value: f"{str(value)!r} is not a number")
    off = numbers.notna() & ~numbers.between(scale.low, scale.high)
    wanted = f"{scale.low} to {scale.high}"
    yield from _grouped(file, numbers, off, lambda value: f"{value:g} is off the scale {wanted}")


def _spread_faults(file: Path, table: pd.DataFrame) -> Iterator[Fault]:
    sd, sd_no_number = _numbers(table["sd"])
    n, n_no_number = _numbers(table["n"])
    bad_sd = sd_no_number | (sd.notna() & ~sd.between(0, np.finfo(float).max))
    yield from _grouped(file, table["sd"], bad_sd, lambda value: f"{value} is not an SD (0 or more)")
    bad_n = n_no_number | n.isna() | ~n.between(1, 2**53) | (n != n.round())
    if bad_n.any():
        yield _fault(file, table.index[bad_n], "n", "the number of ratings must be a whole number from 1")


def _numbers(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The column as floats, and which cells hold something that is not a number."""
    if pd.api.types.is_bool_dtype(column):
        return pd.Series(np.nan, column.index, name=column.name), column.notna()
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers, column.notna() & numbers.isna()
