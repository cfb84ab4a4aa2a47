"""Which files of a folder a report of ours wrote, so that those which have become stale can go and no others.

The list lies beside the report as .files.json: the files of each format, by their paths in the folder.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vlmrate.inference.files import write_atomically
from vlmrate.report.formats import Format
from vlmrate.study.names import plain_name_problem, same_file_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from vlmrate.report.formats import Written

LIST = ".files.json"
FOLDERS = {Format.CSV: "tables", Format.FIGURES: "figures", Format.LATEX: "latex"}
"""The formats that are a folder of files, whose names follow from the study."""


def renew_list(folder: Path, written: Iterable[Written]) -> None:
    """Remove what an earlier report wrote in these formats and this one did not, and list what is there now.

    Raises:
        OSError: A file cannot be removed, or the list not be written.
    """
    listed = own_files(folder)
    for entry in written:
        if entry.format not in FOLDERS:
            continue
        new = tuple(sorted(path.name for path in entry.files))
        here = set(map(same_file_key, new))
        for name in listed.get(entry.format, ()):
            if same_file_key(name) not in here:
                (folder / FOLDERS[entry.format] / name).unlink(missing_ok=True)
        listed[entry.format] = new
    content = {FOLDERS[kind]: list(listed[kind]) for kind in FOLDERS if kind in listed}
    write_atomically(folder / LIST, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def own_files(folder: Path) -> dict[Format, tuple[str, ...]]:
    """The names that are listed for each format; none where there is no list, or one that we did not write.

    A file that is not listed is never removed, so a list that cannot be read costs a stale file and no one's work.
    """
    try:
        content = json.loads((folder / LIST).read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {kind: _names(content, name) for kind, name in FOLDERS.items() if name in content}


def _names(content: Mapping[str, object], folder: str) -> tuple[str, ...]:
    """Plain names alone: nothing outside the folder can be meant."""
    names = content[folder]
    if not isinstance(names, list):
        return ()
    return tuple(name for name in names if isinstance(name, str) and plain_name_problem(name) is None)
