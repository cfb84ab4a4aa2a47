"""Everything that is wrong with a study, pictures included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vlmrate.study.faults import Fault
from vlmrate.study.images import image_problems
from vlmrate.study.load import Examined, examine, in_order

if TYPE_CHECKING:
    from pathlib import Path


def faults(study_file: Path) -> tuple[Fault, ...]:
    """All faults of a study at once: of its file, its tables and its pictures, each of which is decoded."""
    return validated(study_file).faults


def validated(study_file: Path) -> Examined:
    """The study as far as it can be read, and all its faults, with those of its pictures."""
    examined = examine(study_file)
    table = examined.stimuli
    if table is None:
        return examined
    # A path that is blank has been named already; joined to the table's folder it is that folder.
    rows = [row for row in table.rows if row.stimulus.path != table.file.parent]
    problems = image_problems([row.stimulus.path for row in rows])
    found = [
        Fault(table.file, row.number, "path", problems[row.stimulus.path])
        for row in rows
        if row.stimulus.path in problems
    ]
    return replace(examined, faults=in_order([*examined.faults, *found]))
