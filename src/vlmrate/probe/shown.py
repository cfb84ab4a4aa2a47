"""The rows of a capture beside what the study knows of their pictures: emotion, groups, identity, people's means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Pictures in the order of a capture's rows, with their columns of the study's stimuli table.

    `columns` holds every factor by name, "" where a cell is blank. `emotion` and `identity` name the columns that play
    these parts, None where the study has none; `groups` those of demographic groups. `people` are people's means by
    Likert item, NaN where nobody rated a picture, and lack an item that nobody rated.
    """

    ids: tuple[str, ...]
    columns: Mapping[str, np.ndarray]
    emotion: str | None
    identity: str | None
    groups: tuple[str, ...]
    people: Mapping[str, np.ndarray]

    def labels(self, factor: str) -> np.ndarray:
        """Every picture's level of a factor.

        Raises:
            ProbeError: The stimuli have no such column.
        """
        if factor not in self.columns:
            known = f"they have {', '.join(self.columns)}" if self.columns else "they have none"
            raise ProbeError(f"{factor}: the stimuli of the study have no such column; {known}")
        return self.columns[factor]

    def at(self, rows: np.ndarray) -> Shown:
        """Some of the pictures, by number or by a mask."""
        numbers = np.arange(len(self.ids))[rows]
        return replace(
            self,
            ids=tuple(self.ids[i] for i in numbers),
            columns={name: values[numbers] for name, values in self.columns.items()},
            people={item: values[numbers] for item, values in self.people.items()},
        )


def shown_in(capture: Capture, study: Study) -> Shown:
    """What a study knows of a capture's pictures.

    Raises:
        ProbeError: The capture is of texts, or holds a picture that the study lacks.
    """
    if capture.about.source != "images":
        raise ProbeError(f"{capture.file.name} was captured from texts; this is told of a capture of pictures")
    known = {stimulus.image_id for stimulus in study.stimuli}
    strange = next((name for name in capture.ids if name not in known), None)
    if strange is not None:
        raise ProbeError(
            f"{capture.file.name} holds the picture {strange}, which study {study.name} lacks; name its own with "
            "--study"
        )
    return shown(study, capture.ids)


def shown(study: Study, ids: Sequence[str]) -> Shown:
    """What a study knows of pictures of its own, in this order."""
    rows = {stimulus.image_id: stimulus.factors for stimulus in study.stimuli}
    return Shown(
        ids=tuple(ids),
        columns={name: np.array([rows[i][name] for i in ids], dtype=object) for name in study.stimuli[0].factors},
        emotion=study.factors.emotion,
        identity=study.factors.identity,
        groups=study.factors.groups,
        people={item: means for item in _rated(study) if (means := _means(study, item, ids)) is not None},
    )


def _rated(study: Study) -> list[str]:
    return [item.name for item in study.items if isinstance(item.scale, Likert)]


def _means(study: Study, item: str, ids: Sequence[str]) -> np.ndarray | None:
    if study.ratings is None or item not in study.ratings.items:
        return None
    return study.ratings.means(item)["mean"].reindex(list(ids)).to_numpy(dtype=np.float64)
