"""What arrays of captures are called in tables and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class OfArray(Protocol):
    """Something found in one array of one capture of one model."""

    @property
    def capture(self) -> str:
        """The capture's file without its ending."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def array(self) -> str:
        """The array's name."""


def array_name(one: OfArray, others: Sequence[OfArray]) -> str:
    """The array, and as much of its capture as tells it from the others."""
    captures = {(other.model, other.capture) for other in others}
    if len(captures) == 1:
        return one.array
    models, files = ([names[place] for names in captures] for place in (0, 1))
    if len(set(models)) == len(models):
        return f"{one.model}, {one.array}"
    # Files of two models have the same name where both were captured under the same protocol.
    return f"{one.capture if len(set(files)) == len(files) else f'{one.model}, {one.capture}'}, {one.array}"
