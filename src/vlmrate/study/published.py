"""What a published study printed: a CSV of values as they stand on paper, to be put beside those of a study here."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import StudyError
from vlmrate.resources import published_folder
from vlmrate.study.csvfile import UNREADABLE, header_faults, open_text, why_unreadable
from vlmrate.study.faults import Fault, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS = ("place", "rater", "item", "level", "group", "statistic", "printed", "note")
PEOPLE = "people"
"""Stands in the column rater for what is said of people."""
OF_ALL_IMAGES = (
    "accuracy",
    "macro_f1",
    "kappa",
    "r",
    "mae",
    "mean",
    "sd",
    "least_sd_within",
    "greatest_sd_within",
    "sd_ratio",
    "fewest_distinct",
    "most_distinct",
)
OF_PEOPLE = ("alpha", "rater_variance", "rater_to_image_variance")
OF_A_LABEL = ("recall", "share_of_valid", "bias", "mixed_bias", "mixed_t")
OF_A_GROUP = ("share_of_valid", "group_coefficient")
STATISTICS = tuple(dict.fromkeys((*OF_ALL_IMAGES, *OF_PEOPLE, *OF_A_LABEL, *OF_A_GROUP)))


@dataclass(frozen=True, slots=True)
class PublishedValue:
    """One printed number.

    `place` is the table or section that prints it, `level` the label it is of and `group` the level of a factor
    (factor=level, or the answer of a pathway); both are empty where it is of all images. `printed` is what stands on
    paper, `value` the same as a number: shares are in [0, 1] whether they were printed as per cent or not.
    """

    place: str
    rater: str
    item: str
    level: str
    group: str
    statistic: str
    printed: str
    value: float
    note: str


@dataclass(frozen=True, slots=True)
class Published:
    """A published study: its name and all values that were taken from it."""

    name: str
    values: tuple[PublishedValue, ...]


def load_published(name: str) -> Published:
    """Read a published study that travels with vlmrate, by name, or any file of the same form, by its path.

    Raises:
        StudyError: There is no such study, or its file cannot be used.
    """
    file = _file(name)
    try:
        with open_text(file) as lines:
            rows = list(csv.reader(lines))
    except UNREADABLE as error:
        raise StudyError(str(why_unreadable(file, error))) from error
    header = [cell.strip() for cell in rows[0]] if rows else []
    if faults := header_faults(file, header, COLUMNS):
        raise StudyError(str(faults[0]))
    return Published(file.stem, tuple(_values(file, header, rows[1:])))


def _file(name: str) -> Path:
    if name.endswith(".csv"):
        return Path(name)
    shipped = {file.stem: file for file in sorted(published_folder().glob("*.csv"))}
    if name not in shipped:
        advice = did_you_mean(name, list(shipped))
        raise StudyError(f"there is no published study {name!r}, {advice} (or give the path of a .csv file)")
    return shipped[name]


def _values(file: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[PublishedValue]:
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            message = f"has {len(cells)} cells where the header has {len(header)} columns"
            raise StudyError(str(Fault(file, number, None, message)))
        cell = {name: text.strip() for name, text in zip(header, cells, strict=True)}
        if cell["statistic"] not in STATISTICS:
            message = f"unknown statistic {cell['statistic']!r}, {did_you_mean(cell['statistic'], STATISTICS)}"
            raise StudyError(str(Fault(file, number, "statistic", message)))
        _require_its_columns(file, number, cell)
        yield PublishedValue(**{name: cell[name] for name in COLUMNS}, value=_number(file, number, cell["printed"]))


def _require_its_columns(file: Path, row: int, cell: Mapping[str, str]) -> None:
    """Refuse a level, group or rater that the statistic does not have: it would be passed over in silence."""
    statistic = cell["statistic"]
    takes = {"level": statistic in OF_A_LABEL, "group": statistic in OF_A_GROUP}
    for column, needed in takes.items():
        if needed and not cell[column]:
            raise StudyError(str(Fault(file, row, column, f"is empty; {statistic} is of one {column}, name it")))
        if not needed and cell[column] and (statistic, column) != ("recall", "group"):
            message = f"{cell[column]!r} is given, but {statistic} is of no single {column}; leave it empty"
            raise StudyError(str(Fault(file, row, column, message)))
    if statistic in OF_PEOPLE and cell["rater"] != PEOPLE:
        raise StudyError(str(Fault(file, row, "rater", f"{statistic} is of people; write {PEOPLE}")))


def _number(file: Path, row: int, printed: str) -> float:
    """The number printed: a sign, a missing leading zero and a per cent sign are understood."""
    share = printed.endswith("%")
    digits = printed.removesuffix("%").strip().replace("\N{MINUS SIGN}", "-")
    fault = Fault(file, row, "printed", f"{printed!r} is not a number; write it as printed, such as -.332 or 71.1 %")
    try:
        number = float(digits) / (100 if share else 1)
    except ValueError as error:
        raise StudyError(str(fault)) from error
    if not math.isfinite(number):
        raise StudyError(str(fault))
    return number
