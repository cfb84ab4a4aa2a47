"""The stimuli table: a CSV with image_id, path and any factor columns."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from vlmrate.study.csvfile import UNREADABLE, header_faults, open_text, why_unreadable
from vlmrate.study.faults import Fault, did_you_mean
from vlmrate.study.names import plain_name_problem, same_file_key
from vlmrate.study.records import Item, Labels, Stimulus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ID, PATH = "image_id", "path"


@dataclass(frozen=True, slots=True)
class StimulusRow:
    """A stimulus and the row of the file that it stands in, counted from 1 for the header."""

    number: int
    stimulus: Stimulus


@dataclass(frozen=True, slots=True)
class StimuliTable:
    """The stimuli as read: every row with as many cells as the header, and the names of the factor columns.

    `image_ids` also knows those of rows with other faults, so that ratings of them are not called unknown as well.
    """

    file: Path
    columns: tuple[str, ...]
    rows: tuple[StimulusRow, ...]
    image_ids: tuple[str, ...]

    @property
    def stimuli(self) -> tuple[Stimulus, ...]:
        """The stimuli alone, in the order of the file."""
        return tuple(row.stimulus for row in self.rows)


def read_stimuli(file: Path) -> tuple[StimuliTable | None, tuple[Fault, ...]]:
    """Read the table with every fault in it; the table is None where the file or its header cannot be used.

    Paths are relative to the table's folder; absolute ones are taken as they are. Blank rows are skipped.
    """
    try:
        with open_text(file) as lines:
            rows = list(csv.reader(lines))
    except UNREADABLE as error:
        return None, (why_unreadable(file, error),)
    if not rows:
        return None, (Fault(file, None, None, "is empty; its first row must name image_id, path and factors"),)
    header = [name.strip() for name in rows[0]]
    if faults := header_faults(file, header, (ID, PATH)):
        return None, faults
    reader = _Reader(file, header)
    for number, cells in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in cells):
            reader.add(number, cells)
    if not reader.image_ids:
        reader.faults.append(Fault(file, None, None, "holds no stimuli, only a header"))
    columns = tuple(name for name in header if name not in {ID, PATH})
    return StimuliTable(file, columns, tuple(reader.rows), tuple(reader.image_ids)), tuple(reader.faults)


class _Reader:
    """Takes the rows of one table one by one and keeps what is sound and what is not."""

    def __init__(self, file: Path, header: Sequence[str]) -> None:
        self.file = file
        self.header = header
        self.rows: list[StimulusRow] = []
        self.faults: list[Fault] = []
        self.image_ids: list[str] = []
        self._first_row: dict[str, int] = {}

    def add(self, number: int, cells: Sequence[str]) -> None:
        if len(cells) != len(self.header):
            message = f"has {len(cells)} cells, the header {len(self.header)}; look for a stray or missing comma"
            self.faults.append(Fault(self.file, number, None, message))
            self.image_ids.append(dict(zip(self.header, cells, strict=False)).get(ID, "").strip())
            return
        row = {name: cell.strip() for name, cell in zip(self.header, cells, strict=True)}
        problems = self._problems(number, row)
        self.faults.extend(Fault(self.file, number, column, message) for column, message in problems)
        self.image_ids.append(row[ID])
        factors = {name: value for name, value in row.items() if name not in {ID, PATH}}
        stimulus = Stimulus(row[ID], self.file.parent / row[PATH], MappingProxyType(factors))
        self.rows.append(StimulusRow(number, stimulus))

    def _problems(self, number: int, row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        image_id = row[ID]
        if problem := plain_name_problem(image_id):
            yield ID, f"the id {image_id!r} {problem}; an id must be a plain file name"
        first = self._first_row.setdefault(same_file_key(image_id), number)
        if image_id and first != number:
            yield ID, f"the id {image_id!r} is already that of row {first} (case is not told apart)"
        if not row[PATH]:
            yield PATH, f"{image_id!r} has no path; write where the picture lies"
        elif "\0" in row[PATH]:
            yield PATH, "the path holds a null character"


def level_faults(table: StimuliTable, columns: Sequence[str], items: Sequence[Item]) -> tuple[Fault, ...]:
    """Cells of factor columns that are blank, and intended answers that are no option of their item.

    `columns` are the study's factors; those that the table lacks are passed over (a fault of study.yaml).
    """
    present = [name for name in columns if name in table.columns]
    return tuple(
        Fault(table.file, row.number, column, message)
        for row in table.rows
        for column, message in _level_problems(row.stimulus, items, present)
    )


def _level_problems(stimulus: Stimulus, items: Sequence[Item], factors: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in factors:
        if not stimulus.factors[name]:
            yield name, f"{stimulus.image_id!r} has no level of this factor"
    for item in items:
        level = stimulus.factors.get(item.intended) if item.intended else None
        if item.intended is None or level is None or not isinstance(item.scale, Labels):
            continue
        if not level:
            if item.intended not in factors:
                yield item.intended, f"{stimulus.image_id!r} has no intended answer to {item.name}"
        elif level not in item.scale.options:
            advice = did_you_mean(level, item.scale.options)
            yield item.intended, f"unknown level {level!r}, not an option of the item {item.name}; {advice}"
