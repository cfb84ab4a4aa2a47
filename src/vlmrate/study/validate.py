"""Everything that is wrong with a study, pictures included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vlmrate.study.faults import Fault
from vlmrate.study.images import image_problems
from vlmrate.study.load import Examined, examine

if TYPE_CHECKING:
    from pathlib import Path


def faults(study_file: Path) -> tuple[Fault, ...]:
    """All faults of a study at once: of its file, its tables and its pictures, each of which is decoded."""
    return validated(study_file).faults


def validated(study_file: Path) -> Examined:
    """The study as far as it can be read, and all its faults, with those of its pictures."""
    examined = examine(study_file)
    if examined.study is None or examined.stimuli_file is None:
        return examined
    stimuli = examined.study.stimuli
    problems = image_problems([stimulus.path for stimulus in stimuli])
    found = tuple(
        Fault(examined.stimuli_file, examined.row_of[stimulus.image_id], "path", problems[stimulus.path])
        for stimulus in stimuli
        if stimulus.path in problems
    )
    return replace(examined, faults=(*examined.faults, *found))
