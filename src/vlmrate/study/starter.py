"""A study made from a folder of pictures: ids from file names, factors from sub-folders or a pattern."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.errors import StudyError
from vlmrate.study.faults import shown
from vlmrate.study.file import schema_text
from vlmrate.study.images import SUFFIXES, UNREADABLE_SUFFIXES, image_problems
from vlmrate.study.load import STUDY_FILE
from vlmrate.study.names import item_name_problem, plain_name_problem
from vlmrate.study.starter_folders import folder_factors
from vlmrate.study.starter_ids import image_ids
from vlmrate.study.starter_text import study_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

STIMULI_FILE, SCHEMA_FILE = "stimuli.csv", "study.schema.json"


@dataclass(frozen=True, slots=True)
class Started:
    """What `vlmrate init` made: the study file, how many images, the levels of each factor, what was left out.

    `left_out` says for each picture that could not be read why not.
    """

    study_file: Path
    images: int
    factors: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]


def start_study(
    folder: Path, images: Path, pattern: str | None = None, folders: Sequence[str] | None = None
) -> Started:
    """Make a study in `folder` of the pictures below `images`; nothing that exists is overwritten.

    `pattern` is a regular expression, searched in each file name, whose named groups become factors. `folders` names
    the factors that the sub-folders stand for, from the outermost in ('-' for one that stands for none); without it
    sub-folders are taken as factors where all pictures lie equally deep.

    Raises:
        StudyError: The study exists, there are no pictures, or the pattern or the folders do not fit them.
    """
    _refuse_existing(folder)
    found = _pictures(images)
    problems = image_problems(images / path for path in found)
    pictures = [path for path in found if images / path not in problems]
    if not pictures:
        raise StudyError(
            f"{shown(images)}: none of the {len(found)} pictures can be read; {problems[images / found[0]]}"
        )
    factors = {**folder_factors(pictures, folders), **_pattern_factors(pictures, pattern)}
    levels = {name: tuple(dict.fromkeys(values)) for name, values in factors.items()}
    _refuse_case_twins(levels)
    text = study_text(_study_name(folder), levels)
    _write(folder, images, pictures, factors, text)
    return Started(folder / STUDY_FILE, len(pictures), levels, tuple(problems.values()))


def _refuse_existing(folder: Path) -> None:
    for name in (STUDY_FILE, STIMULI_FILE, SCHEMA_FILE):
        if (folder / name).exists():
            raise StudyError(f"{shown(folder / name)} already exists; choose another folder or move it away")
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{shown(folder)} is a file; name a folder for the study")


def _pictures(images: Path) -> list[Path]:
    """Paths of all pictures below the folder, relative to it, sorted; hidden files and folders are passed over."""
    if not images.is_dir():
        raise StudyError(f"{shown(images)}: there is no such folder; name the folder of pictures with --images")
    found = sorted(
        path.relative_to(images)
        for path in _files_below(images)
        if path.suffix.lower() in SUFFIXES | UNREADABLE_SUFFIXES
    )
    visible = [path for path in found if not any(part.startswith(".") for part in path.parts)]
    if not visible:
        raise StudyError(f"{shown(images)}: holds no pictures ({', '.join(sorted(SUFFIXES))})")
    return visible


def _files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder; one that may not be looked into is an error and not an empty one."""
    try:
        for entry in folder.iterdir():
            if entry.is_dir():
                yield from _files_below(entry)
            else:
                yield entry
    except PermissionError:
        raise StudyError(f"{shown(folder)}: may not be looked into; change its permissions or move it away") from None


def _pattern_factors(pictures: Sequence[Path], pattern: str | None) -> dict[str, list[str]]:
    if pattern is None:
        return {}
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise StudyError(f"--pattern {pattern!r} is no regular expression: {error}") from None
    names = list(expression.groupindex)
    if not names:
        raise StudyError(f"--pattern {pattern!r} names no factor; write a group such as (?P<emotion>[a-z]+)")
    for name in names:
        if item_name_problem(name) or name == "path":
            raise StudyError(f"--pattern: a factor cannot be called {name!r}, a column name with a meaning of its own")
    rows = [_groups(expression, path, names) for path in pictures]
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}


def _groups(expression: re.Pattern[str], path: Path, names: Sequence[str]) -> list[str]:
    match = expression.search(path.name)
    if match is None:
        raise StudyError(f"--pattern {expression.pattern!r} does not fit the file name {path.name!r} ({path})")
    values = [(match[name] or "").strip() for name in names]
    if "" in values:
        raise StudyError(f"--pattern: the group {names[values.index('')]!r} is empty for the file name {path.name!r}")
    return values


def _refuse_case_twins(levels: Mapping[str, Sequence[str]]) -> None:
    for factor, names in levels.items():
        spelled: dict[str, str] = {}
        for name in names:
            other = spelled.setdefault(name.casefold(), name)
            if other != name:
                raise StudyError(
                    f"the levels {other!r} and {name!r} of {factor} differ in case alone; rename one of them"
                )


def _study_name(folder: Path) -> str:
    name = folder.resolve().name
    return "study" if plain_name_problem(name) else name


def _write(
    folder: Path, images: Path, pictures: Sequence[Path], factors: Mapping[str, Sequence[str]], text: str
) -> None:
    rows = [
        [image_id, _path_from(folder, images / path), *(values[index] for values in factors.values())]
        for index, (image_id, path) in enumerate(zip(image_ids(pictures), pictures, strict=True))
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / STIMULI_FILE).open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image_id", "path", *factors])
            writer.writerows(rows)
        for name, content in ((SCHEMA_FILE, schema_text()), (STUDY_FILE, text)):
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(content)
    except UnicodeEncodeError as error:
        raise StudyError(f"a file name cannot be written as UTF-8 ({error.object!r}); rename the file") from None
    except OSError as error:
        raise StudyError(f"{shown(folder)}: the study cannot be written: {error.strerror or error}") from None


def _path_from(folder: Path, picture: Path) -> str:
    """The picture's path as the stimuli table holds it: relative to the study, so that both can move together."""
    return os.path.relpath(picture.parent.resolve() / picture.name, folder.resolve()).replace(os.sep, "/")
