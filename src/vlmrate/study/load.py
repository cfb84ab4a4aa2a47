"""From a study file to a `Study`, with every fault on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.errors import StudyError
from vlmrate.resources import prompts_folder
from vlmrate.study.faults import Fault, did_you_mean, shown
from vlmrate.study.file import StudyDocument, read_study_file
from vlmrate.study.ratings import read_ratings
from vlmrate.study.records import Study
from vlmrate.study.stimuli import StimuliTable, level_faults, read_stimuli

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

STUDY_FILE = "study.yaml"


@dataclass(frozen=True, slots=True)
class Examined:
    """A study's files as far as they could be read: the study (with its faults still in it) and every fault.

    `stimuli` is the stimuli table with the row of each image, for faults of the pictures themselves.
    """

    study: Study | None
    faults: tuple[Fault, ...]
    stimuli: StimuliTable | None = None


def find_study(option: Path | None, cwd: Path) -> Path:
    """The study file that a command works on: `option` (a file, or a folder that holds study.yaml); else
    study.yaml in `cwd`; else configs/study.yaml there.

    Raises:
        StudyError: There is none.
    """
    if option is not None:
        file = option / STUDY_FILE if option.is_dir() else option
        if not file.is_file():
            raise StudyError(f"{shown(file)}: there is no such study file; give one with --study FILE")
        return file
    for file in (cwd / STUDY_FILE, cwd / "configs" / STUDY_FILE):
        if file.is_file():
            return file
    raise StudyError(
        f"there is no {STUDY_FILE} in {cwd}; go to a study's folder, name one with --study FILE, "
        "or make one with `vlmrate init DIR --images FOLDER`"
    )


def load_study(path: Path, *, results: Path | None = None) -> Study:
    """The study of a study file, with its tables read and checked; pictures are not opened.

    `results` takes the place of the results folder that the file names.

    Raises:
        StudyError: Something in the study file or its tables is wrong; the message is the first fault's.
    """
    examined = examine(path)
    if not examined.faults and examined.study is not None:
        return examined.study if results is None else replace(examined.study, results=results)
    first, *others = examined.faults
    more = f" … and {len(others):,} more; `vlmrate validate` lists them" if others else ""
    raise StudyError(f"{first}{more}")


def study_files(path: Path) -> tuple[Path, ...]:
    """The study file and the tables that it names, whether they are there or not."""
    document, _ = read_study_file(path)
    if document is None:
        return (path,)
    tables = (document.content.stimuli, document.content.ratings)
    return (path, *(document.resolve(table) for table in tables if table is not None))


def examine(path: Path) -> Examined:
    """Read a study file and its tables and gather every fault. Pictures are not opened."""
    document, faults = read_study_file(path)
    if document is None:
        return Examined(None, in_order(faults))
    stimuli_path = document.resolve(document.content.stimuli)
    table, stimuli_faults = read_stimuli(stimuli_path)
    items = document.content.item_records()
    found = [*faults, *_protocol_faults(document)]
    if table is not None:
        found.extend(_column_faults(document, table))
    found.extend(stimuli_faults)
    if table is not None:
        found.extend(level_faults(table, [column for _, column in _factor_columns(document)], items))
    ratings = None
    if document.content.ratings is not None:
        known_ids = table.image_ids if table is not None else None
        file, times = document.resolve(document.content.ratings), document.content.response_time
        ratings, rating_faults = read_ratings(file, items, known_ids, response_time=times)
        found.extend(rating_faults)
    elif document.content.response_time is not None:
        found.append(document.fault(("response_time",), "names a column of people's ratings, but the study has none"))
    study = Study(
        name=document.content.name,
        file=path,
        stimuli=table.stimuli if table is not None else (),
        items=items,
        factors=document.content.factor_records(),
        ratings=ratings,
        protocol=document.content.protocol,
        results=document.resolve(document.content.results),
        simulated_people=document.content.simulated_people,
    )
    return Examined(study, in_order(found), table)


def in_order(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """File by file as they first turn up, and by row within each."""
    files = list(dict.fromkeys(fault.file for fault in faults))
    return tuple(sorted(faults, key=lambda fault: (files.index(fault.file), fault.row or 0)))


def _factor_columns(document: StudyDocument) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every column that the study gives a part to, with the key that does so."""
    factors = document.content.factors
    if factors.emotion is not None:
        yield ("factors", "emotion"), factors.emotion
    if factors.identity is not None:
        yield ("factors", "identity"), factors.identity
    for index, group in enumerate(factors.groups):
        yield ("factors", "groups", index), group


def _column_faults(document: StudyDocument, table: StimuliTable) -> Iterator[Fault]:
    """Factors and intended answers that name a column which the stimuli table does not have."""
    intended = [
        (("items", item.name, "intended"), item.intended)
        for item in document.content.item_records()
        if item.intended is not None
    ]
    for key, column in [*_factor_columns(document), *intended]:
        if column not in table.columns:
            advice = did_you_mean(column, table.columns)
            yield document.fault(key, f"{shown(table.file)} has no factor column {column!r}; {advice}")


def _protocol_faults(document: StudyDocument) -> Iterator[Fault]:
    """A protocol that is neither shipped nor a folder beside the study file."""
    name = document.content.protocol
    shipped = sorted(folder.parent.name for folder in prompts_folder().glob("*/protocol.yaml"))
    if name not in shipped and not (document.resolve(name) / "protocol.yaml").is_file():
        advice = did_you_mean(name, shipped)
        yield document.fault(
            ("protocol",), f"{name!r} is no shipped protocol and no folder with a protocol.yaml; {advice}"
        )
