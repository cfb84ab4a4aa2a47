"""Someone else's predictions as ratings of a study's images: read, mapped and checked, with every fault."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.raters.table.answers import number_of, read_answer, text_of
from vlmrate.raters.table.faults import CellFaults
from vlmrate.raters.table.images import Images
from vlmrate.raters.table.rows import is_missing, read_table
from vlmrate.raters.table.sources import find_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vlmrate.raters.base import Settings
    from vlmrate.raters.table.answers import TableAnswer
    from vlmrate.raters.table.mapping import Columns
    from vlmrate.raters.table.rows import Row, Table
    from vlmrate.raters.table.sources import Source
    from vlmrate.study.faults import Fault
    from vlmrate.study.records import Item, Stimulus

MOST_REPEATS = 9_999


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row: the image it is of, which time it was rated (from 1), what the row says, and how that was understood.

    `said` are the cells that were read, as a JSON object.
    """

    stimulus: Stimulus
    repeat: int
    said: str
    answers: tuple[TableAnswer, ...]


@dataclass(frozen=True, slots=True)
class Predictions:
    """A whole table: the items it answers, a prediction a row, and all that decides how it was understood.

    `loosely` are names of images that were found with folder and ending taken off, with the id found; `unrated` are the
    study's images that the table has no row of, `unread` the columns that no item was read from.
    """

    file: Path
    items: tuple[Item, ...]
    rows: tuple[Prediction, ...]
    settings: Settings
    loosely: tuple[tuple[str, str], ...]
    unrated: tuple[str, ...]
    unread: tuple[str, ...]

    def count(self, item: str) -> Counter[str]:
        """How many answers to an item came by which route, and how many were `clamped`."""
        answers = [answer for row in self.rows for answer in row.answers if answer.item == item]
        clamped = sum(answer.clamped_from is not None for answer in answers)
        return Counter(answer.route for answer in answers) + Counter(clamped=clamped)


def read_predictions(
    file: Path, stimuli: Sequence[Stimulus], items: Sequence[Item], columns: Columns
) -> tuple[Predictions | None, tuple[Fault, ...]]:
    """Read a table of predictions about a study's images; None where anything is wrong, with all that is."""
    table, faults = read_table(file)
    if table is None:
        return None, faults
    image, sources, faults = find_sources(table, items, columns)
    if faults:
        return None, faults
    wrong = CellFaults(file)
    images = Images(stimuli)
    rows = tuple(_rows(table, image, sources, columns, images, wrong))
    if faults := wrong.gathered():
        return None, faults
    rated = {row.stimulus.image_id for row in rows}
    read = {image, columns.repeat, *(column for source in sources for column in source.columns)}
    return Predictions(
        file=file,
        items=tuple(source.item for source in sources),
        rows=rows,
        settings={"kind": "table", "file": file.name, "file_sha256": table.sha256, **columns.settings},
        loosely=tuple(images.loosely.items()),
        unrated=tuple(stimulus.image_id for stimulus in stimuli if stimulus.image_id not in rated),
        unread=tuple(column for column in table.columns if column not in read),
    ), ()


def _rows(
    table: Table, image: str, sources: Sequence[Source], columns: Columns, images: Images, wrong: CellFaults
) -> Iterator[Prediction]:
    seen: dict[tuple[str, int], int] = {}
    for row in table.rows:
        stimulus = _stimulus(row, image, images, wrong)
        repeat = _repeat(row, columns.repeat, wrong)
        answers = tuple(_answers(row, sources, columns, wrong))
        if stimulus is None or repeat is None:
            continue
        before = seen.setdefault((stimulus.image_id, repeat), row.number)
        if before != row.number:
            wrong.add(row.number, image, _twice(stimulus, before, repeated=columns.repeat is not None))
        yield Prediction(stimulus, repeat, _said(row, sources), answers)


def _answers(row: Row, sources: Sequence[Source], columns: Columns, wrong: CellFaults) -> Iterator[TableAnswer]:
    def tell(column: str, message: str) -> None:
        wrong.add(row.number, column, message)

    for source in sources:
        yield read_answer(row.cells, source, off_list=columns.off_list, off_scale=columns.off_scale, tell=tell)


def _stimulus(row: Row, column: str, images: Images, wrong: CellFaults) -> Stimulus | None:
    cell = row.cells.get(column)
    name = text_of(cell)
    if is_missing(cell) or name is None:
        wrong.add(
            row.number, column, "the name of the image is missing" if is_missing(cell) else f"{cell!r} is no name"
        )
        return None
    found = images.find(name)
    if isinstance(found, str):
        wrong.add(row.number, column, found)
        return None
    return found


def _repeat(row: Row, column: str | None, wrong: CellFaults) -> int | None:
    if column is None:
        return 1
    cell = row.cells.get(column)
    number = number_of(cell)
    if number is None or not 1 <= number <= MOST_REPEATS or number != int(number):
        wrong.add(row.number, column, f"{cell!r} is no number of a repeat (1, 2, … to {MOST_REPEATS:,})")
        return None
    return int(number)


def _twice(stimulus: Stimulus, before: int, *, repeated: bool) -> str:
    if repeated:
        return f"this repeat of {stimulus.image_id} stands in row {before} already; keep one"
    return (
        f"{stimulus.image_id} stands in row {before} already; keep one, or pass --repeat COLUMN if the image was rated "
        "several times"
    )


def _said(row: Row, sources: Sequence[Source]) -> str:
    """What was read of the row, as it was written."""
    columns = dict.fromkeys(column for source in sources for column in source.columns)
    return json.dumps({column: row.cells[column] for column in columns if column in row.cells})
