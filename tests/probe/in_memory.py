"""A capture that was never written: for tests that look at many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.probe.records import ArrayAbout, CaptureAbout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from probe.planted import PlantedModel

DIGEST = "ab" * 32


@dataclass(frozen=True, slots=True, eq=False)
class InMemory:
    """What analyses ask of a capture: rows, and one array a layer at a time."""

    about: CaptureAbout
    values: np.ndarray
    name: str = "planted"

    @property
    def file(self) -> Path:
        return Path(f"{self.name}.safetensors")

    @property
    def ids(self) -> tuple[str, ...]:
        return self.about.rows

    def layers(self, array: str) -> int:  # noqa: ARG002  as a capture's
        return int(self.values.shape[1])

    def layer(self, array: str, layer: int) -> np.ndarray:  # noqa: ARG002  as a capture's
        return self.values[:, layer]


def of_pictures(values: np.ndarray, rows: Sequence[str]) -> InMemory:
    """Pictures (rows, layers, width) read at answer/emotion."""
    array = ArrayAbout(position="answer", step="emotion", layers=values.shape[1], width=values.shape[2])
    about = CaptureAbout(source="images", model="planted", model_digest=DIGEST, arrays=(array,), rows=tuple(rows))
    return InMemory(about, values)


def of_texts(values: np.ndarray, concepts: Sequence[str], name: str = "text-en") -> InMemory:
    """Texts (rows, layers, width), the concept of each given."""
    array = ArrayAbout(position="answer", layers=values.shape[1], width=values.shape[2])
    rows = tuple(f"{concept}-{number}" for number, concept in enumerate(concepts))
    about = CaptureAbout(
        source="texts", model="planted", model_digest=DIGEST, arrays=(array,), rows=rows, concepts=tuple(concepts)
    )
    return InMemory(about, values, name)


def captured(model: PlantedModel) -> InMemory:
    """A planted model's stream at every picture of its study."""
    rows = [stimulus.image_id for stimulus in model.study.stimuli]
    return of_pictures(model.stream(rows), rows)
