"""What a capture file says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from vlmrate.records import Record

if TYPE_CHECKING:
    from typing import Self

FORMAT = "vlmrate-capture/1"

Position = Literal["answer", "picture-mean", "vision"]
POSITIONS: tuple[Position, ...] = ("answer", "picture-mean", "vision")
VISION = "vision"
"""The array that was read before all blocks; its one layer is called 0 as the first block is."""


class ArrayAbout(Record):
    """One array of a capture: where in the model it was read, and (at the answer position) in which step.

    Its shape is rows x `layers` x `width`; the vision tower's pooled output has one layer.
    """

    position: Position
    step: str | None = None
    layers: int = Field(ge=1)
    width: int = Field(ge=1)

    @property
    def name(self) -> str:
        """The array's name in the file: answer/emotion, picture-mean, vision."""
        return self.position if self.step is None else f"{self.position}/{self.step}"


class CaptureAbout(Record):
    """Where a capture comes from. Two captures are of one kind when all of this is equal.

    `rows` are image ids, or ids of texts; `concepts` the concept of each text. `settings` are the rater's, as the
    manifest of its ratings has them.
    """

    source: Literal["images", "texts"]
    study: str | None = None
    model: str
    model_digest: str
    settings: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    protocol: str | None = None
    protocol_digest: str | None = None
    seed: int = 0
    arrays: tuple[ArrayAbout, ...] = Field(min_length=1)
    rows: tuple[str, ...] = Field(min_length=1)
    concepts: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if len(set(self.rows)) < len(self.rows):
            raise ValueError("a row's id stands there twice")
        if len({array.name for array in self.arrays}) < len(self.arrays):
            raise ValueError("an array's name stands there twice")
        if self.concepts is not None and len(self.concepts) != len(self.rows):
            raise ValueError("there must be a concept for every row")
        return self

    def array(self, name: str) -> ArrayAbout | None:
        """The array of that name; None where there is none."""
        return {array.name: array for array in self.arrays}.get(name)

    def differences(self, other: CaptureAbout) -> list[str]:
        """The names of all fields in which two captures differ."""
        return [name for name in type(self).model_fields if getattr(self, name) != getattr(other, name)]
