"""A table of predictions as it stands in its file: CSV, JSON or JSON lines, told apart by the file's ending."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.study.csvfile import UNREADABLE, header_faults, open_text, why_unreadable
from vlmrate.study.faults import Fault
from vlmrate.study.ratings import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

Cell = object
"""A text in a CSV; in JSON a text, a number, True, False, None or a list. Objects inside objects are flattened."""

IMAGE_COLUMN = "image_id"
"""Where the image is named unless another column is; in a JSON object of images it is the key."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` counts from 1: with the header in a CSV, the line in JSON lines, the entry in JSON."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a file, the names of its columns in the order of their turning up, and the SHA-256 of its bytes."""

    file: Path
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def is_missing(cell: Cell) -> bool:
    """Whether a cell says nothing: blank, NA, NaN or null."""
    if isinstance(cell, str):
        return cell.strip() in MISSING or cell.strip().casefold() == "nan"
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def read_table(file: Path) -> tuple[Table | None, tuple[Fault, ...]]:
    """Read a file of predictions; the table is None where it cannot be used, and the faults say why."""
    reader = _reader(file)
    if reader is None:
        message = "has another ending than .csv, .json and .jsonl (each also with .gz); save it as one of them"
        return None, (Fault(file, None, None, message),)
    try:
        rows, faults = reader(file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except UNREADABLE as error:
        return None, (_why_unreadable(file, error),)
    if not faults and not rows:
        faults = (Fault(file, None, None, "holds no predictions"),)
    if faults:
        return None, faults
    columns = dict.fromkeys(column for row in rows for column in row.cells)
    return Table(file, digest, tuple(columns), rows), ()


_Read = tuple[tuple[Row, ...], tuple[Fault, ...]]


def _reader(file: Path) -> Callable[[Path], _Read] | None:
    name = file.name.casefold().removesuffix(".gz")
    readers = {".csv": _read_csv, ".json": _read_json, ".jsonl": _read_lines}
    return next((reader for ending, reader in readers.items() if name.endswith(ending)), None)


def _why_unreadable(file: Path, error: BaseException) -> Fault:
    if isinstance(error, UnicodeDecodeError):
        return Fault(file, None, None, "is not UTF-8 text; save it as UTF-8")
    return why_unreadable(file, error)


def _read_csv(file: Path) -> _Read:
    with open_text(file) as lines:
        header, *rows = list(csv.reader(lines)) or [[]]
    names = [name.strip() for name in header]
    if not any(names):
        return (), (Fault(file, None, None, "is empty; the first row must name the columns"),)
    # A column without a name (a table's own row numbers, as pandas writes them) can't be asked for, and does no harm.
    if faults := header_faults(file, [name for name in names if name], ()):
        return (), faults
    filled = [(number, cells) for number, cells in enumerate(rows, start=2) if any(cell.strip() for cell in cells)]
    ragged = [(number, cells) for number, cells in filled if len(cells) != len(names)]
    if ragged:
        return (), tuple(Fault(file, number, None, _ragged(cells, names)) for number, cells in ragged)
    return tuple(Row(number, _named(names, cells)) for number, cells in filled), ()


def _named(names: Sequence[str], cells: Sequence[str]) -> dict[str, Cell]:
    return {name: cell for name, cell in zip(names, cells, strict=True) if name}


def _ragged(cells: Sequence[str], names: Sequence[str]) -> str:
    return f"has {len(cells)} cells where the header has {len(names)} columns; look for a stray comma or quote"


def _read_json(file: Path) -> _Read:
    with open_text(file) as text:
        document, problem = _parsed(text.read())
    if problem is not None:
        return (), (Fault(file, None, None, problem),)
    if isinstance(document, dict):
        return _rows(file, enumerate(document.items(), start=1), _of_image)
    if isinstance(document, list):
        return _rows(file, enumerate(document, start=1), _of_object)
    return (), (Fault(file, None, None, "is neither a list of objects nor an object of images"),)


def _read_lines(file: Path) -> _Read:
    with open_text(file) as lines:
        return _rows(file, ((number, line) for number, line in enumerate(lines, start=1) if line.strip()), _of_line)


def _rows(file: Path, entries: Iterator[tuple[int, object]], read: Callable[[object], dict[str, Cell] | str]) -> _Read:
    rows, faults = [], []
    for number, entry in entries:
        cells = read(entry)
        if isinstance(cells, str):
            faults.append(Fault(file, number, None, cells))
        else:
            rows.append(Row(number, cells))
    return tuple(rows), tuple(faults)


def _of_line(line: object) -> dict[str, Cell] | str:
    document, problem = _parsed(str(line))
    return _of_object(document) if problem is None else problem


def _of_object(entry: object) -> dict[str, Cell] | str:
    if not isinstance(entry, dict):
        return 'is not an object of columns, such as {"image_id": "p01", "emotion": "happy"}'
    return dict(_flat(entry, ""))


def _of_image(entry: object) -> dict[str, Cell] | str:
    image, columns = entry if isinstance(entry, tuple) else (None, entry)
    cells = _of_object(columns)
    if isinstance(cells, dict) and cells.get(IMAGE_COLUMN, image) != image:
        return f"stands under {image!r} and says that it is of {cells[IMAGE_COLUMN]!r}"
    return cells if isinstance(cells, str) else {IMAGE_COLUMN: image, **cells}


def _flat(entry: Mapping[str, object], before: str) -> Iterator[tuple[str, Cell]]:
    """Objects inside objects: {"scores": {"happy": 0.9}} has the column scores.happy."""
    for name, value in entry.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _parsed(text: str) -> tuple[object, str | None]:
    """A JSON document, or why it is none."""
    try:
        return json.loads(text, object_pairs_hook=_once), None
    except json.JSONDecodeError as error:
        return None, f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError) as error:
        return None, f"is not JSON that can be read: {error}"


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """An object; a name that stands twice would silently lose what stood under it first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one object; keep one")
    return found
